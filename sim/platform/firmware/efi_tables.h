// The layouts of what an IA-64 kernel finds at its entry. Sources: UEFI specification 2.3.1, 4.2 to 4.6, 7.2
// (revision 1.10 of the tables); SAL specification 3.2.3 to 3.2.6 (system table); DIG64 HCDP 2.0;
// ia64_boot_param as boot loaders hand it to Linux, with the two words that Xen/ia64 has added.
#pragma once
#include "sim/core/types.h"

namespace xs::platform::efi {

struct Header {
  u64 signature = 0;
  u32 revision = 1 << 16 | 10, size = 0, crc32 = 0, reserved = 0;
};

inline constexpr unsigned service_count = 11;
struct RuntimeServices {
  static constexpr u64 signature = 0x56524553544e5552;  ///< "RUNTSERV"
  Header header;
  u64 service[service_count] = {};  ///< function descriptors
};
static_assert(sizeof(RuntimeServices) == 112);

struct FunctionDescriptor {
  u64 entry = 0, gp = 0;
};

struct SystemTable {
  static constexpr u64 signature = 0x5453595320494249;  ///< "IBI SYST"
  Header header;
  u64 vendor = 0;
  u32 vendor_revision = 0, padding = 0;
  u64 console[6] = {};
  u64 runtime = 0, boot_services = 0, table_count = 0, tables = 0;
};
static_assert(sizeof(SystemTable) == 120);

struct Guid {
  u32 a;
  u16 b, c;
  u8 d[8];
};
inline constexpr Guid acpi_20_table{
    0x8868e871, 0xe4f1, 0x11d3, {0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81}};
inline constexpr Guid sal_system_table{
    0xeb9d2d32, 0x2d88, 0x11d3, {0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d}};
inline constexpr Guid hcdp_table{
    0xf951938d, 0x620b, 0x42ef, {0x82, 0x79, 0xa8, 0x4b, 0x79, 0x61, 0x78, 0x98}};

struct ConfigurationTable {
  Guid guid;
  u64 table;
};
static_assert(sizeof(ConfigurationTable) == 24);

enum MemoryType : u32 {
  loader_code = 1,
  loader_data = 2,
  runtime_code = 5,
  runtime_data = 6,
  conventional = 7,
  acpi_reclaim = 9,
  mapped_io = 11,
  port_space = 12,
  pal_code = 13
};
inline constexpr u64 uncacheable = 1, write_back = 8, at_runtime = u64{1} << 63;
inline constexpr u64 page_size = 4096;

struct MemoryDescriptor {
  static constexpr u32 version = 1;
  u32 type = 0, padding = 0;
  u64 physical = 0, virtual_address = 0, pages = 0, attribute = 0;
};
static_assert(sizeof(MemoryDescriptor) == 40);

struct BootParameters {
  u64 command_line = 0, system_table = 0;
  u64 memory_map = 0, memory_map_size = 0, descriptor_size = sizeof(MemoryDescriptor);
  u32 descriptor_version = MemoryDescriptor::version;
  u16 columns = 80, rows = 25, x = 0, y = 0;
  u32 padding = 0;
  u64 fpswa = 0;
  u64 initrd = 0, initrd_size = 0;
  u64 domain = 0, domain_size = 0;  ///< Xen's: the kernel of domain 0
};
static_assert(sizeof(BootParameters) == 96);

struct SalSystemTable {
  char signature[4] = {'S', 'S', 'T', '_'};
  u32 size = 0;
  u8 minor = 0x20, major = 3;
  u16 entries = 0;
  u8 checksum = 0, reserved[7] = {};
  u8 a_minor = 0, a_major = 1, b_minor = 0, b_major = 1;
  char oem[32] = "xenoscope", product[32] = "IA-64 machine";
  u8 reserved_2[8] = {};
};
static_assert(sizeof(SalSystemTable) == 96);

struct SalEntryPoint {
  u8 type = 0, reserved[7] = {};
  u64 pal_proc = 0, sal_proc = 0, gp = 0, reserved_2[2] = {};
};
static_assert(sizeof(SalEntryPoint) == 48);

struct SalWakeUp {
  u8 type = 5, by_interrupt = 0, reserved[6] = {};
  u64 vector = 0;
};
static_assert(sizeof(SalWakeUp) == 16);

/// Of the HCDP, behind its ACPI header and the number of UARTs.
struct [[gnu::packed]] HcdpUart {
  u8 type = 0, bits = 8, parity = 1, stop_bits = 1;
  u8 pci[4] = {};
  u64 baud = 115200;
  u8 space = 0, width = 8, offset = 0, access = 1;
  u64 address = 0;
  u16 pci_device = 0xffff, pci_vendor = 0xffff;
  u32 gsi = 0, clock_hz = 1843200;
  u8 pci_interface = 0;
  u8 flags = 1 << 2 | 1 << 6;  ///< the primary console; its interrupt is known
};
static_assert(sizeof(HcdpUart) == 42);

}  // namespace xs::platform::efi
