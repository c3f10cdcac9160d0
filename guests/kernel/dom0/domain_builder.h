// Builds a domain from an ELF image with Xen notes, by the hypervisor's public operations only.
//
// Pseudo-physical memory of a new PV domain, from frame 0 (= VIRT_BASE) up:
//
//   | … image … | P2M (mfn_list; model direct only) | start_info | xenstore | console | page tables | stack |
//   free …
//                                                            mapped up to a 4 MiB boundary, >= 512 KiB behind
//                                                            the stack
#pragma once
#include "guests/kernel/dom0/domain.h"
#include "guests/lib/elf_image.h"
#include "hypervisor/abi/observe.h"

struct DomainConfig {
  char name[32];
  char kernel[64];
  char extra[256];
  u64 memory_kib, max_memory_kib;
  u64 shadow_mib;  // 0: as much as libxl would give
  u32 vcpus;
  xs_memory_model model;
  bool paused;
};

// A domain under construction.
struct BuildState {
  u32 id;
  const DomainConfig* config;
  ElfImage elf;
  XenNotes notes;
  Mfn* machine;  // `pages` numbers by which the hypervisor knows the domain's frames: MFNs, or GFNs where it
                 // hides them
  bool hides_mfns;
  u64 pages;
  Pfn image_end;
  Pfn p2m, start_info, store, console, tables, stack, mapped_end;
  u64 table_frames;
  EventPort store_port, console_port;  // in the domain
  const char* failed;                  // what went wrong, as a sentence
};

// The connected domain, or null with error and a sentence.
Domain* domain_build(const DomainConfig& config, const ElfImage& elf, long& error, const char*& sentence);

// Calls fill(context, pfn, page) for frames [first, first + count) of the domain, mapped writable here
// meanwhile.
using PageFiller = void (*)(void* context, Pfn pfn, u8* page);
long build_fill(BuildState& b, Pfn first, u64 count, PageFiller fill, void* context);

// --- architecture: arch/<arch>/kernel/builder_*.cpp ---
extern const char* const arch_start_magic;  // start_info.magic
// How many frames the page tables that map [0, b.mapped_end) take; called until b.mapped_end is stable.
u64 arch_table_frames(const BuildState& b, u64 mapped_frames);
u64 arch_mapped_frames(u64 needed_frames);
long arch_build_tables(BuildState& b);
// Types the tables and sets the first VCPU's registers.
long arch_start_state(BuildState& b);
