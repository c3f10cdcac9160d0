// Device registers: the local APIC's identification and an I/O APIC's window, in turn.
#include "tests/bench/x86/mark.h"
#include "tests/isa/lib/main.h"

namespace {

using namespace isa;

constexpr u64 operations = 400'000;
volatile u32& reg(u64 pa) { return *reinterpret_cast<volatile u32*>(pa); }

}  // namespace

void isa_main() {
  bench_begin();
  u64 sum = 0;
  for (u64 i = 0; i < operations; i += 2) sum += reg(0xfee00020) + reg(0xfec00010);
  bench_end(operations, sum);
}
