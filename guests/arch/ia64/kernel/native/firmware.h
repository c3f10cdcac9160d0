// What firmware leaves and serves. Layouts: UEFI specification 4.2 to 4.6, 7.2; SAL specification 3.2.3;
// ACPI 6.4 5.2; DIG64 HCDP 2.0; ia64_boot_param of Linux. Everything is reached by the addresses of region 7.
#pragma once
#include "guests/lib/types.h"
#include "layout.h"

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
constexpr u64 efi_page_bytes = 4096;
constexpr u32 efi_loader_code = 1, efi_boot_services_data = 4, efi_conventional_memory = 7;

struct FirmwareResult {
  s64 status;
  u64 first, second, third;
};

// Before anything else.
void firmware_use(const BootParameters& boot);
// Physical addresses. The rest panics where firmware does not tell.
u64 firmware_serial_line();  // of HCDP's first console; 0: there is none
u64 firmware_io_sapic();     // for global system interrupts from 0 on

FirmwareResult pal_call(u64 index, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0);
FirmwareResult sal_call(u64 function, u64 a1 = 0);

template <typename T>
T* physical(u64 address) {
  return reinterpret_cast<T*>(KERNEL_BASE + address);
}
