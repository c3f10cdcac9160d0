#include "hypervisor/arch/ia64/firmware.h"

#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/common/acpi.h"
#include "hypervisor/common/iommu.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/print.h"

namespace hv {
namespace {

/// As C++ calls it: an address of code and the gp that goes with it.
struct Function {
  u64 entry, gp;
};
using SalProcedure = FirmwareResult(u64, u64, u64, u64, u64, u64, u64, u64);

const BootParameters* parameters;
Paddr rsdp;
u64 pal_proc, wake_vector;
Function sal_proc, get_time;

constexpr u64 kAcpi20[] = {0x11d3e4f18868e871, 0x81883cc7800022bc};
constexpr u64 kSalTable[] = {0x11d32d88eb9d2d32, 0x4dc13f279000169a};

template <typename T>
T read(Paddr address) {
  T value;
  memcpy(&value, phys_to_virt(address), sizeof(T));
  return value;
}

/// Firmware's physical addresses, where the hypervisor sees them.
Function mapped(Function physical) { return {kDirect + physical.entry, kDirect + physical.gp}; }

void read_sal_table(Paddr table) {
  constexpr u64 kBytes[] = {48, 32, 16, 32, 16, 16};  // of the descriptors, by type
  constexpr u8 kEntryPoint = 0, kWakeUp = 5;
  Paddr entry = table + 96;
  for (unsigned n = read<u16>(table + 10); n != 0; --n) {
    const u8 type = read<u8>(entry);
    if (type >= count_of(kBytes)) panic("SAL: descriptor of unknown type %u", type);
    if (type == kEntryPoint) {
      pal_proc = kDirect + read<u64>(entry + 8);
      sal_proc = mapped(read<Function>(entry + 16));
    }
    if (type == kWakeUp) wake_vector = read<u64>(entry + 8);
    entry += kBytes[type];
  }
}

/// A descriptor as a pointer to a function. The compiler may not see where it comes from: it would call the
/// object.
template <typename Procedure>
Procedure* procedure(const Function& descriptor) {
  const Function* p = &descriptor;
  asm("" : "+r"(p));
  return reinterpret_cast<Procedure*>(const_cast<Function*>(p));
}

u64 days_from_civil(u32 year, u32 month, u32 day) {
  // Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that start in March.
  const u32 y = month <= 2 ? year - 1 : year;
  const u32 m = month <= 2 ? month + 9 : month - 3;
  return 365ull * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

extern "C" FirmwareResult pal_static(u64 pal, u64 index, u64 a1, u64 a2, u64 a3);

}  // namespace

void firmware_init(Paddr address) {
  constexpr Paddr kRuntimeServices = 88, kTableCount = 104, kTables = 112, kGetTime = 24;  // 64-bit layouts
  parameters = static_cast<const BootParameters*>(phys_to_virt(address));
  const Paddr system = parameters->system_table;
  const Paddr tables = read<u64>(system + kTables);
  for (u64 n = 0; n < read<u64>(system + kTableCount); ++n) {
    const Paddr table = tables + n * 24;
    if (memcmp(phys_to_virt(table), kAcpi20, 16) == 0) rsdp = read<u64>(table + 16);
    if (memcmp(phys_to_virt(table), kSalTable, 16) == 0) read_sal_table(read<u64>(table + 16));
  }
  if (pal_proc == 0 || sal_proc.entry == kDirect) panic("firmware: no SAL system table");
  get_time = mapped(read<Function>(read<u64>(read<u64>(system + kRuntimeServices) + kGetTime)));
}

const BootParameters& boot_parameters() { return *parameters; }
Paddr firmware_rsdp() { return rsdp; }
u64 firmware_wake_vector() { return wake_vector; }

FirmwareResult pal_call(u64 index, u64 a1, u64 a2, u64 a3) { return pal_static(pal_proc, index, a1, a2, a3); }

FirmwareResult sal_call(u64 function, u64 a1, u64 a2, u64 a3) {
  return procedure<SalProcedure>(sal_proc)(function, a1, a2, a3, 0, 0, 0, 0);
}

u64 firmware_wall_clock() {
  struct {
    u16 year;
    u8 month, day, hour, minute, second, pad;
    u32 nanosecond;
    u16 zone;
    u8 daylight, pad2;
  } time;
  if (procedure<s64(void*, void*)>(get_time)(&time, nullptr) != 0) return 0;
  return days_from_civil(time.year, time.month, time.day) * 86400 + time.hour * 3600ull +
         time.minute * 60ull + time.second;
}

const void* arch_map_table(Paddr address, u64) { return phys_to_virt(address); }
volatile u32* arch_map_device(Paddr address) { return &device<u32>(address); }

}  // namespace hv
