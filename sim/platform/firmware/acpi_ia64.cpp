// Sources: ACPI 6.4 sections 5.2.12.9 (I/O SAPIC), 5.2.12.10 (local SAPIC). The processors' interrupt block
// is the MADT's "local interrupt controller address".
#include "sim/cpu_ia64/system/sapic.h"
#include "sim/platform/firmware/acpi_tables.h"
#include "sim/platform/firmware/aml.h"
#include "sim/platform/ia64_map.h"

namespace xs::platform {
namespace {

std::string madt(unsigned cpus) {
  struct [[gnu::packed]] LocalSapic {
    u8 type = 7, length = 18, processor, id, eid = 0, reserved[3] = {};
    u32 flags = 1, uid;
    char uid_text[2];
  };
  static_assert(sizeof(LocalSapic) == 18);
  struct [[gnu::packed]] IoSapic {
    u8 type = 6, length = 16, id = 0, reserved = 0;
    u32 first_gsi = 0;
    u64 address = ia64_map::iosapic;
  };
  static_assert(sizeof(IoSapic) == 16);
  std::string body = acpi_bytes(static_cast<u32>(ia64::interrupt_block)) + acpi_bytes(u32{0});
  for (unsigned i = 0; i < cpus; ++i) {
    LocalSapic l{.processor = static_cast<u8>(i), .id = static_cast<u8>(i), .uid = i, .uid_text = {}};
    l.uid_text[0] = static_cast<char>('0' + i);
    body += acpi_bytes(l);
  }
  return body + acpi_bytes(IoSapic{});
}

std::string serial_line() {
  const std::string crs =
      aml::memory32(static_cast<u32>(ia64_map::uart), 8) + aml::interrupt(isa::irq_com1, false);
  return aml::device("COM1", aml::name("_HID", aml::eisa_id("PNP0501")) + aml::name("_UID", aml::integer(1)) +
                                 aml::name("_STA", aml::integer(15)) +
                                 aml::name("_CRS", aml::resources(crs)));
}

}  // namespace

AcpiBoard ia64_acpi(unsigned cpus, const std::vector<unsigned>& virtio_slots) {
  return {.name = "IA64    ",
          .power = ia64_map::power,
          .devices = serial_line() +
                     acpi_virtio_devices({ia64_map::virtio_base, ia64_map::virtio_step, ia64_map::virtio_gsi},
                                         virtio_slots),
          .madt_revision = 3,
          .madt = madt(cpus)};
}

}  // namespace xs::platform
