// A PV guest's kernel file: ELF64 with Xen's notes. Pure functions over bytes that nobody has vouched for.
//
//   file bytes --elf_parse--> GuestImage (addresses, segments) --segments--> copied to virt_base + ...
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

constexpr u64 kNoAddress = ~0ull;

struct GuestImage {
  struct Segment {
    Vaddr start;  ///< where its first byte goes
    u64 file_offset;
    u64 file_bytes;    ///< copied
    u64 memory_bytes;  ///< the rest is zero; >= file_bytes
  };
  static constexpr unsigned kMaxSegments = 16;

  u16 machine = 0;  ///< EM_*
  Vaddr entry = kNoAddress;
  Vaddr virt_base = 0;                ///< start of the guest's initial mapping
  Paddr paddr_offset = kNoAddress;    ///< subtracted from p_paddr
  Vaddr hypercall_page = kNoAddress;  ///< kNoAddress: none
  Vaddr init_p2m = kNoAddress;        ///< kNoAddress: mfn_list follows the kernel
  bool module_start_is_pfn = false;
  u64 features = 0;  ///< XENFEAT_* bits that it can do with; 0: it does not tell
  Segment segments[kMaxSegments] = {};
  unsigned segment_count = 0;
  Vaddr start = kNoAddress, end = 0;  ///< of all segments

  bool contains(Vaddr address) const { return address >= start && address < end; }
};

/// nullptr when `image` is complete and consistent, otherwise what is wrong with the file. Where notes are
/// not needed a file without them is entered and loaded at its physical addresses.
enum class KernelNotes { needed, optional };
const char* elf_parse(const u8* bytes, u64 size, KernelNotes notes, GuestImage& image);

}  // namespace hv
