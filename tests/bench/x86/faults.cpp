// Fault storm: each access finds its page missing; the handler maps it.
#include "tests/bench/x86/mark.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/paging.h"
#include "tests/isa/lib/trap.h"

namespace {

using namespace isa;

constexpr u64 operations = 200'000, window = 64, frames_pa = 16 << 20;
volatile u64* entries;

void on_fault(TrapFrame&) {
  const u64 slot = (read_cr2() - test_va) / page;
  entries[slot] = (frames_pa + slot * page) | pte::p | pte::w;
}

}  // namespace

void isa_main() {
  entries = &entry(test_va, 1);
  on_vector(14, on_fault);
  bench_begin();
  for (u64 i = 0; i < operations; ++i) {
    const u64 slot = i % window, va = test_va + slot * page;
    at(va) = i;
    entries[slot] = 0;
    invlpg(reinterpret_cast<void*>(va));
  }
  bench_end(operations, at(frames_pa));
}
