// The hypervisor's 8 TiB of virtual address space, the same in every address space (L4 slots 256-271).
//
//   slot  address             what
//   256   ffff800000000000    M2P for guests, read-only, user-accessible (MACH2PHYS_VIRT_START)
//   257   ffff808000000000    M2P, the hypervisor's own view
//   258   ffff810000000000    frame table, 32 bytes an MFN
//   259   ffff818000000000    direct map of PA 0 .. 512 GiB
//   260   ffff820000000000    direct map of PA 15 TiB .. 15.5 TiB
//   261   ffff82d080000000    the image: linked there for PA 0
//   262   ffff831000000000    devices below 4 GiB, one to one, uncached
//         ffff830040000000    descriptor windows: per CPU 16 GDT pages, then 16 LDT pages
//   263   ffff838000000000    M2P once more, where the store routines write (taps.S)
//   264   ffff840000000000    frame table, the same
//   265-271                   not used, empty
//
// MFNs are below 2^32 (grant tables of version 1 name no others), so 8 bytes an MFN take 32 GiB and 32 bytes
// 128 GiB: each fits a slot.
//
// Stores to the two tables have a view of their own, so that no translation which a proper store has brought
// into a TLB serves any other: whoever writes past the routines shows at the first store.
#pragma once
#define HV_IMAGE_BASE 0xffff82d080000000
#define HV_STACK_SIZE 0x8000
#define HV_STORE_VIEW 0x30000000000  // from an entry of M2P or frame table to where it is written: 6 slots

#ifndef __ASSEMBLER__
#include "hypervisor/common/types.h"

namespace hv {

constexpr Vaddr kHvStart = 0xffff800000000000;
constexpr Vaddr kHvEnd = 0xffff880000000000;
constexpr unsigned kHvFirstL4Slot = 256;
constexpr unsigned kHvEndL4Slot = 272;
constexpr unsigned kGuestM2pSlot = 256;

constexpr Vaddr kGuestM2p = 0xffff800000000000;
constexpr Vaddr kM2p = 0xffff808000000000;
constexpr Vaddr kFrameTable = 0xffff810000000000;
constexpr u64 kStoreView = HV_STORE_VIEW;
constexpr Vaddr kDirectLow = 0xffff818000000000;
constexpr Vaddr kDirectHigh = 0xffff820000000000;
constexpr u64 kDirectSize = 1ull << 39;
constexpr Paddr kDirectHighBase = 15ull << 40;
constexpr Vaddr kImageBase = HV_IMAGE_BASE;
constexpr Vaddr kDeviceWindow = 0xffff831000000000;
constexpr Vaddr kDescriptorWindows = 0xffff830040000000;
constexpr u64 kDescriptorWindowSize = 32 * kPageSize;

constexpr bool is_direct_mappable(Paddr address) {
  return address < kDirectSize || (address >= kDirectHighBase && address < kDirectHighBase + kDirectSize);
}
inline void* phys_to_virt(Paddr address) {
  return reinterpret_cast<void*>(address < kDirectHighBase ? kDirectLow + address
                                                           : kDirectHigh + (address - kDirectHighBase));
}
inline Paddr virt_to_phys(const void* pointer) {
  const Vaddr address = reinterpret_cast<Vaddr>(pointer);
  if (address >= kImageBase && address < kImageBase + (1ull << 30)) return address - kImageBase;
  return address >= kDirectHigh ? address - kDirectHigh + kDirectHighBase : address - kDirectLow;
}

constexpr Vaddr gdt_window(unsigned cpu) { return kDescriptorWindows + cpu * kDescriptorWindowSize; }
constexpr Vaddr ldt_window(unsigned cpu) { return gdt_window(cpu) + 16 * kPageSize; }

}  // namespace hv
#endif
