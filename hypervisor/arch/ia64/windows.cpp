#include "hypervisor/arch/ia64/windows.h"

#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/common/boot.h"
#include "hypervisor/common/lock.h"
#include "hypervisor/common/mm.h"
#include "hypervisor/common/print.h"

namespace hv {
namespace {

constexpr u64 attributes(u64 flags, u64 shift) { return flags | shift << 58; }
constexpr u64 kAll = 1ull << kPhysicalBits;
constexpr unsigned kLargestShift = 24, kDeviceShift = 16;
Spinlock windows_lock;

}  // namespace

constinit xs_window hv_windows[kWindows] = {
    {kDirect, kDirect + kAll, 0, attributes(HV_PTE_RWX, HV_IMAGE_SHIFT)},
    {kDevices, kDevices + kAll, 0, attributes(HV_PTE_RW_UC, kDeviceShift)}};

bool arch_direct_mappable(Paddr address) { return address < kAll; }
bool arch_boot_reachable(Paddr, u64) { return true; }
void* arch_boot_virt(Paddr address) { return phys_to_virt(address); }
void* frame_to_virt(Mfn mfn) { return phys_to_virt(mfn << kPageShift); }
Mfn virt_to_frame(const void* address) { return virt_to_phys(address) >> kPageShift; }

// The largest pages that both sides' alignment and the length allow.
void arch_map_hypervisor(Vaddr address, Mfn mfn, u64 pages, HvMapping kind) {
  const Paddr physical = mfn << kPageShift;
  const u64 bytes = pages << kPageShift;
  unsigned shift = kPageShift;
  for (unsigned larger = shift; larger <= kLargestShift; larger += 2)
    if (((address | physical | bytes) & ((1ull << larger) - 1)) == 0) shift = larger;
  LockGuard guard(windows_lock);
  for (xs_window& window : hv_windows) {
    if (window.end != 0) continue;
    window.start = address;
    window.physical = physical;
    window.attributes = attributes(kind == HvMapping::uncached ? HV_PTE_RW_UC : HV_PTE_RWX, shift);
    __atomic_store_n(&window.end, address + bytes, __ATOMIC_RELEASE);
    return;
  }
  panic("no window is left for hypervisor address %lx", address);
}

}  // namespace hv
