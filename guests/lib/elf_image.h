// ELF64 images: checked access to segments and Xen's notes. Every offset of the file is verified before use.
#pragma once
#include "guests/lib/types.h"

struct ElfImage {
  const u8* bytes;
  u64 size;
  u64 entry;
};

struct ElfSegment {
  u64 va, pa, memory_bytes, file_bytes;
  const u8* data;
  bool writable, executable;
};

// What a PV domain builder reads from the notes (xen/elfnote.h).
struct XenNotes {
  bool present;
  u64 virt_base, paddr_offset, entry, hypercall_page;  // no_value where the note is missing
  u64 features;  // XENFEAT_* bits that the kernel can do with; 0: not told
  static constexpr u64 no_value = ~0ull;
};

// 0, or the negative errno: -ENOEXEC for anything that is no ELF64 of this machine, or is cut.
long elf_open(ElfImage& elf, const void* bytes, u64 size);
using SegmentVisitor = bool (*)(void* context, const ElfSegment& segment);
// The PT_LOAD segments in file order; false when the visitor said so.
bool elf_visit_segments(const ElfImage& elf, SegmentVisitor visit, void* context);
// Copies what the segment puts into [va, va + bytes) to `to`; the rest of the range is left alone.
void elf_copy_part(const ElfSegment& segment, u64 va, u64 bytes, void* to);
XenNotes elf_xen_notes(const ElfImage& elf);
