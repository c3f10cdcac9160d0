#include "guests/tests/stale-tlb/stale.h"

constexpr u64 read_bytes = 3;  // of the instruction below
u64 read_word(const void* va, u64 otherwise) {
  u64 word = otherwise;
  asm volatile(".byte 0x48, 0x8b, 0x07  # mov (%%rdi), %%rax" : "+a"(word) : "D"(va) : "memory");
  return word;
}
void skip_read(TrapFrame* frame) { frame->rip += read_bytes; }

long unmap_without_flush(Pfn page) { return update_va_mapping(test_va(page), 0, UVMF_NONE); }
void flush_and_map(Pfn page, Mfn frame) {
  test_equal("flush", mmuext_simple(MMUEXT_TLB_FLUSH_ALL, 0), 0);
  test_p2m()[page] = frame;
  test_equal("map the frame", test_map(page, pte_kernel), 0);
}
