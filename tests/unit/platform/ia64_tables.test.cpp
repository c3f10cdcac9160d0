// What an IA-64 kernel finds at its entry: the memory map covers the machine, tables hang together, the ROM
// is there.
#include <catch2/catch.hpp>
#include <cstring>
#include <map>

#include "sim/core/error.h"
#include "sim/platform/firmware/acpi_tables.h"
#include "sim/platform/firmware/efi_tables.h"
#include "sim/platform/firmware/ia64_rom.h"
#include "sim/platform/firmware/ia64_tables.h"
#include "sim/platform/ia64_map.h"

using namespace xs;
using namespace xs::platform;

namespace {

constexpr u64 mib = 1 << 20, gib = u64{1} << 30;
constexpr Ia64RomSettings settings{1'500'000'000, 1'700'000'000};

template <class T>
T at(const Dram& dram, u64 pa) {
  T value;
  std::memcpy(&value, ram_bytes(dram, pa, sizeof value), sizeof value);
  return value;
}
u8 sum(const Dram& dram, u64 pa, u64 size) {
  return static_cast<u8>(-acpi_checksum({reinterpret_cast<const char*>(ram_bytes(dram, pa, size)), size}));
}
Ia64Boot some_boot() {
  return {
      .name = "kernel", .cmdline = "words", .program = {64 * mib, 3 * mib + 1}, .initrd = {}, .domain = {}};
}

std::vector<efi::MemoryDescriptor> memory_map(const Dram& dram) {
  const auto parameters = at<efi::BootParameters>(dram, ia64_map::boot_data);
  std::vector<efi::MemoryDescriptor> map;
  for (u64 n = 0; n < parameters.memory_map_size; n += parameters.descriptor_size)
    map.push_back(at<efi::MemoryDescriptor>(dram, parameters.memory_map + n));
  return map;
}

}  // namespace

TEST_CASE("the EFI memory map ascends, and shows all DRAM once") {
  const u64 high_base = GENERATE(4 * gib, u64{0xf2d40000000});
  Dram dram({128 * mib, high_base, 2 * gib});
  add_ia64_rom(dram, settings);
  Ia64Boot boot = some_boot();
  boot.initrd = {127 * mib, mib};
  boot.domain = {125 * mib, 2 * mib - 5};
  write_ia64_tables(dram, {4, {23}}, boot);
  u64 end = 0, ram = 0;
  std::map<u32, u64> pages;
  for (const efi::MemoryDescriptor& d : memory_map(dram)) {
    CHECK(d.physical >= end);
    CHECK(d.pages > 0);
    end = d.physical + d.pages * efi::page_size;
    pages[d.type] += d.pages;
    if (dram.host(d.physical)) {
      ram += d.pages * efi::page_size;
      CHECK((d.attribute & efi::write_back) != 0);
    }
  }
  CHECK(ram == 128 * mib + 2 * gib);
  CHECK(pages[efi::loader_code] == 3 * 256 + 1);
  CHECK(pages[efi::loader_data] == 16 + 256 + 512);
  CHECK(pages[efi::pal_code] == 4);
  CHECK(pages[efi::port_space] == 64 * 256);
}

TEST_CASE("what r28 points to leads to every table") {
  Dram dram({64 * mib, 4 * gib, 0});
  add_ia64_rom(dram, settings);
  write_ia64_tables(dram, {2, {22, 23}}, some_boot());
  const auto parameters = at<efi::BootParameters>(dram, ia64_map::boot_data);
  CHECK(std::strcmp(reinterpret_cast<const char*>(dram.host(parameters.command_line)), "words") == 0);
  const auto system = at<efi::SystemTable>(dram, parameters.system_table);
  CHECK(system.header.signature == efi::SystemTable::signature);
  CHECK(system.table_count == 3);
  const auto services = at<efi::RuntimeServices>(dram, system.runtime);
  for (unsigned n = 0; n < efi::service_count; ++n) {
    const auto descriptor = at<efi::FunctionDescriptor>(dram, services.service[n]);
    CHECK(descriptor.entry == 0xff004010 + n * 16);
    CHECK(descriptor.gp == ia64_map::runtime_data);
  }
  const auto table = [&](unsigned n) {
    return at<efi::ConfigurationTable>(dram, system.tables + n * sizeof(efi::ConfigurationTable)).table;
  };
  CHECK(sum(dram, table(0), 36) == 0);
  const auto sal = at<efi::SalSystemTable>(dram, table(1));
  CHECK(sum(dram, table(1), sal.size) == 0);
  CHECK(sal.entries == 2);
  CHECK(at<efi::SalEntryPoint>(dram, table(1) + 96).pal_proc == ia64_map::pal_proc);
  CHECK(sum(dram, table(2), at<u32>(dram, table(2) + 4)) == 0);
}

TEST_CASE("the MADT of IA-64 names local SAPICs and the I/O SAPIC") {
  const AcpiTables acpi = build_acpi(0xe0040, ia64_acpi(4, {23}));
  const auto at_name = acpi.tables.find("APIC");
  REQUIRE(at_name != acpi.tables.npos);
  u32 length = 0;
  std::memcpy(&length, &acpi.tables[at_name + 4], 4);
  const std::string_view madt(&acpi.tables[at_name], length);
  CHECK(madt.size() == 44 + 4 * 18 + 16);
  CHECK(acpi_checksum(madt) == 0);
  CHECK(madt[44 + 18] == 7);
  CHECK(madt[44 + 18 + 3] == 1);
  CHECK(madt[44 + 4 * 18] == 6);
  CHECK(acpi.tables.find("VR23") != acpi.tables.npos);
  CHECK(acpi.tables.find("LNRO0005") != acpi.tables.npos);
}

TEST_CASE("the ROM is read and not written, and holds what the board has set") {
  Dram dram({16 * mib, 4 * gib, 0});
  const u64 rendezvous = add_ia64_rom(dram, settings);
  CHECK(rendezvous % 16 == 0);
  CHECK(rendezvous > ia64_map::sal_proc);
  CHECK(dram.readable(rendezvous) != nullptr);
  CHECK(dram.host(rendezvous) == nullptr);
  CHECK(dram.readable(ia64_map::firmware + dram.rom().front().size) == nullptr);
  u64 word = 0;
  CHECK_FALSE(dram.write(ia64_map::firmware, &word, 8));
  std::memcpy(&word, dram.readable(ia64_map::pal_ratio), 8);
  CHECK(word == (u64{15} << 32 | 1));
  CHECK(at<u64>(dram, ia64_map::runtime_data) == settings.frequency_hz);
  CHECK(at<u64>(dram, ia64_map::runtime_data + 8) == settings.wall_clock_s);
}

TEST_CASE("a frequency that PAL cannot tell, and a command line without end, are one clear error") {
  Dram dram({16 * mib, 4 * gib, 0});
  CHECK_THROWS_WITH(add_ia64_rom(dram, {5'000'000'001, 0}), Catch::Contains("PAL_FREQ_RATIOS"));
  add_ia64_rom(dram, settings);
  Ia64Boot boot = some_boot();
  boot.cmdline.assign(1 << 16, 'c');
  CHECK_THROWS_WITH(write_ia64_tables(dram, {}, boot), "kernel: the command line is too long");
}
