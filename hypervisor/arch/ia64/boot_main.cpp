// The boot CPU's way from the loader to the first guest.
#include "hypervisor/arch/ia64/boot_memory.h"
#include "hypervisor/arch/ia64/clock.h"
#include "hypervisor/arch/ia64/firmware.h"
#include "hypervisor/arch/ia64/flush.h"
#include "hypervisor/arch/ia64/keys.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/sapic.h"
#include "hypervisor/arch/ia64/serial.h"
#include "hypervisor/arch/ia64/smp.h"
#include "hypervisor/arch/ia64/switch.h"
#include "hypervisor/arch/ia64/windows.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/iommu.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/taps.h"
#include "hypervisor/common/version.h"

extern "C" {
[[gnu::section(".xs_layout"), gnu::used]] const xs_layout xs_published_layout = {
    XS_LAYOUT_MAGIC,
    2,
    sizeof(xs_frame),
    hv::kFrameTable,
    hv::kM2p,
    hv::kDirect,
    0,
    0,
    reinterpret_cast<uint64_t>(hv::hv_windows),
    hv::kWindows};
void entry_init(hv::u64 stack, hv::PerCpu* cpu);
[[noreturn]] void boot_main(hv::Paddr parameters, hv::u64 number);
}

namespace hv {
namespace {

unsigned cpu_limit() {
  char value[16];
  return cmdline_value(boot_memory.cmdline, "maxcpus=", value, sizeof value)
             ? static_cast<unsigned>(parse_number(value))
             : kMaxCpus;
}

void print_memory() {
  u64 bytes = 0;
  for (unsigned i = 0; i < boot_memory.ram_count; ++i) {
    bytes += boot_memory.ram[i].end - boot_memory.ram[i].start;
    print("RAM %012lx-%012lx\n", boot_memory.ram[i].start, boot_memory.ram[i].end);
  }
  print("%lu MiB of RAM\n", bytes >> 20);
}

}  // namespace

void boot_finish() {
  domain_unpause_by_tools(dom0);
  print("ready: dom0 starts\n");
  schedule();
}

}  // namespace hv

void boot_main(hv::Paddr parameters, hv::u64) {
  using namespace hv;
  entry_init(stack_of(0), &cpus[0]);
  cpus[0].arch.region7 = HV_RR(HV_RID_IDLE + 7, 12);
  serial_init();
  print("xenoscope hypervisor, Xen ABI %u.%u\n", kAbiMajor, kAbiMinor);
  firmware_init(parameters);
  boot_memory_init();
  print("command line: %s\n", boot_memory.cmdline);
  print_memory();
  frame_table_init(boot_memory);
  mark(XS_MARK_BOOT, 1);

  sapic_cpu_init();
  keys_init();
  cpus[0].online = true;
  time_init();
  flush_init();
  scheduler_init();
  scheduler_cpu_init(0);
  cpus[0].current = cpus[0].idle;
  topology_init();

  smp_start(cpu_limit());
  print("Brought up %u CPUs\n", cpu_count);
  mark(XS_MARK_BOOT, 2);

  iommu_init(firmware_rsdp());
  dom0_build(boot_memory);
  boot_finish();
}
