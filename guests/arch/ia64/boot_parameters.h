// ia64_boot_param of Linux, and memory descriptors of EFI (UEFI specification 7.2). Addresses are physical.
#pragma once
#include "guests/lib/types.h"

struct BootParameters {
  u64 command_line, system_table, memory_map, memory_map_bytes, descriptor_bytes;
  u32 descriptor_version;
  u16 console[4];
  u64 fpswa, initrd, initrd_bytes;
};

struct EfiMemoryDescriptor {
  u32 type;
  u64 first_byte, virtual_address, pages, attribute;
};
constexpr u64 efi_page_bytes = 4096, efi_write_back = 8;
constexpr u32 efi_loader_code = 1, efi_loader_data = 2, efi_boot_services_data = 4,
              efi_runtime_services_code = 5, efi_runtime_services_data = 6, efi_conventional_memory = 7;
