#include "firmware.h"

#include "guests/lib/panic.h"
#include "guests/lib/string.h"

extern "C" FirmwareResult pal_enter(u64 entry, u64 index, u64 a1, u64 a2, u64 a3);

namespace {
struct EfiTableHeader {
  u64 signature;
  u32 revision, bytes, crc32, reserved;
};
struct EfiSystemTable {
  EfiTableHeader header;
  u64 vendor, vendor_revision, console[6], runtime_services, boot_services, table_count, tables;
};
struct EfiGuid {
  u64 words[2];
  bool operator==(const EfiGuid&) const = default;
};
struct ConfigurationTable {
  EfiGuid guid;
  u64 address;
};
constexpr EfiGuid acpi_20 = {{0x11d3e4f18868e871, 0x81883cc7800022bc}},
                  sal_system_table = {{0x11d32d88eb9d2d32, 0x4dc13f279000169a}},
                  hcdp = {{0x42ef620bf951938d, 0x987861794ba87982}};

struct EntryPoints {
  u64 pal;
  struct {
    u64 entry, gp;
  } sal;
};
using SalProcedure = FirmwareResult(u64, u64, u64, u64, u64, u64, u64, u64);

const EfiSystemTable* system_table;
EntryPoints entry_points;

// Tables have fields where no alignment helps.
template <typename T>
T at(u64 address) {
  T value;
  memcpy(&value, physical<void>(address), sizeof value);
  return value;
}

u64 find_table(const EfiGuid& guid) {
  auto* tables = physical<ConfigurationTable>(system_table->tables);
  for (u64 n = 0; n < system_table->table_count; n++)
    if (tables[n].guid == guid) return tables[n].address;
  return 0;
}

u64 find_acpi(const char* signature) {
  constexpr u64 xsdt_in_rsdp = 24, header_bytes = 36, length_in_header = 4;
  u64 rsdp = find_table(acpi_20);
  u64 xsdt = rsdp ? at<u64>(rsdp + xsdt_in_rsdp) : 0;
  u64 end = xsdt ? xsdt + at<u32>(xsdt + length_in_header) : 0;
  for (u64 entry = xsdt + header_bytes; entry < end; entry += sizeof(u64))
    if (!memcmp(physical<void>(at<u64>(entry)), signature, 4)) return at<u64>(entry);
  panic("firmware has no ACPI table %s", signature);
}

// SAL system table: a header of 96 bytes with the number of entries at 10, entries by type.
EntryPoints find_entry_points() {
  constexpr u64 header_bytes = 96, entries_in_header = 10, pal_in_entry = 8, sal_in_entry = 16;
  constexpr u64 bytes_of_type[] = {48, 32, 16, 32, 16, 16};
  u64 table = find_table(sal_system_table);
  u64 entry = table + header_bytes;
  for (unsigned n = table ? at<u16>(table + entries_in_header) : 0; n; n--) {
    u8 type = at<u8>(entry);
    if (type == 0)
      return {KERNEL_BASE + at<u64>(entry + pal_in_entry),
              {KERNEL_BASE + at<u64>(entry + sal_in_entry), KERNEL_BASE + at<u64>(entry + sal_in_entry + 8)}};
    if (type >= count_of(bytes_of_type)) break;
    entry += bytes_of_type[type];
  }
  panic("firmware does not tell where PAL and SAL are");
}
}  // namespace

void firmware_use(const BootParameters& boot) { system_table = physical<EfiSystemTable>(boot.system_table); }

// A device entry: type at 0, base address at 20 (a generic address of ACPI).
u64 firmware_serial_line() {
  constexpr u64 first_device = 40, base_in_device = 20;
  u64 table = find_table(hcdp);
  return table ? at<u64>(table + first_device + base_in_device) : 0;
}

u64 firmware_io_sapic() {
  constexpr u64 first_entry = 44, length_in_header = 4;
  constexpr u8 io_sapic = 6;
  u64 madt = find_acpi("APIC"), end = madt + at<u32>(madt + length_in_header);
  for (u64 entry = madt + first_entry; entry < end; entry += at<u8>(entry + 1))
    if (at<u8>(entry) == io_sapic && at<u32>(entry + 4) == 0) return at<u64>(entry + 8);
  panic("firmware tells of no I/O SAPIC");
}

FirmwareResult pal_call(u64 index, u64 a1, u64 a2, u64 a3) {
  if (!entry_points.pal) entry_points = find_entry_points();
  return pal_enter(entry_points.pal, index, a1, a2, a3);
}

FirmwareResult sal_call(u64 function, u64 a1) {
  if (!entry_points.pal) entry_points = find_entry_points();
  return reinterpret_cast<SalProcedure*>(&entry_points.sal)(function, a1, 0, 0, 0, 0, 0, 0);
}
