#include "guests/ia64/lib/firmware.h"

extern "C" const bare::BootParameters* boot_parameters;  // start.S
extern "C" void _start();

namespace bare {
namespace {

struct [[gnu::packed]] AcpiHeader {
  char signature[4];
  u32 length;
  u8 rest[28];
};
static_assert(sizeof(AcpiHeader) == 36);

constexpr u64 guids[][2] = {{0x11d3e4f18868e871, 0x81883cc7800022bc},
                            {0x11d32d88eb9d2d32, 0x4dc13f279000169a},
                            {0x42ef620bf951938d, 0x987861794ba87982}};

template <class T>
T at(u64 address) {
  T value;
  memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}

}  // namespace

const BootParameters& boot() { return *boot_parameters; }

u64 find_table(Table which) {
  const SystemTable& system = *boot().system_table;
  for (u64 n = 0; n < system.table_count; ++n)
    if (system.tables[n].guid[0] == guids[which][0] && system.tables[n].guid[1] == guids[which][1])
      return system.tables[n].table;
  return 0;
}

u64 find_acpi(const char* signature) {
  constexpr u64 xsdt_in_rsdp = 24;
  const u64 xsdt = at<u64>(find_table(acpi_20) + xsdt_in_rsdp);
  for (u64 entry = sizeof(AcpiHeader); entry < at<AcpiHeader>(xsdt).length; entry += 8)
    if (memcmp(reinterpret_cast<const void*>(at<u64>(xsdt + entry)), signature, 4) == 0)
      return at<u64>(xsdt + entry);
  return 0;
}

EntryPoints entry_points() {
  constexpr u64 sizes[] = {48, 32, 16, 32, 16, 16};  // of the descriptors, by type
  constexpr u8 entry_point = 0, wake_up = 5;
  const u64 table = find_table(sal_system_table);
  EntryPoints found{};
  u64 entry = table + 96;
  for (unsigned n = at<u16>(table + 10); n != 0; --n) {
    const u8 type = at<u8>(entry);
    if (type == entry_point) found.pal_proc = at<u64>(entry + 8), found.sal_proc = at<Function>(entry + 16);
    if (type == wake_up) found.wake_vector = at<u64>(entry + 8);
    entry += sizes[type];
  }
  return found;
}

u64 wake_others() {
  constexpr u64 set_vectors = 0x01000000, boot_rendezvous = 2;
  constexpr u8 local_sapic = 7;
  const EntryPoints to = entry_points();
  const u64* start = reinterpret_cast<const u64*>(&_start);
  function<SalProcedure>(to.sal_proc)(set_vectors, boot_rendezvous, start[0], start[1], 0, 0, 0, 0);
  const u64 own = BARE_READ("cr.lid") >> 24, madt = find_acpi("APIC");
  u64 woken = 0;
  for (u64 entry = madt + 44; entry < madt + at<AcpiHeader>(madt).length; entry += at<u8>(entry + 1)) {
    const u64 id = at<u8>(entry + 3), eid = at<u8>(entry + 4);
    if (at<u8>(entry) != local_sapic || id == own) continue;
    write<u64>(interrupt_block | id << 12 | eid << 4, to.wake_vector);
    ++woken;
  }
  return woken;
}

}  // namespace bare
