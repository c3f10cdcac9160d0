#include "tests/isa/lib/paging.h"

#include "tests/isa/lib/text.h"

extern "C" isa::u64 boot_pml4[512];

namespace isa {
namespace {

constexpr unsigned pool_tables = 32;
alignas(4096) u64 pool[pool_tables][512];
unsigned pool_used;

}  // namespace

volatile u64& entry(u64 va, unsigned level) {
  u64* table = boot_pml4;
  for (unsigned at = 4;; --at) {
    u64& slot = table[va >> (3 + 9 * at) & 511];
    if (at == level) return slot;
    if ((slot & pte::address) == 0) {
      if (pool_used == pool_tables) {
        print("out of page tables\n");
        leave(1);
      }
      slot = address_of(pool[pool_used++]) | pte::p | pte::w | pte::u;
    }
    table = reinterpret_cast<u64*>(slot & pte::address);
  }
}

void map(u64 va, u64 pa, u64 flags, unsigned level) {
  entry(va, level) = pa | flags | (level > 1 ? pte::ps : 0);
  invlpg(reinterpret_cast<void*>(va));
}

}  // namespace isa
