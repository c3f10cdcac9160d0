// The boot CPU's way from the loader to the first guest.
#include "hypervisor/arch/x86_64/acpi.h"
#include "hypervisor/arch/x86_64/apic.h"
#include "hypervisor/arch/x86_64/backtrace.h"
#include "hypervisor/arch/x86_64/boot_memory.h"
#include "hypervisor/arch/x86_64/clock.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/descriptors.h"
#include "hypervisor/arch/x86_64/ioapic.h"
#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/arch/x86_64/mm_device_memory.h"
#include "hypervisor/arch/x86_64/paging.h"
#include "hypervisor/arch/x86_64/serial.h"
#include "hypervisor/arch/x86_64/smp.h"
#include "hypervisor/common/devices.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/iommu.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/taps.h"
#include "hypervisor/common/version.h"

extern "C"
    [[gnu::section(".xs_layout"), gnu::used]] const xs_layout xs_published_layout = {XS_LAYOUT_MAGIC,
                                                                                     XS_LAYOUT_VERSION,
                                                                                     sizeof(xs_frame),
                                                                                     hv::kFrameTable,
                                                                                     hv::kM2p,
                                                                                     hv::kDirectLow,
                                                                                     hv::kDirectHighBase,
                                                                                     hv::kDirectHigh,
                                                                                     0,
                                                                                     0};

namespace hv {
namespace {

unsigned cpu_limit() {
  char value[16];
  return cmdline_value(boot_memory.cmdline, "maxcpus=", value, sizeof(value))
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

extern "C" [[noreturn]] void boot_main(hv::u64 start_info) {
  using namespace hv;
  serial_init();
  print("xenoscope hypervisor, Xen ABI %u.%u\n", kAbiMajor, kAbiMinor);
  const Paddr rsdp = boot_memory_init(start_info);
  print("command line: %s\n", boot_memory.cmdline);

  paging_init(boot_memory);
  descriptors_cpu_init(0);
  print_memory();
  frame_table_init(boot_memory);
  paging_use_heap();
  mark(XS_MARK_BOOT, 1);

  apic_map();
  apic_cpu_init();
  cpus[0].arch.apic_id = apic_id();
  cpus[0].online = true;
  time_init();
  const AcpiTopology topology = acpi_read(rsdp);
  scheduler_init();
  scheduler_cpu_init(0);
  cpus[0].current = cpus[0].idle;
  ioapic_init(topology);
  arch_device_registers(kFirstDevicePage);  // its page table is there when a device is given away

  smp_start(topology, cpu_limit());
  print("Brought up %u CPUs\n", cpu_count);
  mark(XS_MARK_BOOT, 2);

  iommu_init(rsdp);
  dom0_build(boot_memory);
  boot_finish();
}
