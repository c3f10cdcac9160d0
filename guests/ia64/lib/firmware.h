// What firmware hands to a program, and how it is called (docs/machine.md). Layouts: UEFI specification 4.2
// to 4.6, 7.2; SAL specification 3.2.3 to 3.2.6; ACPI 6.4 5.2; ia64_boot_param of Linux and Xen.
#pragma once
#include "guests/ia64/lib/bare.h"

namespace bare {

struct BootParameters {
  const char* command_line;
  struct SystemTable* system_table;
  u64 memory_map, memory_map_size, descriptor_size;
  u32 descriptor_version;
  u16 console[4];
  u64 fpswa, initrd, initrd_size, domain, domain_size;
};
static_assert(sizeof(BootParameters) == 96);

struct EfiHeader {
  u64 signature;
  u32 revision, size, crc32, reserved;
};
struct Function {
  u64 entry, gp;
};
enum Service {
  get_time,
  set_time,
  get_wakeup_time,
  set_wakeup_time,
  set_virtual_address_map,
  convert_pointer,
  get_variable,
  get_next_variable_name,
  set_variable,
  get_next_high_monotonic_count,
  reset_system,
  services
};
struct RuntimeServices {
  EfiHeader header;
  Function* service[services];
};
struct ConfigurationTable {
  u64 guid[2];
  u64 table;
};
struct SystemTable {
  EfiHeader header;
  const u16* vendor;
  u64 vendor_revision, console[6];
  RuntimeServices* runtime;
  u64 boot_services, table_count;
  ConfigurationTable* tables;
};
struct MemoryDescriptor {
  u64 type, physical, virtual_address, pages, attribute;
};
enum Table : unsigned { acpi_20, sal_system_table, hcdp };

/// As they were at the entry: where r28 points.
const BootParameters& boot();
/// 0: there is none.
u64 find_table(Table which);
/// By its signature, from the RSDP; 0: there is none.
u64 find_acpi(const char* signature);

struct Result {
  i64 status;
  u64 first, second, third;
  bool operator==(const Result&) const = default;
};
/// Of the SAL system table.
struct EntryPoints {
  u64 pal_proc;
  Function sal_proc;
  u64 wake_vector;
};
EntryPoints entry_points();

extern "C" {
// pal_proc is where PAL_PROC lies, mapped or not.
Result pal_static(u64 pal_proc, u64 index, u64 a1, u64 a2, u64 a3);
Result pal_stacked(u64 pal_proc, u64 index, u64 a1, u64 a2, u64 a3);
}
using SalProcedure = Result(u64, u64, u64, u64, u64, u64, u64, u64);
/// Any function by its descriptor.
template <class F>
F* function(const Function& descriptor) {
  return reinterpret_cast<F*>(const_cast<Function*>(&descriptor));
}

/// Every processor but this one goes to other_main. Returns how many there are.
u64 wake_others();

}  // namespace bare
