// Building dom0: common code makes the domain and its memory and reads the kernel; the architecture lays out
// the start-of-day state.
//
//   module 0 --elf_parse--> GuestImage --+
//   heap --> chunks: pfn -> mfn ---------+--> arch_dom0_start(): image, tables, start_info, registers
#pragma once
#include "hypervisor/common/boot.h"
#include "hypervisor/common/elf_loader.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

struct Dom0 {
  struct Chunk {  ///< a contiguous run of frames: [pfn, pfn + 2^order) at mfn; in order of pfn
    Gfn pfn;
    Mfn mfn;
    unsigned order;
  };
  static constexpr unsigned kMaxChunks = 512;

  Domain* domain = nullptr;
  GuestImage image;
  const u8* file = nullptr;
  BootRange initrd;  ///< empty: none
  const char* cmdline = "";
  u64 pages = 0;
  Chunk chunks[kMaxChunks] = {};
  unsigned chunk_count = 0;

  u64 shared_info_name = 0;  ///< as the domain calls the frame of shared_info

  Mfn mfn_of(Gfn pfn) const;
  /// What its page tables hold for a frame, and back.
  u64 name_of(Gfn pfn) const;
  Mfn frame_of(u64 name) const;
  /// Writes guest-physical memory through the direct map; `from` nullptr writes zeroes.
  void write(Paddr guest_physical, const void* from, u64 bytes) const;
};

/// Lays out everything that <xen/xen.h> "Start-of-day memory layout" says and sets VCPU 0's registers.
/// nullptr, or what is wrong.
const char* arch_dom0_start(Dom0& guest);
extern const KernelNotes arch_kernel_notes;
/// A kernel's file says where in physical memory it lies.
extern const bool arch_kernel_has_place;

}  // namespace hv
