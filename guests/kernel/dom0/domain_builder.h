// Builds a domain from an ELF image, by the hypervisor's public operations only. What lies where in its
// memory, what it needs besides the image and its first VCPU is the architecture's
// (arch/<arch>/kernel/builder_*.cpp).
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
  Pfn image_first, image_end;
  Pfn start_info, store, console;
  Pfn zero_first,
      zero_end;  // frames that must be zero where nothing else is written; the image is among them
  // x86-64: P2M, page tables and what they map, the stack.
  Pfn p2m, tables, stack, mapped_end;
  u64 table_frames;
  // IA-64: two frames of firmware, memory map.
  Pfn firmware, memory_map;
  Mfn store_number, console_number;    // what the hypervisor calls these two
  EventPort store_port, console_port;  // in the domain
  const char* failed;                  // what went wrong, as a sentence
};

// The connected domain, or null with error and a sentence.
Domain* domain_build(const DomainConfig& config, const ElfImage& elf, long& error, const char*& sentence);

// --- its parts, for who fills a domain otherwise ---
// An empty domain with its VCPUs and limits, as b.config says: b.id.
long build_create(BuildState& b);
long build_place_shared_info(BuildState& b, Pfn place);
// The domain's ends of the channels to xenstore and console.
long build_ports(BuildState& b);
// What dom0 knows and serves of it. Null: error says why.
Domain* build_record(const BuildState& b, long& error);
void build_store_entries(const Domain& domain, const DomainConfig& config);

// Calls fill(context, pfn, page) for frames [first, first + count) of the domain, mapped writable here
// meanwhile.
using PageFiller = void (*)(void* context, Pfn pfn, u8* page);
long build_fill(BuildState& b, Pfn first, u64 count, PageFiller fill, void* context);

// --- architecture: arch/<arch>/kernel/builder_*.cpp ---
extern const char* const arch_start_magic;       // start_info.magic
extern const xs_memory_model arch_domain_model;  // of a domain for which none is named
// Whether `b.notes` and the model go together, and all places in the domain's memory; b.image_* are known.
long arch_plan_layout(BuildState& b);
// What the hypervisor must set aside before it gives the domain memory.
long arch_allocate(BuildState& b);
// The architecture's fields of start_info.
void arch_start_info(const BuildState& b, start_info_t& info);
// Its fields of shared_info, which is zero so far.
void arch_fill_shared_info(const BuildState& b, arch_shared_info& info);
// Everything that is neither image nor start_info.
long arch_build_boot_pages(BuildState& b);
// The first VCPU's registers.
long arch_start_state(BuildState& b);

inline long build_failed(BuildState& b, const char* sentence, long error) {
  b.failed = sentence;
  return error;
}
