#include "hypervisor/arch/x86_64/paging.h"

#include "hypervisor/arch/x86_64/arch_vcpu.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/common/devices.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/lock.h"
#include "hypervisor/common/mm.h"
#include "hypervisor/common/print.h"

extern "C" char image_start[], text_end[], rodata_end[], image_end[];

namespace hv {
namespace {

alignas(kPageSize) u64 hv_l4[512];
bool direct_map_ready, heap_ready;
Spinlock table_lock;

constexpr unsigned kUsedSlots = 7;  // layout.h: 256-262
constexpr u64 kLarge = 2ull << 20;

constexpr unsigned index_at(Vaddr address, unsigned level) {
  return (address >> (12 + 9 * (level - 1))) & 511;
}

Paddr new_table() {
  if (!heap_ready) return boot_alloc(boot_memory, kPageSize);
  const Mfn mfn = alloc_frame();
  if (mfn == kInvalidMfn) panic("no memory for a hypervisor page table");
  memset(phys_to_virt(mfn << kPageShift), 0, kPageSize);
  return mfn << kPageShift;
}

/// The entry for `address` in the table of `level` (1: pages, 2: 2 MiB), making the tables above it.
u64* entry_for(Vaddr address, unsigned level) {
  u64* table = hv_l4;
  // Upper levels allow everything; only guests' view of M2P needs the user bit.
  const u64 flags =
      kPtePresent | kPteWrite | kPteAccessed | (index_at(address, 4) == kHvFirstL4Slot ? kPteUser : 0);
  for (unsigned l = 4; l > level; --l) {
    u64& entry = table[index_at(address, l)];
    if (!(entry & kPtePresent)) entry = new_table() | flags;
    if (entry & kPteLarge) panic("hypervisor address %lx is mapped large", address);
    table = static_cast<u64*>(arch_boot_virt(entry & kPteAddress));
  }
  return &table[index_at(address, level)];
}

void map_small(Vaddr address, Paddr physical, u64 bytes, u64 flags) {
  for (u64 at = 0; at < bytes; at += kPageSize) *entry_for(address + at, 1) = (physical + at) | flags;
}

/// The direct map of one RAM range: 2 MiB pages inside, small ones at ragged ends.
void map_direct(Paddr start, Paddr end) {
  constexpr u64 flags = kPtePresent | kPteWrite | kPteAccessed | kPteDirty | kPteGlobal | kPteNoExecute;
  while (start < end) {
    const Vaddr address = reinterpret_cast<Vaddr>(phys_to_virt(start));
    const bool large = start % kLarge == 0 && end - start >= kLarge;
    if (large) {
      *entry_for(address, 2) = start | flags | kPteLarge;
    } else {
      *entry_for(address, 1) = start | flags;
    }
    start += large ? kLarge : kPageSize;
  }
}

// The slot of `table` once more, by the same L3.
void show_for_stores(Vaddr table) { hv_l4[index_at(table + kStoreView, 4)] = hv_l4[index_at(table, 4)]; }

void map_image() {
  const auto map = [](const char* start, const char* end, u64 flags) {
    map_small(reinterpret_cast<Vaddr>(start), virt_to_phys(start), static_cast<u64>(end - start),
              flags | kPtePresent | kPteAccessed | kPteDirty | kPteGlobal);
  };
  map(image_start, text_end, 0);
  map(text_end, rodata_end, kPteNoExecute);
  map(rodata_end, image_end, kPteNoExecute | kPteWrite);
}

}  // namespace

bool arch_direct_mappable(Paddr address) { return is_direct_mappable(address); }

/// Before the direct map only the first GiB.
bool arch_boot_reachable(Paddr start, u64 bytes) { return direct_map_ready || start + bytes <= (1ull << 30); }

void* arch_boot_virt(Paddr address) {
  return direct_map_ready ? phys_to_virt(address) : reinterpret_cast<void*>(kImageBase + address);
}

u64 hypervisor_cr3() { return virt_to_phys(hv_l4); }

void paging_init(BootMemory& memory) {
  // Every slot in use gets its L3 now: copies of these L4 entries in guests' tables then never go stale.
  for (unsigned slot = 0; slot < kUsedSlots; ++slot) entry_for(kHvStart + (static_cast<u64>(slot) << 39), 3);
  show_for_stores(kM2p);
  show_for_stores(kFrameTable);
  map_image();
  for (unsigned i = 0; i < memory.ram_count; ++i) map_direct(memory.ram[i].start, memory.ram[i].end);
  for (unsigned cpu = 0; cpu < kMaxCpus; ++cpu) entry_for(gdt_window(cpu), 1);
  write_cr4(kCr4Pae | kCr4Pge | kCr4De | kCr4Osfxsr | kCr4Osxmmexcpt);
  write_cr3(hypervisor_cr3());
  direct_map_ready = true;
}

void paging_use_heap() { heap_ready = true; }

void arch_map_hypervisor(Vaddr address, Mfn mfn, u64 pages, HvMapping kind) {
  u64 flags = kPtePresent | kPteAccessed | kPteNoExecute;
  switch (kind) {
    case HvMapping::data:
      flags |= kPteWrite | kPteDirty | kPteGlobal;
      break;
    case HvMapping::data_read_only_for_guests:
      flags |= kPteUser | kPteGlobal;
      break;
    case HvMapping::uncached:
      flags |= kPteWrite | kPteDirty | kPteGlobal | kPteNoCache | kPteWriteThrough;
      break;
  }
  LockGuard guard(table_lock);
  map_small(address, mfn << kPageShift, pages * kPageSize, flags);
}

void* map_device(Paddr address, u64 bytes) {
  const Paddr page = address & ~(kPageSize - 1);
  const u64 pages = round_up(address + bytes - page, kPageSize) >> kPageShift;
  HV_ASSERT(page + pages * kPageSize <= (1ull << 30) * 4);
  // One to one with the low 4 GiB, behind the descriptor windows.
  const Vaddr at = kDeviceWindow + page;
  arch_map_hypervisor(at, page >> kPageShift, pages, HvMapping::uncached);
  return reinterpret_cast<void*>(at + (address - page));
}

volatile u32* arch_device_registers(Mfn mfn) {
  return static_cast<volatile u32*>(map_device(mfn << kPageShift, kPageSize));
}

void set_window_page(Vaddr address, u64 entry) {
  *entry_for(address, 1) = entry;
  invlpg(address);
}

void arch_fill_hypervisor_slots(u64* l4) {
  memcpy(&l4[kHvFirstL4Slot], &hv_l4[kHvFirstL4Slot], (kHvEndL4Slot - kHvFirstL4Slot) * sizeof(u64));
}

}  // namespace hv
