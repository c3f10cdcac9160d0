// Nothing but traps: INT and IRETQ at CPL 0.
#include "tests/bench/x86/mark.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/trap.h"

namespace {

using namespace isa;

constexpr u64 operations = 300'000;
constexpr unsigned vector = 0x40;
u64 taken;

}  // namespace

void isa_main() {
  on_vector(vector, [](TrapFrame&) { ++taken; });
  bench_begin();
  for (u64 i = 0; i < operations; ++i) asm volatile("int $0x40" ::: "memory");
  bench_end(operations, taken);
}
