// EFI runtime services but those of time (UEFI specification, chapter 8). There are no variables.
#include "guests/ia64/firmware/efi.h"

namespace firmware {
namespace {

constexpr u64 exit_port = 0xf4, power = 0xfea00200;
constexpr u64 port(u64 number) { return PORT_SPACE | number >> 2 << 12 | (number & 0xfff); }

/// Where the operating system wants what lies at `physical`.
struct Map {
  const u8* descriptors;
  u64 bytes, step;

  bool convert(u64& address) const {
    for (u64 at = 0; at + step <= bytes; at += step) {
      const auto* d = reinterpret_cast<const MemoryDescriptor*>(descriptors + at);
      if ((d->attribute & runtime) == 0 || address - d->physical >= d->pages * page_size) continue;
      address += d->virtual_address - d->physical;
      return true;
    }
    return false;
  }
  template <class T>
  bool convert(T*& pointer) const {
    u64 address = reinterpret_cast<u64>(pointer);
    const bool found = convert(address);
    pointer = reinterpret_cast<T*>(address);
    return found;
  }
};

/// Bit by bit: it is computed twice in a machine's life.
u32 crc32(const void* data, u64 size) {
  constexpr u32 polynomial = 0xedb88320;
  u32 crc = ~0u;
  for (u64 i = 0; i < size; ++i) {
    crc ^= static_cast<const u8*>(data)[i];
    for (unsigned bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? polynomial : 0);
  }
  return ~crc;
}

void seal(Header& header) {
  header.crc32 = 0;
  header.crc32 = crc32(&header, header.size);
}

/// Everything is converted or nothing: first for trial.
bool convert_all(const Map& map, SystemTable& table, bool trial) {
  RuntimeServices& services = *table.runtime;
  bool all = true;
  for (Function*& pointer : services.service) {
    Function function = *pointer;
    Function* moved = pointer;
    all = all && map.convert(function.entry) && map.convert(function.gp) && map.convert(moved);
    if (trial) continue;
    *pointer = function;
    pointer = moved;
  }
  SystemTable converted = table;
  all = all && map.convert(converted.vendor) && map.convert(converted.runtime) &&
        map.convert(converted.table_list);
  if (trial) return all;
  table.vendor = converted.vendor;
  table.runtime = converted.runtime;
  table.table_list = converted.table_list;
  seal(services.header);
  seal(table.header);
  return all;
}

}  // namespace

extern "C" {

Status set_virtual_address_map(u64 bytes, u64 step, u32 version, const u8* descriptors) {
  if (firmware_data.is_virtual) return unsupported;
  if (version != 1 || step < sizeof(MemoryDescriptor)) return invalid_parameter;
  auto& table = *reinterpret_cast<SystemTable*>(firmware_data.system_table);
  const Map map{descriptors, bytes, step};
  if (!convert_all(map, table, true)) return not_found;
  convert_all(map, table, false);
  firmware_data.is_virtual = true;
  return success;
}

/// For what firmware itself keeps, while the map is being set: nobody else is called then.
Status convert_pointer(u64, u64**) { return unsupported; }

Status get_variable(const u16* name, const void* vendor, u32*, u64* size, void*) {
  return name == nullptr || vendor == nullptr || size == nullptr ? invalid_parameter : not_found;
}
Status get_next_variable_name(u64* size, u16* name, void* vendor) {
  return name == nullptr || vendor == nullptr || size == nullptr ? invalid_parameter : not_found;
}
Status set_variable(const u16* name, const void* vendor, u32, u64, const void*) {
  return name == nullptr || vendor == nullptr || name[0] == 0 ? invalid_parameter : write_protected;
}

Status get_next_high_monotonic_count(u32* count) {
  if (count == nullptr) return invalid_parameter;
  *count = ++firmware_data.monotonic_high;
  return success;
}

/// Shutdown by the exit port, with 0; the rest by the register that the FADT names.
void reset_system(u32 kind, Status, u64, const void*) {
  constexpr u32 shutdown = 2;
  constexpr u64 reset_register = power + 2, reset_value = 0x42;
  for (;;) {
    if (kind == shutdown)
      store_device(port(exit_port), 0, 4);
    else
      store_device(reset_register, reset_value, 1);
  }
}
}

}  // namespace firmware
