#include "guests/tests/stale-tlb/stale.h"

u64 read_word(const void* va, u64 otherwise) {
  u64 word = otherwise;
  asm volatile("ld8 %0 = [%1]\n;;" : "+r"(word) : "r"(va) : "memory");
  return word;
}
void skip_read(TrapFrame* frame) { frame->skip(); }

// A frame has no number but its own where it is not translated: there is no mapping that could go before it
// does, and none to make for the one that comes.
long unmap_without_flush(Pfn) { return 0; }
void flush_and_map(Pfn, Mfn) {}
