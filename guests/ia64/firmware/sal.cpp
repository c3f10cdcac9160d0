// SAL_PROC (Itanium Processor Family System Abstraction Layer Specification, chapter 9). The machine has
// neither caches that would have to be flushed, nor errors, nor PCI.
#include "guests/ia64/firmware/firmware.h"

namespace firmware {
namespace {

enum Status : int64_t { not_implemented = -1, invalid = -2, no_information = -5, bad_entry = -7 };

enum Function : u64 {
  set_vectors = 0x01000000,
  get_state_info,
  get_state_info_size,
  clear_state_info,
  mc_rendez,
  mc_set_params,
  register_physical_address,
  cache_flush = 0x01000008,
  cache_init,
  pci_config_read = 0x01000010,
  pci_config_write,
  freq_base,
  physical_id_info,
  update_pal = 0x01000020
};

bool in(u64 value, u64 low, u64 high) { return value - low <= high - low; }

/// Vectors of machine check and INIT are taken note of by nobody: neither reaches an operating system here.
Result vectors(u64 type, u64 entry, u64 gp) {
  constexpr u64 boot_rendezvous = 2;
  if (type > boot_rendezvous) return {invalid};
  if ((entry & 15) != 0) return {bad_entry};
  if (type == boot_rendezvous) {
    firmware_data.rendezvous_gp = gp;
    asm volatile("mf;;" ::: "memory");
    firmware_data.rendezvous_entry = entry;
  }
  return {};
}

/// Parameter: rendezvous interrupt, wake-up, corrected platform errors. Mechanism: interrupt, memory.
Result parameters(u64 parameter, u64 mechanism, u64 value) {
  constexpr u64 by_interrupt = 1;
  if (!in(parameter, 1, 3) || !in(mechanism, 1, 2)) return {invalid};
  return {mechanism == by_interrupt && !in(value, 16, 255) ? int64_t{invalid} : 0};
}

/// As of a bus without devices: all ones.
Result pci_read(u64 address, u64 size) {
  if ((size != 1 && size != 2 && size != 4) || (address & (size - 1)) != 0) return {invalid};
  return {0, ~u64{0} >> (64 - 8 * size)};
}

Result frequency(u64 clock) {
  constexpr u64 platform = 0, interval_timer = 1, real_time_clock = 2;
  if (clock == platform) return {0, firmware_data.base_hz, 0};
  return {clock == interval_timer || clock == real_time_clock ? not_implemented : invalid};
}

}  // namespace

extern "C" Result sal_service(u64 function, u64 a1, u64 a2, u64 a3, u64, u64, u64, u64) {
  constexpr u64 record_header = 40;  // the smallest error record
  switch (function) {
    case set_vectors:
      return vectors(a1, a2, a3);
    case get_state_info:
      return {a1 <= 3 ? no_information : invalid};
    case get_state_info_size:
      if (a1 > 3) return {invalid};
      return {0, record_header};
    case clear_state_info:
      return {a1 <= 3 ? 0 : int64_t{invalid}};
    case mc_rendez:  // no machine check is going on that one could wait for
    case physical_id_info:
      return {};
    case mc_set_params:
      return parameters(a1, a2, a3);
    case register_physical_address:
      return {a1 == 0 ? 0 : int64_t{invalid}};
    case cache_flush:
      return {in(a1, 1, 4) ? 0 : int64_t{invalid}};
    case cache_init:
      return {};
    case pci_config_read:
      return pci_read(a1, a2);
    case pci_config_write:
      return {pci_read(a1, a2).status};
    case freq_base:
      return frequency(a1);
    case update_pal:
      return {not_implemented};
    default:
      return refuse(REFUSED_SAL, function);
  }
}

}  // namespace firmware
