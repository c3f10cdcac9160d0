// BootMemory from EFI's memory map and the boot parameters.
#include "hypervisor/arch/ia64/boot_memory.h"

#include "hypervisor/arch/ia64/firmware.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/common/boot.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/print.h"

extern "C" char image_start[], image_end[];

namespace hv {
namespace {

char cmdline[1024];
char dom0_cmdline[1024];

bool is_memory(u32 type) {
  return type == kEfiConventional || type == kEfiBootCode || type == kEfiBootData || type == kEfiLoaderCode ||
         type == kEfiLoaderData;
}

/// Neighbours of different types are one range to us.
void read_memory_map(BootMemory& memory, const BootParameters& parameters) {
  BootRange range;
  for (u64 at = 0; at + parameters.descriptor_bytes <= parameters.memory_map_bytes;
       at += parameters.descriptor_bytes) {
    const auto& d = *static_cast<const EfiDescriptor*>(phys_to_virt(parameters.memory_map + at));
    if (!is_memory(d.type)) continue;
    const Paddr end = d.physical + d.pages * 4096;
    if (d.physical != range.end || range.end == 0) {
      boot_add_ram(memory, range.start, range.end);
      range.start = d.physical;
    }
    range.end = end;
  }
  boot_add_ram(memory, range.start, range.end);
}

}  // namespace

void boot_memory_init() {
  const BootParameters& parameters = boot_parameters();
  BootMemory& memory = boot_memory;
  if (parameters.command_line != 0)
    copy_string(cmdline, static_cast<const char*>(phys_to_virt(parameters.command_line)), sizeof cmdline);
  memory.cmdline = cmdline;
  memory.dom0_cmdline = dom0_cmdline;
  read_memory_map(memory, parameters);
  boot_reserve(memory, {0, 0x100000});  // firmware's data and what the loader left
  // Below is where dom0's kernel wants to be, when its GFNs are MFNs.
  memory.tables_from = virt_to_phys(image_end);
  boot_reserve_bytes(memory, virt_to_phys(image_start), static_cast<u64>(image_end - image_start));
  if (parameters.domain_bytes != 0) {
    memory.dom0_image = {parameters.domain, parameters.domain + parameters.domain_bytes};
    boot_reserve_bytes(memory, parameters.domain, parameters.domain_bytes);
  }
  if (parameters.initrd_bytes != 0) {
    memory.dom0_initrd = {parameters.initrd, parameters.initrd + parameters.initrd_bytes};
    boot_reserve_bytes(memory, parameters.initrd, parameters.initrd_bytes);
  }
  cmdline_value(cmdline, "dom0=", dom0_cmdline, sizeof dom0_cmdline);
}

}  // namespace hv
