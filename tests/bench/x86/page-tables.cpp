// Page-table churn: a page is mapped to another frame, invalidated, written, and every 64th time the whole
// TLB goes.
#include "tests/bench/x86/mark.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/paging.h"

namespace {

using namespace isa;

constexpr u64 operations = 200'000, window = 64, frames_pa = 16 << 20;

}  // namespace

void isa_main() {
  volatile u64* const entries = &entry(test_va, 1);
  bench_begin();
  u64 sum = 0;
  for (u64 i = 0; i < operations; ++i) {
    const u64 slot = i % window, va = test_va + slot * page;
    entries[slot] = (frames_pa + i * 7 % 512 * page) | pte::p | pte::w;
    invlpg(reinterpret_cast<void*>(va));
    at(va) = at(va) + i;
    sum += at(va);
    if (slot == window - 1) write_cr3(read_cr3());
  }
  bench_end(operations, sum);
}
