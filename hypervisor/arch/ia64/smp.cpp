// Other CPUs, and what the MADT says of them (ACPI 6.4, 5.2.12; SAL specification 3.2.6 and 9,
// SAL_SET_VECTORS).
#include "hypervisor/arch/ia64/smp.h"

#include "hypervisor/arch/ia64/clock.h"
#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/firmware.h"
#include "hypervisor/arch/ia64/keys.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/sapic.h"
#include "hypervisor/arch/ia64/switch.h"
#include "hypervisor/common/acpi.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/sched.h"
#include "hypervisor/common/timer.h"

extern "C" {
extern char ap_physical[];
hv::u64 ap_number;  // boot.S
void entry_init(hv::u64 stack, hv::PerCpu* cpu);
[[noreturn]] void ap_main(hv::u64 unused, hv::u64 number);
}

namespace hv {
namespace {

constexpr Nanoseconds kPatience = 1'000'000'000;
u32 sapic_ids[16];
unsigned sapic_count;

template <typename T>
T field(const u8* entry, unsigned offset) {
  T value;
  memcpy(&value, entry + offset, sizeof(T));
  return value;
}

bool start_cpu(unsigned cpu, u32 id) {
  cpus[cpu].id = cpu;
  cpus[cpu].arch.sapic_id = id;
  scheduler_cpu_init(cpu);
  __atomic_store_n(&ap_number, u64{cpu}, __ATOMIC_SEQ_CST);
  sapic_send(id, static_cast<u8>(firmware_wake_vector()));
  const Nanoseconds limit = arch_system_time() + kPatience;
  while (arch_system_time() < limit)
    if (__atomic_load_n(&cpus[cpu].online, __ATOMIC_ACQUIRE)) return true;
  return false;
}

}  // namespace

void topology_init() {
  constexpr u8 kIoSapic = 6, kLocalSapic = 7;
  const AcpiHeader* madt = acpi_find_table(firmware_rsdp(), "APIC");
  if (madt == nullptr) panic("firmware: no ACPI processor table");
  const u8* entry = reinterpret_cast<const u8*>(madt + 1) + 8;  // interrupt block, flags
  const u8* end = reinterpret_cast<const u8*>(madt) + madt->length;
  for (; entry + 2 <= end && entry[1] >= 2; entry += entry[1]) {
    if (entry[0] == kLocalSapic && (field<u32>(entry, 8) & 1) && sapic_count < count_of(sapic_ids))
      sapic_ids[sapic_count++] = u32{entry[3]} << 8 | entry[4];
    if (entry[0] == kIoSapic) iosapic_init(field<u64>(entry, 8), field<u32>(entry, 4));
  }
}

void smp_start(unsigned limit) {
  limit = min_of(limit, kMaxCpus);
  const u64 gp = HV_READ("gp");
  if (sal_call(kSalSetVectors, 2, virt_to_phys(ap_physical), virt_to_phys(reinterpret_cast<void*>(gp)))
          .status != 0) {
    print("SAL takes no address for other processors\n");
    return;
  }
  for (unsigned i = 0; i < sapic_count && cpu_count < limit; ++i) {
    if (sapic_ids[i] == cpus[0].arch.sapic_id) continue;
    if (!start_cpu(cpu_count, sapic_ids[i])) {
      print("CPU with local SAPIC id %x does not start\n", sapic_ids[i]);
      continue;
    }
    ++cpu_count;
  }
}

}  // namespace hv

void ap_main(hv::u64, hv::u64 number) {
  using namespace hv;
  PerCpu& cpu = cpus[number];
  entry_init(stack_of(cpu.id), &cpu);
  cpu.arch.region7 = HV_RR(HV_RID_IDLE + 7, 12);
  sapic_cpu_init();
  keys_init();
  cpu.current = cpu.idle;
  __atomic_store_n(&cpu.online, true, __ATOMIC_RELEASE);
  schedule();
}
