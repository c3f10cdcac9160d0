// EFI as a runtime sees it: tables, descriptors, time (UEFI specification 2.3.1 "Data types", 4.3, 7.2, 8.3).
#pragma once
#include "guests/ia64/firmware/firmware.h"

namespace firmware {

using Status = u64;
inline constexpr u64 error_bit = u64{1} << 63;
enum Error : u64 {
  success = 0,
  invalid_parameter = error_bit | 2,
  unsupported = error_bit | 3,
  write_protected = error_bit | 8,
  not_found = error_bit | 14
};

struct Header {
  u64 signature;
  u32 revision, size, crc32, reserved;
};

/// What a pointer to a function points to.
struct Function {
  u64 entry, gp;
};

struct RuntimeServices {
  static constexpr unsigned services = 11;
  Header header;
  Function* service[services];
};

struct SystemTable {
  Header header;
  u64 vendor;
  u32 vendor_revision, padding;
  u64 console[6];
  RuntimeServices* runtime;
  u64 boot_services, tables, table_list;
};
static_assert(sizeof(Header) == 24 && sizeof(RuntimeServices) == 112 && sizeof(SystemTable) == 120);

struct MemoryDescriptor {
  u32 type, padding;
  u64 physical, virtual_address, pages, attribute;
};
static_assert(sizeof(MemoryDescriptor) == 40);
inline constexpr u64 page_size = 4096, runtime = u64{1} << 63;

struct Time {
  u16 year;
  u8 month, day, hour, minute, second, padding;
  u32 nanosecond;
  int16_t zone;  ///< minutes from UTC
  u8 daylight, padding_2;
};
static_assert(sizeof(Time) == 16);

struct TimeCapabilities {
  u32 resolution, accuracy;
  u8 sets_to_zero;
};

}  // namespace firmware
