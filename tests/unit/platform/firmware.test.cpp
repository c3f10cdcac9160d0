

#include <catch2/catch.hpp>
#include <cstring>
#include <random>

#include "sim/core/error.h"
#include "sim/platform/dram.h"
#include "sim/platform/firmware/acpi_tables.h"
#include "sim/platform/firmware/pvh_loader.h"
#include "sim/platform/firmware/start_info.h"
#include "tests/unit/platform/elf_writer.h"
#include "tests/unit/platform/temporary_file.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::platform::test;

namespace {

constexpr u64 mib = 1 << 20, high_base = u64{1} << 44;

PvhBoot boot_of(const ElfWriter& elf) { return {parse_elf("kernel.elf", elf.bytes()), "", {}}; }
template <class T>
T at(const Dram& dram, u64 pa) {
  T value;
  std::memcpy(&value, ram_bytes(dram, pa, sizeof value), sizeof value);
  return value;
}
std::string text_at(const Dram& dram, u64 pa) { return reinterpret_cast<const char*>(dram.host(pa)); }
std::string rejection(const std::vector<u8>& bytes) {
  try {
    parse_elf("kernel.elf", bytes);
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("ELF32 and ELF64 kernels load by physical address, zero-filled") {
  const bool wide = GENERATE(true, false);
  Dram dram({64 * mib, high_base, 64 * mib});
  std::memset(dram.host(0x200000), 0xcc, 0x3000);
  ElfWriter elf(wide);
  elf.load(0x200000, "code", 0x2000).entry(0x200000);
  const PvhEntry entry = load_pvh(boot_of(elf), dram);
  CHECK(entry.eip == 0x200000);
  CHECK(std::memcmp(dram.host(0x200000), "code\0", 5) == 0);
  CHECK(at<u8>(dram, 0x201fff) == 0);
  CHECK(at<u8>(dram, 0x202000) == 0xcc);
}

TEST_CASE("the start info tells command line, modules, memory and tables") {
  Dram dram({64 * mib, high_base, 448 * mib});
  ElfWriter elf;
  elf.load(0x200000, "code", 0x1000).entry(0x200000);
  PvhBoot boot = boot_of(elf);
  boot.cmdline = "dom0_mem=64M";
  boot.modules.push_back({"dom0", std::vector<u8>(5000, 0x11), "first"});
  boot.modules.push_back({"disk", std::vector<u8>(1, 0x22), ""});
  const PvhEntry entry = load_pvh(boot, dram);
  const auto info = at<hvm_start_info>(dram, entry.start_info);
  CHECK(info.magic == XEN_HVM_START_MAGIC_VALUE);
  CHECK(info.version == 1);
  CHECK(info.rsdp_paddr == rsdp_pa);
  CHECK(text_at(dram, info.cmdline_paddr) == "dom0_mem=64M");
  REQUIRE(info.nr_modules == 2);
  const auto first = at<hvm_modlist_entry>(dram, info.modlist_paddr);
  const auto second = at<hvm_modlist_entry>(dram, info.modlist_paddr + sizeof first);
  CHECK(first.paddr == 64 * mib - 3 * 4096);
  CHECK(first.size == 5000);
  CHECK(text_at(dram, first.cmdline_paddr) == "first");
  CHECK(at<u8>(dram, first.paddr + 4999) == 0x11);
  CHECK(second.paddr == 64 * mib - 4096);
  CHECK(at<u8>(dram, second.paddr) == 0x22);

  u64 ram = 0;
  for (u32 i = 0; i < info.memmap_entries; ++i) {
    const auto e = at<hvm_memmap_table_entry>(dram, info.memmap_paddr + i * sizeof(hvm_memmap_table_entry));
    if (e.type == XEN_HVM_MEMMAP_TYPE_RAM) ram += e.size;
    if (i + 1 == info.memmap_entries) {
      CHECK(e.addr == high_base);
      CHECK(e.size == 448 * mib);
    }
  }
  CHECK(ram == 512 * mib - (mib - 0x9fc00));
}

TEST_CASE("kernels that are no PVH kernels or do not fit are one clear error") {
  Dram dram({64 * mib, high_base, 64 * mib});
  ElfWriter elf;
  auto error = [&](PvhBoot boot) -> std::string {
    try {
      load_pvh(boot, dram);
    } catch (const Error& e) {
      return e.what();
    }
    return "accepted";
  };
  SECTION("no note") {
    elf.load(0x200000, "x", 1);
    CHECK_THAT(error(boot_of(elf)), Catch::StartsWith("kernel.elf: ") && Catch::Contains("PHYS32_ENTRY"));
  }
  SECTION("outside memory") {
    elf.load(0x100000000, "x", 1).entry(0);
    CHECK_THAT(error(boot_of(elf)), Catch::Contains("below 4 GiB"));
    ElfWriter beyond;
    beyond.load(0x200000, "x", 1).load(64 * mib - 1, "yy", 2).entry(0x200000);
    CHECK_THAT(error(boot_of(beyond)), Catch::Contains("outside the machine's memory"));
  }
  SECTION("absurd memory size") {
    elf.load(0x200000, "x", u64{1} << 62).entry(0x200000);
    CHECK_THAT(error(boot_of(elf)), Catch::Contains("outside the machine's memory"));
  }
  SECTION("over the firmware's data") {
    elf.load(0xe0000, "x", 0x30000).entry(0xe0000);
    CHECK_THAT(error(boot_of(elf)), Catch::Contains("firmware"));
  }
  SECTION("entry outside the segments") {
    elf.load(0x200000, "x", 16).entry(0x200010);
    CHECK_THAT(error(boot_of(elf)), Catch::Contains("PVH entry 0x200010"));
  }
  SECTION("module too large, or over the kernel") {
    elf.load(0x200000, "x", 16).entry(0x200000);
    PvhBoot boot = boot_of(elf);
    boot.modules.push_back({"big", std::vector<u8>(64 * mib), ""});
    CHECK_THAT(error(boot), Catch::StartsWith("big: "));
    boot.modules[0].bytes.resize(63 * mib);
    CHECK_THAT(error(boot), Catch::StartsWith("big: "));
    boot.modules[0].bytes.resize(61 * mib);
    CHECK(error(boot) == "accepted");
  }
  SECTION("endless command line") {
    elf.load(0x200000, "x", 16).entry(0x200000);
    PvhBoot boot = boot_of(elf);
    boot.cmdline.assign(1 << 20, 'c');
    CHECK_THAT(error(boot), Catch::Contains("command lines are too long"));
  }
}

TEST_CASE("files that are no kernels are one clear error") {
  CHECK_THAT(rejection({}), Catch::StartsWith("kernel.elf: not an ELF"));
  CHECK_THAT(rejection(std::vector<u8>(4096, 'x')), Catch::StartsWith("kernel.elf: not an ELF"));
  ElfWriter elf;
  elf.load(0x200000, std::string(4096, 'c'), 8192).load(0x201000, "overlap", 16).entry(0x200000);
  CHECK_THAT(rejection(elf.bytes()), Catch::Contains("overlap"));
  ElfWriter wraps;
  wraps.load(~u64{0} - 10, "x", 4096).entry(0x200000);
  CHECK_THAT(rejection(wraps.bytes()), Catch::Contains("wraps"));
  ElfWriter none;
  none.entry(0x200000);
  CHECK_THAT(rejection(none.bytes()), Catch::Contains("nothing to load"));

  CHECK_THROWS_WITH(read_file("/nonexistent", 1), Catch::StartsWith("/nonexistent: "));
  CHECK_THROWS_WITH(read_file("/tmp", 1), Catch::Contains("not a regular file"));
  CHECK_THROWS_WITH(read_file("/dev/zero", 1), Catch::Contains("not a regular file"));
  TemporaryFile file("12345");
  CHECK(read_file(file.name(), 5).size() == 5);
  CHECK_THROWS_WITH(read_file(file.name(), 4), Catch::Contains("too large"));
}

TEST_CASE("every truncation of a kernel is refused or loads, and never crashes") {
  ElfWriter elf;
  elf.load(0x200000, std::string(300, 'c'), 4096).entry(0x200000);
  const std::vector<u8> whole = elf.bytes();
  for (size_t size = 0; size < whole.size(); ++size)
    CHECK_THAT(rejection({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}),
               Catch::StartsWith("kernel.elf: "));
  CHECK(rejection(whole) == "accepted");
}

TEST_CASE("corrupted kernels never crash the loader") {
  Dram dram({16 * mib, 0, 0});
  std::mt19937_64 random(1);
  unsigned accepted = 0;
  for (unsigned round = 0; round < 20'000; ++round) {
    ElfWriter elf(round & 1);
    elf.load(0x200000, std::string(64, 'c'), 4096).load(0x300000, "data", 64).entry(0x200000);
    std::vector<u8> bytes = elf.bytes();
    for (u64 flips = 1 + random() % 8; flips; --flips)
      bytes[random() % std::min<size_t>(bytes.size(), 320)] = static_cast<u8>(random() % 3 ? random() : 0xff);
    try {
      load_pvh({parse_elf("kernel.elf", std::move(bytes)), "", {}}, dram);
      ++accepted;
    } catch (const Error&) {
    }
  }
  CHECK(accepted > 0);
  CHECK(accepted < 20'000);
}

TEST_CASE("ACPI tables hang together") {
  constexpr u64 base = 0xe0000;
  const AcpiTables acpi = build_acpi(base, microvm_acpi(4, {22, 23}));
  auto sum = [](std::string_view bytes) {
    u8 total = 0;
    for (char c : bytes) total = static_cast<u8>(total + static_cast<u8>(c));
    return total;
  };
  auto u32_at = [](std::string_view s, size_t i) {
    u32 v;
    std::memcpy(&v, s.data() + i, 4);
    return v;
  };
  auto table_at = [&](u64 pa) {
    const std::string_view all(acpi.tables);
    return all.substr(pa - base, u32_at(all, pa - base + 4));
  };
  REQUIRE(acpi.rsdp.size() == 36);
  CHECK(acpi.tables.size() <= acpi_tables_end - acpi_tables_pa);
  CHECK(sum(std::string_view(acpi.rsdp).substr(0, 20)) == 0);
  CHECK(sum(acpi.rsdp) == 0);
  const auto xsdt = table_at(u32_at(acpi.rsdp, 24));
  const auto fadt = table_at(u32_at(xsdt, 36)), madt = table_at(u32_at(xsdt, 44));
  const auto dsdt = table_at(u32_at(fadt, 40));
  for (const auto& [table, name] :
       {std::pair{xsdt, "XSDT"}, {fadt, "FACP"}, {madt, "APIC"}, {dsdt, "DSDT"}}) {
    CHECK(table.substr(0, 4) == name);
    CHECK(sum(table) == 0);
  }
  CHECK(fadt.size() == 276);
  CHECK(u32_at(fadt, 112) == (1u << 20 | 1u << 10));
  CHECK(u32_at(fadt, 120) == 0xfea00202);
  CHECK(madt.size() == 44 + 4 * 8 + 2 * 12 + 6);
  CHECK(u32_at(madt, 36) == 0xfee00000);
  CHECK(dsdt.find("VR22") != dsdt.npos);
  CHECK(dsdt.find("VR23") != dsdt.npos);
  CHECK(dsdt.find("VR21") == dsdt.npos);
  CHECK(dsdt.find("LNRO0005") != dsdt.npos);
  CHECK(acpi.tables.find("OEMI") == acpi.tables.npos);
}

TEST_CASE("a table tells where the IOMMU is") {
  constexpr u64 base = 0xe0000;
  AcpiBoard board = microvm_acpi(1, {23});
  board.iommu = {0xfed90000, 24, 0x200, 0xfeb00000};
  const AcpiTables acpi = build_acpi(base, board);
  const auto at = [&](u64 place, auto out) {
    std::memcpy(&out, acpi.tables.data() + place, sizeof out);
    return out;
  };
  const std::size_t place = acpi.tables.find("OEMI");
  REQUIRE(place != acpi.tables.npos);
  CHECK(at(place + 4, u32{}) == 36 + 24);
  CHECK(at(place + 36, u64{}) == 0xfed90000);
  CHECK(at(place + 44, u32{}) == 24);
  CHECK(at(place + 48, u32{}) == 0x200);
  CHECK(at(place + 52, u64{}) == 0xfeb00000);
  const std::size_t xsdt = acpi.tables.find("XSDT");
  CHECK(at(xsdt + 4, u32{}) == 36 + 3 * 8);
  CHECK(at(xsdt + 36 + 16, u64{}) == base + place);
}
