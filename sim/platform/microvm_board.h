// The x86-64 board.
//
//     cpus[i].out    ==> memory_bus ==> DRAM, I/O APICs, virtio-mmio slots, ACPI registers
//     cpus[i].io_out ==> port_bus   ==> 16550, 8254, 8259 pair, RTC, debug exit
#pragma once
#include "sim/cpu_x86/cpu.h"
#include "sim/platform/board.h"
#include "sim/platform/device/pit8254.h"
#include "sim/platform/device/rtc146818.h"
#include "sim/platform/interrupt_fabric.h"

namespace xs::platform {

class MicrovmBoard final : public Board {
 public:
  MicrovmBoard(const MachineConfig& config, Dram& dram, CpuObserver* observer, StopRequests& stop);

  void load(const BootImage& image) override;
  /// Describes the cores and the devices by ACPI tables.
  void start() override;
  bool deadlocked() const override;

  unsigned cpus() const override { return static_cast<unsigned>(cpus_.size()); }
  const CpuView& view(unsigned cpu) const override { return cpus_.at(cpu)->view(); }
  CpuControl& control(unsigned cpu) override { return cpus_.at(cpu)->control(); }
  u64 reg(unsigned cpu, const char* name) const override { return cpus_.at(cpu)->reg(name); }
  std::vector<std::string> registers(unsigned cpu) const override;
  std::vector<u64> callers(unsigned cpu) const override;
  u64 execution_hash(unsigned cpu) const override { return cpus_.at(cpu)->execution_hash(); }
  bool tlb_maps_for_user(unsigned cpu, u64 mfn) const override {
    return cpus_.at(cpu)->tlb_maps_for_user(mfn);
  }
  bool tlb_outlives_tables(unsigned cpu, u64 mfn) const override;
  MachineCounters counters() const override;
  void set_debugger(CpuDebugger* debugger) override;

 protected:
  void set_interrupt(unsigned gsi, bool asserted) override { interrupts_.set(gsi, asserted); }
  void invalidate_code(u64 pa, u64 size) override;

 private:
  void add_cpus(CpuObserver* observer, StopRequests& stop);
  bool device_activity() const;

  x86::ApicBus apic_bus_;
  InterruptFabric interrupts_;
  Pit8254 pit_;
  Rtc146818 rtc_;
  AcpiPower acpi_power_;
  AcpiGed acpi_ged_;
  std::vector<std::unique_ptr<x86::Cpu>> cpus_;
};

}  // namespace xs::platform
