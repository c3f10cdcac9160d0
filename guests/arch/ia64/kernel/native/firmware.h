// What firmware leaves and serves. Layouts: UEFI specification 4.2 to 4.6, 7.2; SAL specification 3.2.3;
// ACPI 6.4 5.2; DIG64 HCDP 2.0; ia64_boot_param of Linux. Everything is reached by the addresses of region 7.
#pragma once
#include "boot_parameters.h"
#include "guests/lib/types.h"
#include "layout.h"

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
