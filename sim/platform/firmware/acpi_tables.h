// The ACPI tables of a machine: hardware-reduced, and only devices in the DSDT that a kernel cannot guess.
//
//     RSDP --> XSDT --> FADT --> DSDT (the board's devices, \_S5)
//                  |--> MADT (the board's processors and interrupt controllers)
//                  `--> OEMI (where the IOMMU is, if there is one)
//
// Those of the x86-64 machine are QEMU's microvm's.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/types.h"

namespace xs::platform {

/// Registers of the IOMMU (hypervisor/abi/iommu.h); 0: there is none.
struct IommuPlace {
  u64 registers = 0;
  u32 slots = 0, step = 0;  ///< devices that it guards, and how far apart their registers are
  u64 first = 0;            ///< registers of slot 0
};

/// What differs between boards.
struct AcpiBoard {
  const char* name;     ///< OEM table id, 8 characters
  u64 power = 0;        ///< AcpiPower's registers
  std::string devices;  ///< AML below \_SB
  u8 madt_revision = 1;
  std::string madt;  ///< behind its header
  IommuPlace iommu{};
};
AcpiBoard microvm_acpi(unsigned cpus, const std::vector<unsigned>& virtio_slots);
AcpiBoard ia64_acpi(unsigned cpus, const std::vector<unsigned>& virtio_slots);

struct AcpiTables {
  std::string tables;  ///< to be placed at `base`
  std::string rsdp;    ///< 36 bytes, to be placed on a 16-byte boundary
};

AcpiTables build_acpi(u64 base, const AcpiBoard& board);

// What tables are made of.
template <class T>
std::string acpi_bytes(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
/// What makes the sum of all bytes 0.
u8 acpi_checksum(std::string_view bytes);
/// Header, with its checksum, and `body`; `board`: OEM table id, 8 characters.
std::string acpi_table(const char* signature, u8 revision, const char* board, const std::string& body);

struct VirtioPlaces {
  u64 base = 0, step = 0;
  unsigned gsi = 0;
};
/// A device (`LNRO0005`) for each of these slots.
std::string acpi_virtio_devices(const VirtioPlaces& places, const std::vector<unsigned>& slots);

}  // namespace xs::platform
