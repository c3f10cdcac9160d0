#include "sim/platform/microvm_board.h"

#include <cstring>

#include "sim/core/error.h"
#include "sim/platform/firmware/acpi_tables.h"
#include "sim/platform/firmware/pvh_loader.h"
#include "sim/platform/microvm.h"

namespace xs::platform {
namespace {

u64 low_bytes(const Dram& dram) { return dram.ram().front().size; }
u64 high_bytes(const Dram& dram) { return dram.ram().size() > 1 ? dram.ram()[1].size : 0; }

}  // namespace

Board::Board(const MachineConfig& machine, Dram& memory, CpuObserver* observer, StopRequests& stop)
    : config(machine),
      dram(memory),
      interrupts(apic_bus),
      dma(memory,
          [this](u64 pa, u64 size) {
            for (auto& cpu : cpus) cpu->invalidate_code(pa, size);
          }),
      uart(host, interrupts.line(microvm::irq_com1)),
      pit(host, interrupts.line(microvm::irq_pit)),
      rtc(host, machine.wall_clock_s, low_bytes(memory), high_bytes(memory)),
      debug_exit([&stop](u32 value) { stop.exit(value); }),
      acpi_power([&stop] { stop.exit(0); }, [&stop] { stop.reset(); }) {
  for (const RamRange& range : dram.ram()) {
    dram_ports.push_back(std::make_unique<DramPort>(sc_core::sc_gen_unique_name("dram"), range));
    memory_bus.map(range.base, range.size, dram_ports.back()->in);
  }
  add_device(memory_bus, "ioapic0", microvm::ioapic[0], Ioapic::register_bytes, interrupts.ioapic(0));
  add_device(memory_bus, "ioapic1", microvm::ioapic[1], Ioapic::register_bytes, interrupts.ioapic(1));
  add_device(memory_bus, "acpi_ged", microvm::ged_events, AcpiGed::register_bytes, acpi_ged);
  add_device(memory_bus, "acpi_power", microvm::ged_power, AcpiPower::register_bytes, acpi_power);
  add_device(port_bus, "pic_master", microvm::pic_master, 2, interrupts.pic().command_data(0));
  add_device(port_bus, "pic_slave", microvm::pic_slave, 2, interrupts.pic().command_data(1));
  add_device(port_bus, "pic_elcr", microvm::pic_elcr, 2, interrupts.pic().trigger_control());
  add_device(port_bus, "pit", microvm::pit, Pit8254::register_bytes, pit);
  add_device(port_bus, "rtc", microvm::rtc, Rtc146818::register_bytes, rtc);
  add_device(port_bus, "debug_exit", microvm::debug_exit, DebugExit::register_bytes, debug_exit);
  add_device(port_bus, "uart", microvm::com1, Uart16550::register_bytes, uart);
  for (unsigned slot = 0; slot < microvm::virtio_slots; ++slot) {
    virtio_slots.push_back(std::make_unique<VirtioMmio>(dma, interrupts.line(microvm::virtio_gsi + slot)));
    add_device(memory_bus, ("virtio_mmio" + std::to_string(slot)).c_str(),
               microvm::virtio_base + slot * microvm::virtio_step, microvm::virtio_step,
               *virtio_slots.back());
  }
  add_cpus(observer, stop);
}

void Board::plug(VirtioDevice& device) {
  for (auto slot = virtio_slots.rbegin(); slot != virtio_slots.rend(); ++slot)
    if (!(*slot)->device()) return (*slot)->attach(device);
  throw Error("the machine has " + std::to_string(microvm::virtio_slots) +
              " slots for disks and consoles, all taken");
}

void Board::add_disk(const std::string& file, bool read_only) {
  const DiskTiming timing{config.disk_latency_ns, config.disk_bytes_per_s};
  const std::string serial = "disk" + std::to_string(disks.size());
  disks.push_back(std::make_unique<VirtioBlock>(host, dma, file, read_only, timing, serial));
  plug(*disks.back());
}

void Board::add_console(ConsoleSink* sink) {
  consoles.push_back(std::make_unique<VirtioConsole>(host, dma, sink));
  plug(*consoles.back());
}

std::vector<unsigned> Board::occupied_slots() const {
  std::vector<unsigned> slots;
  for (unsigned i = 0; i < virtio_slots.size(); ++i)
    if (virtio_slots[i]->device()) slots.push_back(i);
  return slots;
}

void Board::add_device(Bus& bus, const char* name, u64 base, u64 size, RegisterDevice& device) {
  register_ports.push_back(std::make_unique<RegisterPort>(name, device, host));
  bus.map(base, size, register_ports.back()->in);
}

void Board::add_cpus(CpuObserver* observer, StopRequests& stop) {
  const auto unmodelled = std::make_shared<x86::UnmodelledPlaces>();
  for (unsigned i = 0; i < config.cpus; ++i) {
    x86::CpuConfig c;
    c.unmodelled = unmodelled;
    c.id = i;
    c.cores = config.cpus;
    c.quantum = config.quantum;
    c.timing = config.timing;
    c.fidelity = config.fidelity;
    c.strict_alignment = config.strict_alignment;
    c.tlb = config.tlb;
    c.taps = config.taps;
    c.observer = observer;
    const std::string name = "cpu" + std::to_string(i);
    cpus.push_back(std::make_unique<x86::Cpu>(name.c_str(), c, dram, apic_bus));
    cpus.back()->out.bind(memory_bus.in);
    cpus.back()->io_out.bind(port_bus.in);
    cpus.back()->on_shutdown = [&stop] { stop.triple_fault(); };
  }
}

void Board::write_acpi() {
  const AcpiTables acpi = build_acpi(acpi_tables_pa, {config.cpus, occupied_slots()});
  std::memcpy(ram_bytes(dram, acpi_tables_pa, acpi_tables_end - acpi_tables_pa), acpi.tables.data(),
              acpi.tables.size());
  std::memcpy(ram_bytes(dram, rsdp_pa, acpi.rsdp.size()), acpi.rsdp.data(), acpi.rsdp.size());
}

bool Board::device_activity() const {
  for (const auto& disk : disks)
    if (disk->busy()) return true;
  return (pit.may_interrupt() && interrupts.routed(microvm::irq_pit)) ||
         (uart.may_interrupt() && interrupts.routed(microvm::irq_com1));
}

}  // namespace xs::platform
