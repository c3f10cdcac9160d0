// What the boot loader said, and memory before the heap exists.
//
// Boot order (arch boot_main): console -> BootMemory from the loader -> final page tables (direct map of all
// RAM) -> frame_table_init -> descriptor tables, traps -> time -> scheduler -> other CPUs -> dom0_build ->
// idle loop.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct BootRange {
  Paddr start = 0;
  Paddr end = 0;  ///< first byte behind
  bool contains(Paddr address) const { return address >= start && address < end; }
};

struct BootMemory {
  static constexpr unsigned kMaxRanges = 32;
  BootRange ram[kMaxRanges];  ///< ascending, page aligned, disjoint
  unsigned ram_count = 0;
  BootRange
      reserved[kMaxRanges];  ///< inside RAM and in use: image, module, loader tables, what boot_alloc gave
  unsigned reserved_count = 0;
  Paddr tables_from = 0;          ///< boot_alloc() gives no memory below
  BootRange dom0_image;           ///< module 0's bytes; stays reserved until dom0_build has read it
  BootRange dom0_initrd;          ///< module 1, empty if there is none; treated likewise
  const char* cmdline = "";       ///< the hypervisor's own, complete
  const char* dom0_cmdline = "";  ///< dom0="..." of it, or module 0's
};

extern BootMemory boot_memory;

// For the architecture's reader of what the loader left. RAM is rounded inwards to pages, what is used
// outwards.
void boot_add_ram(BootMemory& memory, Paddr start, Paddr end);
void boot_reserve(BootMemory& memory, BootRange range);
void boot_reserve_bytes(BootMemory& memory, Paddr start, u64 bytes);

/// The direct map can hold this address.
bool arch_direct_mappable(Paddr address);
/// What can be used before the direct map of all RAM is there, and where.
bool arch_boot_reachable(Paddr start, u64 bytes);
void* arch_boot_virt(Paddr address);

/// Physical memory for ever, mapped in the direct map, zeroed, at a multiple of `alignment` (a power of two,
/// a page or more). Panics when there is none. Only before frame_table_init() has handed the rest to the
/// heap.
Paddr boot_alloc(BootMemory& memory, u64 bytes, u64 alignment = kPageSize);

/// Maps `pages` machine frames from `mfn` at a hypervisor address, for ever. Flags are the architecture's.
/// Page-table memory comes from boot_alloc or, later, the heap.
enum class HvMapping { data, data_read_only_for_guests, uncached };
void arch_map_hypervisor(Vaddr address, Mfn mfn, u64 pages, HvMapping kind);

/// Runs at the end of the boot: starts dom0 and goes idle.
[[noreturn]] void boot_finish();

}  // namespace hv
