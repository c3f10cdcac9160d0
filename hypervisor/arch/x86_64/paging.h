// The hypervisor's own page tables.
#pragma once
#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/common/boot.h"

namespace hv {

constexpr u64 kPtePresent = 1, kPteWrite = 2, kPteUser = 4, kPteWriteThrough = 8, kPteNoCache = 16,
              kPteAccessed = 32, kPteDirty = 64, kPteLarge = 128, kPteGlobal = 256,
              kPteNoExecute = 1ull << 63;
constexpr u64 kPteAddress = 0x000ffffffffff000;

/// Builds the final tables (layout.h) and loads them. Before the heap exists.
void paging_init(BootMemory& memory);
/// From now on table pages come from the heap.
void paging_use_heap();
/// CR3 of an address space with nothing but the hypervisor: idle, other CPUs' start.
u64 hypervisor_cr3();

/// Maps a device's registers; the same address may be mapped again.
void* map_device(Paddr address, u64 bytes);
/// The entry of one page in a descriptor window (always present as a table).
void set_window_page(Vaddr address, u64 entry);

}  // namespace hv
