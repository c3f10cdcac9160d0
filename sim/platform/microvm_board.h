// The board: everything of the machine between the cores and the outside, wired in the constructor.
//
//     cpus[i].out    ==> memory_bus ==> DRAM, I/O APICs, virtio-mmio slots, ACPI registers
//     cpus[i].io_out ==> port_bus   ==> 16550, 8254, 8259 pair, RTC, debug exit
#pragma once
#include <memory>
#include <vector>

#include "sim/cpu_x86/cpu.h"
#include "sim/platform/bus/bus.h"
#include "sim/platform/bus/dram_port.h"
#include "sim/platform/bus/register_port.h"
#include "sim/platform/device/pit8254.h"
#include "sim/platform/device/power.h"
#include "sim/platform/device/rtc146818.h"
#include "sim/platform/device/uart16550.h"
#include "sim/platform/dma.h"
#include "sim/platform/dram.h"
#include "sim/platform/interrupt_fabric.h"
#include "sim/platform/machine.h"
#include "sim/platform/virtio/virtio_block.h"
#include "sim/platform/virtio/virtio_console.h"
#include "sim/platform/virtio/virtio_mmio.h"

namespace xs::platform {

/// What the board asks of the simulation's owner.
class StopRequests {
 public:
  virtual ~StopRequests() = default;
  virtual void exit(u32 value) = 0;
  virtual void reset() = 0;
  virtual void triple_fault() = 0;
};

class Board {
 public:
  Board(const MachineConfig& config, Dram& dram, CpuObserver* observer, StopRequests& stop);

  // Devices occupy virtio-mmio slots from the last one down, in call order, as QEMU fills them.
  void add_disk(const std::string& file, bool read_only);
  void add_console(ConsoleSink* sink);
  /// Describes the cores and the devices added so far.
  void write_acpi();
  /// Some device will act by itself: finish a transfer, raise an interrupt that is not masked.
  bool device_activity() const;

  const MachineConfig config;
  Dram& dram;
  SimHost host;
  x86::ApicBus apic_bus;
  InterruptFabric interrupts;
  Dma dma;

  Uart16550 uart;
  Pit8254 pit;
  Rtc146818 rtc;
  DebugExit debug_exit;
  AcpiPower acpi_power;
  AcpiGed acpi_ged;

  std::vector<std::unique_ptr<VirtioMmio>> virtio_slots;
  std::vector<std::unique_ptr<VirtioBlock>> disks;
  std::vector<std::unique_ptr<VirtioConsole>> consoles;

  Bus memory_bus{"memory_bus"};
  Bus port_bus{"port_bus"};
  std::vector<std::unique_ptr<DramPort>> dram_ports;
  std::vector<std::unique_ptr<RegisterPort>> register_ports;
  std::vector<std::unique_ptr<x86::Cpu>> cpus;

 private:
  void plug(VirtioDevice& device);
  std::vector<unsigned> occupied_slots() const;
  void add_device(Bus& bus, const char* name, u64 base, u64 size, RegisterDevice& device);
  void add_cpus(CpuObserver* observer, StopRequests& stop);
};

}  // namespace xs::platform
