#include "sim/platform/firmware/ia64_tables.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "sim/core/error.h"
#include "sim/platform/dram.h"
#include "sim/platform/firmware/acpi_tables.h"
#include "sim/platform/firmware/efi_tables.h"
#include "sim/platform/ia64_map.h"

namespace xs::platform {
namespace {

using namespace ia64_map;

constexpr u64 memory_map_at = boot_data + 0x1000, command_line_at = boot_data + 0x4000;
constexpr u64 acpi_tables_at = acpi + 0x40;

void put(const MemoryPort& memory, u64 pa, std::string_view bytes) {
  std::memcpy(ram_bytes(memory, pa, bytes.size()), bytes.data(), bytes.size());
}

u32 crc32(std::string_view bytes) {
  constexpr u32 polynomial = 0xedb88320;
  u32 crc = ~0u;
  for (const char c : bytes) {
    crc ^= static_cast<u8>(c);
    for (unsigned bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) ? polynomial : 0);
  }
  return ~crc;
}

/// A table behind its EFI header, whose sum is over the whole table.
template <class T>
std::string sealed(T table) {
  table.header.signature = T::signature;
  table.header.size = sizeof table;
  table.header.crc32 = crc32(acpi_bytes(table));
  return acpi_bytes(table);
}

/// Pieces one after the other, each on a boundary of 16 bytes.
class Area {
 public:
  Area(const MemoryPort& memory, u64 at, u64 end) : memory_(memory), next_(at), end_(end) {}
  u64 add(std::string_view bytes) {
    const u64 at = reserve(bytes.size());
    put(memory_, at, bytes);
    return at;
  }
  u64 reserve(u64 size) {
    const u64 at = next_;
    next_ = (next_ + size + 15) & ~u64{15};
    if (next_ > end_) throw Error("the firmware's tables do not fit");
    return at;
  }

 private:
  const MemoryPort& memory_;
  u64 next_, end_;
};

std::string sal_system_table() {
  efi::SalEntryPoint entry;
  entry.pal_proc = pal_proc;
  entry.sal_proc = sal_proc;
  entry.gp = runtime_data;
  efi::SalWakeUp wake;
  wake.vector = wake_vector;
  const std::string entries = acpi_bytes(entry) + acpi_bytes(wake);
  efi::SalSystemTable table;
  table.size = static_cast<u32>(sizeof table + entries.size());
  table.entries = 2;
  table.checksum = acpi_checksum(acpi_bytes(table) + entries);
  return acpi_bytes(table) + entries;
}

std::string hcdp() {
  efi::HcdpUart serial;
  serial.address = uart;
  serial.gsi = isa::irq_com1;
  return acpi_table("HCDP", 3, "IA64    ", acpi_bytes(u32{1}) + acpi_bytes(serial));
}

u64 runtime_services(Area& area) {
  efi::RuntimeServices services;
  for (unsigned n = 0; n < efi::service_count; ++n)
    services.service[n] = area.add(acpi_bytes(efi::FunctionDescriptor{efi_services + n * 16, runtime_data}));
  return area.add(sealed(services));
}

u64 add_acpi(const MemoryPort& memory, const Ia64Machine& machine) {
  AcpiBoard board = ia64_acpi(machine.cpus, machine.virtio_slots);
  board.iommu = machine.iommu;
  const AcpiTables tables = build_acpi(acpi_tables_at, board);
  put(memory, acpi, tables.rsdp);
  put(memory, acpi_tables_at, tables.tables);
  return acpi;
}

/// The system table comes first: firmware's settings say so.
u64 system_table(const MemoryPort& memory, const Ia64Machine& machine) {
  Area area(memory, runtime_tables, runtime_end);
  const u64 at = area.reserve(sizeof(efi::SystemTable));
  efi::SystemTable table;
  constexpr std::u16string_view vendor(u"xenoscope\0", 10);
  table.vendor = area.add({reinterpret_cast<const char*>(vendor.data()), vendor.size() * 2});
  table.vendor_revision = 1;
  table.runtime = runtime_services(area);
  const efi::ConfigurationTable tables[] = {{efi::acpi_20_table, add_acpi(memory, machine)},
                                            {efi::sal_system_table, area.add(sal_system_table())},
                                            {efi::hcdp_table, area.add(hcdp())}};
  table.table_count = std::size(tables);
  table.tables = area.add(acpi_bytes(tables));
  put(memory, at, sealed(table));
  return at;
}

class MemoryMap {
 public:
  void add(efi::MemoryType type, u64 base, u64 end, u64 attribute) {
    if (base >= end) return;
    efi::MemoryDescriptor d;
    d.type = type;
    d.physical = base;
    d.pages = (end - base) / efi::page_size;
    d.attribute = attribute;
    entries_.push_back(d);
  }
  /// Conventional memory from `base` to `end`, but for what the boot loader has put there.
  void add_ram(u64 base, u64 end, const Ia64Boot& boot) {
    struct Use {
      efi::MemoryType type;
      Ia64Piece piece;
    };
    std::vector<Use> uses = {
        {efi::loader_code, boot.program}, {efi::loader_data, boot.domain}, {efi::loader_data, boot.initrd}};
    std::sort(uses.begin(), uses.end(),
              [](const Use& a, const Use& b) { return a.piece.base < b.piece.base; });
    for (const Use& use : uses) {
      const u64 from = std::max(base, use.piece.base & ~frame_mask);
      const u64 to = std::min(end, (use.piece.base + use.piece.size + frame_mask) & ~frame_mask);
      if (use.piece.size == 0 || from >= to) continue;
      add(efi::conventional, base, from, efi::write_back);
      add(use.type, from, to, efi::write_back);
      base = to;
    }
    add(efi::conventional, base, end, efi::write_back);
  }
  /// Ascending.
  std::string bytes() {
    std::sort(entries_.begin(), entries_.end(),
              [](const auto& a, const auto& b) { return a.physical < b.physical; });
    std::string all;
    for (const efi::MemoryDescriptor& d : entries_) all += acpi_bytes(d);
    return all;
  }

 private:
  std::vector<efi::MemoryDescriptor> entries_;
};

std::string memory_map(const MemoryPort& memory, const Ia64Boot& boot) {
  constexpr u64 devices_end = firmware;
  MemoryMap map;
  map.add(efi::conventional, 0, boot_data, efi::write_back);
  map.add(efi::loader_data, boot_data, boot_data_end, efi::write_back);
  map.add(efi::acpi_reclaim, acpi, acpi_end, efi::write_back);
  map.add(efi::runtime_data, runtime_data, runtime_end, efi::write_back | efi::at_runtime);
  map.add_ram(runtime_end, memory.ram().front().size, boot);
  map.add(efi::mapped_io, uart, devices_end, efi::uncacheable);
  map.add(efi::pal_code, pal_proc, pal_proc + pal_size, efi::write_back | efi::at_runtime);
  map.add(efi::runtime_code, sal_proc, firmware + memory.rom().front().size,
          efi::write_back | efi::at_runtime);
  for (const RamRange& r : memory.ram().subspan(1)) map.add_ram(r.base, r.base + r.size, boot);
  map.add(efi::port_space, ia64_map::port_space, ia64_map::port_space + port_space_size, efi::uncacheable);
  return map.bytes();
}

}  // namespace

void write_ia64_tables(const MemoryPort& memory, const Ia64Machine& machine, const Ia64Boot& boot) {
  efi::BootParameters parameters;
  if (boot.cmdline.size() >= boot_data_end - command_line_at)
    throw Error(boot.name + ": the command line is too long");
  parameters.command_line = command_line_at;
  put(memory, command_line_at, {boot.cmdline.c_str(), boot.cmdline.size() + 1});
  parameters.system_table = system_table(memory, machine);
  const std::string map = memory_map(memory, boot);
  parameters.memory_map = memory_map_at;
  parameters.memory_map_size = map.size();
  put(memory, memory_map_at, map);
  parameters.initrd = boot.initrd.base;
  parameters.initrd_size = boot.initrd.size;
  parameters.domain = boot.domain.base;
  parameters.domain_size = boot.domain.size;
  put(memory, boot_data, acpi_bytes(parameters));
}

}  // namespace xs::platform
