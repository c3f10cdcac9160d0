#include "loader_data.h"

#include "../image.h"
#include "arch_cpu.h"
#include "firmware.h"
#include "guests/kernel/native/ram.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

LoaderData loader_data;

// Runtime services keep theirs, the ACPI tables stay; what the loader and boot services had is free.
static bool is_ram(const EfiMemoryDescriptor& d) {
  return (d.type >= efi_loader_code && d.type <= efi_boot_services_data) || d.type == efi_conventional_memory;
}

void loader_data_read(const BootParameters& boot) {
  constexpr size_t room = sizeof loader_data.command_line;
  if (boot.command_line && !copy_string(loader_data.command_line, room, physical<char>(boot.command_line)))
    panic("the command line is longer than %lu characters", room - 1);
  if (!boot.memory_map_bytes || boot.descriptor_bytes < sizeof(EfiMemoryDescriptor))
    panic("the loader gives no memory map");
  for (u64 at = 0; at < boot.memory_map_bytes; at += boot.descriptor_bytes) {
    auto& d = *physical<EfiMemoryDescriptor>(boot.memory_map + at);
    if (is_ram(d)) ram_add(d.first_byte, d.first_byte + d.pages * efi_page_bytes);
  }
  ram_number(image_first_frame(), image_end_frame());
}
