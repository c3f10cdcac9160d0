#include "guests/kernel/heap.h"

#include "arch_cpu.h"
#include "guests/kernel/frames.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

// Free blocks of a class are chained through their first word:
//   free_list[class] ──> block ──> block ──> null      class c holds blocks of 16 << c bytes, c = 1..7
namespace {
constexpr unsigned classes = 8;
constexpr size_t class_bytes(unsigned c) { return size_t{16} << c; }
struct FreeBlock {
  FreeBlock* next;
};
FreeBlock* free_list[classes];

bool refill(unsigned c) {
  Pfn pfn = frames_alloc();
  if (pfn == invalid_frame) return false;
  frame_info(pfn).heap_class = static_cast<u8>(c);
  auto* page = static_cast<u8*>(frame_va(pfn));
  for (size_t at = 0; at + class_bytes(c) <= page_bytes; at += class_bytes(c)) {
    auto* block = reinterpret_cast<FreeBlock*>(page + at);
    block->next = free_list[c];
    free_list[c] = block;
  }
  return true;
}
}  // namespace

void* heap_alloc(size_t bytes) {
  unsigned c = 1;
  while (c < classes && class_bytes(c) < bytes) c++;
  if (c == classes) {
    Pfn first = frames_alloc(static_cast<unsigned>(div_up(bytes, page_bytes)));
    if (first == invalid_frame) return nullptr;
    return memset(frame_va(first), 0, align_up(bytes, page_bytes));
  }
  if (!free_list[c] && !refill(c)) return nullptr;
  FreeBlock* block = free_list[c];
  free_list[c] = block->next;
  return memset(block, 0, class_bytes(c));
}

void heap_free(void* block) {
  if (!block) return;
  unsigned c = frame_info(va_frame(block)).heap_class;
  if (!c) {
    frames_free(va_frame(block));
    return;
  }
  auto* free_block = static_cast<FreeBlock*>(block);
  free_block->next = free_list[c];
  free_list[c] = free_block;
}
