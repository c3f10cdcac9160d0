// Sources: ACPI 6.4 sections 5.2.5 (RSDP), 5.2.6 (header), 5.2.8 (XSDT), 5.2.9 (FADT), 5.2.12 (MADT).
#include "sim/platform/firmware/acpi_tables.h"

#include <cstring>

#include "hypervisor/abi/iommu.h"
#include "sim/platform/device/power.h"
#include "sim/platform/firmware/aml.h"

namespace xs::platform {
namespace {

struct [[gnu::packed]] Header {
  char signature[4];
  u32 length;
  u8 revision, checksum;
  char oem_id[6], oem_table_id[8];
  u32 oem_revision;
  char creator_id[4];
  u32 creator_revision;
};
static_assert(sizeof(Header) == 36);

struct [[gnu::packed]] GenericAddress {
  u8 space = 0, bit_width = 0, bit_offset = 0, access = 0;
  u64 address = 0;
};

struct [[gnu::packed]] Fadt {
  u32 facs = 0, dsdt = 0;
  u8 legacy_registers[64] = {};
  u8 century = 0;
  u16 boot_flags = 0;
  u8 reserved = 0;
  u32 flags = 0;
  GenericAddress reset_register;
  u8 reset_value = 0;
  u16 arm_flags = 0;
  u8 minor_version = 0;
  u64 x_facs = 0, x_dsdt = 0;
  GenericAddress fixed_registers[8];  ///< all absent: hardware-reduced
  GenericAddress sleep_control, sleep_status;
  u64 hypervisor_vendor = 0;
};
static_assert(sizeof(Header) + offsetof(Fadt, flags) == 112 &&
              sizeof(Header) + offsetof(Fadt, x_dsdt) == 140);
static_assert(sizeof(Header) + sizeof(Fadt) == 276);

struct [[gnu::packed]] Rsdp {
  char signature[8];
  u8 checksum;
  char oem_id[6];
  u8 revision;
  u32 rsdt, length;
  u64 xsdt;
  u8 extended_checksum, reserved[3];
};
static_assert(sizeof(Rsdp) == 36);

std::string dsdt(const AcpiBoard& board) {
  const std::string s5 =
      aml::integer(AcpiPower::sleep_type_s5) + aml::integer(0) + aml::integer(0) + aml::integer(0);
  return acpi_table(
      "DSDT", 2, board.name,
      aml::scope("_SB", board.devices) + aml::scope("\\", aml::name("_S5", aml::package(4, s5))));
}

std::string fadt(u64 dsdt_pa, const AcpiBoard& board) {
  constexpr u32 reset_supported = 1 << 10, hardware_reduced = 1 << 20;
  auto register8 = [](u64 address) { return GenericAddress{0, 8, 0, 0, address}; };
  Fadt f;
  f.dsdt = static_cast<u32>(dsdt_pa);
  f.x_dsdt = dsdt_pa;
  f.flags = reset_supported | hardware_reduced;
  f.sleep_control = register8(board.power);
  f.sleep_status = register8(board.power + 1);
  f.reset_register = register8(board.power + 2);
  f.reset_value = AcpiPower::reset_value;
  return acpi_table("FACP", 6, board.name, acpi_bytes(f));
}

}  // namespace

u8 acpi_checksum(std::string_view bytes) {
  u8 sum = 0;
  for (char c : bytes) sum = static_cast<u8>(sum + static_cast<u8>(c));
  return static_cast<u8>(-sum);
}

std::string acpi_table(const char* signature, u8 revision, const char* board, const std::string& body) {
  Header h{};
  std::memcpy(h.signature, signature, 4);
  std::memcpy(h.oem_id, "XENSCO", 6);
  std::memcpy(h.oem_table_id, board, 8);
  std::memcpy(h.creator_id, "XSCP", 4);
  h.length = static_cast<u32>(sizeof h + body.size());
  h.revision = revision;
  h.oem_revision = h.creator_revision = 1;
  std::string all = acpi_bytes(h) + body;
  all[offsetof(Header, checksum)] = static_cast<char>(acpi_checksum(all));
  return all;
}

std::string acpi_virtio_devices(const VirtioPlaces& places, const std::vector<unsigned>& slots) {
  std::string devices;
  for (const unsigned slot : slots) {
    const std::string path =
        std::string("VR") + static_cast<char>('0' + slot / 10) + static_cast<char>('0' + slot % 10);
    const u64 base = places.base + slot * places.step;
    const std::string crs = aml::memory32(static_cast<u32>(base), static_cast<u32>(places.step)) +
                            aml::interrupt(places.gsi + slot, true);
    devices +=
        aml::device(path, aml::name("_HID", aml::text("LNRO0005")) + aml::name("_UID", aml::integer(slot)) +
                              aml::name("_CCA", aml::integer(1)) + aml::name("_CRS", aml::resources(crs)));
  }
  return devices;
}

AcpiTables build_acpi(u64 base, const AcpiBoard& board) {
  AcpiTables out;
  auto place = [&](const std::string& t) {
    const u64 at = base + out.tables.size();
    out.tables += t;
    out.tables.resize((out.tables.size() + 15) & ~size_t{15});
    return at;
  };
  const u64 fadt_pa = place(fadt(place(dsdt(board)), board));
  const u64 madt_pa = place(acpi_table("APIC", board.madt_revision, board.name, board.madt));
  std::string entries = acpi_bytes(fadt_pa) + acpi_bytes(madt_pa);
  if (board.iommu.registers)
    entries +=
        acpi_bytes(place(acpi_table(XS_IOMMU_ACPI_TABLE, 1, board.name,
                                    acpi_bytes(board.iommu.registers) + acpi_bytes(board.iommu.slots) +
                                        acpi_bytes(board.iommu.step) + acpi_bytes(board.iommu.first))));
  const u64 xsdt_pa = place(acpi_table("XSDT", 1, board.name, entries));

  Rsdp r{};
  std::memcpy(r.signature, "RSD PTR ", 8);
  std::memcpy(r.oem_id, "XENSCO", 6);
  r.revision = 2;
  r.length = sizeof r;
  r.xsdt = xsdt_pa;
  out.rsdp = acpi_bytes(r);
  out.rsdp[offsetof(Rsdp, checksum)] =
      static_cast<char>(acpi_checksum(std::string_view(out.rsdp).substr(0, 20)));
  out.rsdp[offsetof(Rsdp, extended_checksum)] = static_cast<char>(acpi_checksum(out.rsdp));
  return out;
}

}  // namespace xs::platform
