// BootMemory from the PVH loader's hvm_start_info.
// Source: <xen/arch-x86/hvm/start_info.h>.
#include "hypervisor/arch/x86_64/boot_memory.h"

#include <xen/arch-x86/hvm/start_info.h>

#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/arch/x86_64/paging.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/print.h"

extern "C" char image_start[], image_end[];

namespace hv {

namespace {

char cmdline[1024];
char dom0_cmdline[1024];

/// What the loader left below 1 GiB is reachable at the image's alias before the direct map exists.
template <typename T>
const T* loader_data(Paddr address) {
  HV_ASSERT(address < (1ull << 30));
  return reinterpret_cast<const T*>(kImageBase + address);
}

void read_memory_map(BootMemory& memory, const hvm_start_info& info) {
  const auto* map = loader_data<hvm_memmap_table_entry>(info.memmap_paddr);
  for (u32 i = 0; i < info.memmap_entries; ++i)
    if (map[i].type == XEN_HVM_MEMMAP_TYPE_RAM) boot_add_ram(memory, map[i].addr, map[i].addr + map[i].size);
}

void read_module(BootMemory& memory, const hvm_start_info& info) {
  if (info.nr_modules == 0) return;
  const auto* module = loader_data<hvm_modlist_entry>(info.modlist_paddr);
  memory.dom0_image = {module->paddr, module->paddr + module->size};
  boot_reserve_bytes(memory, module->paddr, module->size);
  if (info.nr_modules > 1) {
    memory.dom0_initrd = {module[1].paddr, module[1].paddr + module[1].size};
    boot_reserve_bytes(memory, module[1].paddr, module[1].size);
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
  boot_reserve(memory, {0, 0x100000});  // firmware data, loader tables, the other CPUs' start page
  boot_reserve_bytes(memory, virt_to_phys(image_start), static_cast<u64>(image_end - image_start));
  read_module(memory, *info);
  cmdline_value(cmdline, "dom0=", dom0_cmdline, sizeof(dom0_cmdline));
  return info->rsdp_paddr;
}

}  // namespace hv
