// Sources: ACPI 6.4 section 5.2.12 (MADT); the devices are those that QEMU 7.2 shows on microvm.
#include "sim/platform/firmware/acpi_tables.h"
#include "sim/platform/firmware/aml.h"
#include "sim/platform/microvm.h"

namespace xs::platform {
namespace {

std::string isa_device(const char* path, const char* id, const std::string& extra, u64 port, u8 count,
                       unsigned irq) {
  return aml::device(path, aml::name("_HID", aml::eisa_id(id)) + extra +
                               aml::name("_CRS", aml::resources(aml::io_ports(static_cast<u16>(port), count) +
                                                                aml::irq(irq))));
}

std::string madt(unsigned cpus) {
  struct [[gnu::packed]] LocalApic {
    u8 type = 0, length = 8, processor, id;
    u32 flags = 1;
  };
  struct [[gnu::packed]] IoApic {
    u8 type = 1, length = 12, id, reserved = 0;
    u32 address, first_gsi;
  };
  struct [[gnu::packed]] LocalNmi {
    u8 type = 4, length = 6, processor = 0xff;
    u16 flags = 0;
    u8 lint = 1;
  };
  constexpr u32 dual_8259 = 1;
  std::string body = acpi_bytes(static_cast<u32>(microvm::local_apic)) + acpi_bytes(dual_8259);
  for (unsigned i = 0; i < cpus; ++i)
    body += acpi_bytes(LocalApic{.processor = static_cast<u8>(i), .id = static_cast<u8>(i)});
  for (u8 i = 0; i < 2; ++i)
    body +=
        acpi_bytes(IoApic{.id = i, .address = static_cast<u32>(microvm::ioapic[i]), .first_gsi = i * 24u});
  return body + acpi_bytes(LocalNmi{});
}

}  // namespace

AcpiBoard microvm_acpi(unsigned cpus, const std::vector<unsigned>& virtio_slots) {
  AcpiBoard board{.name = "MICROVM ", .power = microvm::ged_power, .devices = {}, .madt = madt(cpus)};
  board.devices =
      isa_device("COM1", "PNP0501", aml::name("_UID", aml::integer(1)) + aml::name("_STA", aml::integer(15)),
                 isa::com1, 8, isa::irq_com1) +
      isa_device("RTC", "PNP0B00", "", microvm::rtc, 2, microvm::irq_rtc) +
      acpi_virtio_devices({microvm::virtio_base, microvm::virtio_step, microvm::virtio_gsi}, virtio_slots);
  return board;
}

}  // namespace xs::platform
