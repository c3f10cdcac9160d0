#include "hypervisor/arch/x86_64/mm_device_memory.h"

#include "arch_frame_window.h"
#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/common/devices.h"
#include "hypervisor/common/frame_table.h"

namespace hv {

namespace {
// IOAPICs and local APICs of the platform (IA-PC: 0xfec00000 .. 0xfeefffff).
constexpr Mfn kInterruptControllers = 0xfec00, kInterruptControllersEnd = 0xfef00;

unsigned physical_address_bits() {
  u32 eax = 0x80000008, ebx, ecx = 0, edx;
  asm("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
  return eax & 0xff;
}

struct M2pBacking {
  Mfn first_entry, backing;
  u64 pages;
};
M2pBacking backings[kMaxRamRegions];
unsigned backing_count;
}  // namespace

bool device_frame_is_mappable(Mfn mfn, bool writable) {
  static const unsigned bits = physical_address_bits();
  if (mfn >> (bits - kPageShift)) return false;
  return !(writable && mfn >= kInterruptControllers && mfn < kInterruptControllersEnd);
}

bool arch_device_page_may_be_given(Mfn mfn) {
  constexpr Mfn kEnd = 0xfec00;  // one page table of the hypervisor's shows them all
  return mfn >= kFirstDevicePage && mfn < kEnd && !frame_is_ram(mfn);
}

void arch_show_m2p_to_guests(Mfn first_entry, Mfn backing, u64 pages) {
  // A gap between two parts that stay unbacked is never shown; the parts themselves are.
  backings[backing_count++] = {first_entry, backing, pages};
  arch_map_hypervisor(kGuestM2p + first_entry * sizeof(u64), backing, pages,
                      HvMapping::data_read_only_for_guests);
}

bool frame_backs_m2p(Mfn mfn) {
  for (unsigned i = 0; i < backing_count; i++)
    if (mfn - backings[i].backing < backings[i].pages) return true;
  return false;
}

Mfn m2p_chunk_frame(u64 chunk) {
  const Mfn entry = chunk * kM2pChunkEntries;
  for (unsigned i = 0; i < backing_count; i++) {
    const u64 page = (entry - backings[i].first_entry) * sizeof(u64) >> kPageShift;
    if (entry >= backings[i].first_entry && page < backings[i].pages) return backings[i].backing + page;
  }
  return 0;
}

}  // namespace hv
