// BootMemory from the PVH loader's hvm_start_info, and the allocator that serves until the heap exists.
// Source: <xen/arch-x86/hvm/start_info.h>.
#include "hypervisor/arch/x86_64/boot_memory.h"

#include <xen/arch-x86/hvm/start_info.h>

#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/arch/x86_64/paging.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/print.h"

extern "C" char image_start[], image_end[];

namespace hv {

BootMemory boot_memory;

namespace {

char cmdline[1024];
char dom0_cmdline[1024];

/// What the loader left below 1 GiB is reachable at the image's alias before the direct map exists.
template <typename T>
const T* loader_data(Paddr address) {
  HV_ASSERT(address < (1ull << 30));
  return reinterpret_cast<const T*>(kImageBase + address);
}

void reserve(BootMemory& memory, BootRange range) {
  unsigned at = 0;
  while (at < memory.reserved_count && memory.reserved[at].end < range.start) ++at;
  unsigned last = at;  // [at, last): ranges that touch the new one and melt into it
  while (last < memory.reserved_count && memory.reserved[last].start <= range.end) {
    range.start = min_of(range.start, memory.reserved[last].start);
    range.end = max_of(range.end, memory.reserved[last].end);
    ++last;
  }
  const unsigned tail = memory.reserved_count - last;
  if (at == last) {
    HV_ASSERT(memory.reserved_count < BootMemory::kMaxRanges);
    memmove(&memory.reserved[at + 1], &memory.reserved[at], tail * sizeof(BootRange));
  } else {
    memmove(&memory.reserved[at + 1], &memory.reserved[last], tail * sizeof(BootRange));
  }
  memory.reserved_count = at + 1 + tail;
  memory.reserved[at] = range;
}

void reserve_bytes(BootMemory& memory, Paddr start, u64 bytes) {
  reserve(memory, {start & ~(kPageSize - 1), round_up(start + bytes, kPageSize)});
}

void add_ram(BootMemory& memory, Paddr start, Paddr end) {
  start = round_up(start, kPageSize);
  end &= ~(kPageSize - 1);
  if (start >= end) return;
  if (!is_direct_mappable(start) || !is_direct_mappable(end - 1)) {
    print("RAM at %lx-%lx lies outside the direct map: not used\n", start, end);
    return;
  }
  HV_ASSERT(memory.ram_count < BootMemory::kMaxRanges);
  unsigned at = memory.ram_count++;
  for (; at > 0 && memory.ram[at - 1].start > start; --at) memory.ram[at] = memory.ram[at - 1];
  memory.ram[at] = {start, end};
}

void read_memory_map(BootMemory& memory, const hvm_start_info& info) {
  const auto* map = loader_data<hvm_memmap_table_entry>(info.memmap_paddr);
  for (u32 i = 0; i < info.memmap_entries; ++i)
    if (map[i].type == XEN_HVM_MEMMAP_TYPE_RAM) add_ram(memory, map[i].addr, map[i].addr + map[i].size);
}

void read_module(BootMemory& memory, const hvm_start_info& info) {
  if (info.nr_modules == 0) return;
  const auto* module = loader_data<hvm_modlist_entry>(info.modlist_paddr);
  memory.dom0_image = {module->paddr, module->paddr + module->size};
  reserve_bytes(memory, module->paddr, module->size);
  if (info.nr_modules > 1) {
    memory.dom0_initrd = {module[1].paddr, module[1].paddr + module[1].size};
    reserve_bytes(memory, module[1].paddr, module[1].size);
  }
  if (module->cmdline_paddr)
    copy_string(dom0_cmdline, loader_data<char>(module->cmdline_paddr), sizeof(dom0_cmdline));
}

}  // namespace

Paddr boot_memory_init(Paddr start_info) {
  const auto* info = loader_data<hvm_start_info>(start_info);
  if (info->magic != XEN_HVM_START_MAGIC_VALUE) panic("no PVH start info at %lx", start_info);
  if (info->version < 1 || info->memmap_entries == 0) panic("the loader gives no memory map");
  if (info->cmdline_paddr) copy_string(cmdline, loader_data<char>(info->cmdline_paddr), sizeof(cmdline));

  BootMemory& memory = boot_memory;
  memory.cmdline = cmdline;
  memory.dom0_cmdline = dom0_cmdline;
  read_memory_map(memory, *info);
  reserve(memory, {0, 0x100000});  // firmware data, loader tables, the other CPUs' start page
  reserve_bytes(memory, virt_to_phys(image_start), static_cast<u64>(image_end - image_start));
  read_module(memory, *info);
  cmdline_value(cmdline, "dom0=", dom0_cmdline, sizeof(dom0_cmdline));
  return info->rsdp_paddr;
}

Paddr boot_alloc(BootMemory& memory, u64 bytes) {
  bytes = round_up(bytes, kPageSize);
  for (unsigned r = 0; r < memory.ram_count; ++r) {
    Paddr start = memory.ram[r].start;
    for (unsigned i = 0; i < memory.reserved_count; ++i) {
      const BootRange& used = memory.reserved[i];
      if (used.start < start + bytes && used.end > start) start = used.end;
    }
    if (start + bytes > memory.ram[r].end || !boot_reachable(start, bytes)) continue;
    reserve(memory, {start, start + bytes});
    memset(boot_virt(start), 0, bytes);
    return start;
  }
  panic("no memory for %lu KiB of boot tables", bytes >> 10);
}

}  // namespace hv
