// The IA-64 board: a DIG64 platform, its firmware in a ROM.
//
//     cpus[i].out ==> memory_bus ==> DRAM, I/O SAPIC, 16550, virtio-mmio slots, power
//                         |
//                         +== port space ==> port_bus ==> 16550, debug exit
#pragma once
#include "sim/cpu_ia64/cpu.h"
#include "sim/platform/board.h"
#include "sim/platform/bus/sparse_ports.h"
#include "sim/platform/device/iosapic.h"
#include "sim/platform/firmware/ia64_tables.h"

namespace xs::platform {

class Ia64Board final : public Board {
 public:
  Ia64Board(const MachineConfig& config, Dram& dram, CpuObserver* observer, StopRequests& stop);

  /// The first core starts at the entry, the others where firmware lets them wait.
  void load(const BootImage& image) override;
  void start() override;
  bool deadlocked() const override;

  unsigned cpus() const override { return static_cast<unsigned>(cpus_.size()); }
  const CpuView& view(unsigned cpu) const override { return cpus_.at(cpu)->core(); }
  CpuControl& control(unsigned cpu) override;
  void set_debugger(CpuDebugger* debugger) override;
  std::vector<std::string> registers(unsigned cpu) const override;
  std::vector<u64> callers(unsigned cpu) const override;
  u64 reg(unsigned cpu, const char* name) const override;
  u64 execution_hash(unsigned cpu) const override { return cpus_.at(cpu)->core().execution_hash(); }
  bool tlb_maps_for_user(unsigned cpu, u64 mfn) const override;
  std::vector<ReachablePage> tagged_pages(unsigned cpu) const override;
  MachineCounters counters() const override;

 protected:
  void set_interrupt(unsigned gsi, bool asserted) override { iosapic_.set_pin(gsi, asserted); }
  void invalidate_code(u64 pa, u64 size) override;

 private:
  void add_cpus(CpuObserver* observer, StopRequests& stop);
  bool device_activity() const;

  ia64::CoreGroup group_;
  Iosapic iosapic_;
  AcpiPower acpi_power_;
  Ia64Boot boot_;
  u64 rendezvous_;  ///< where the other processors start
  SparsePorts ports_{"port_space"};
  std::vector<std::unique_ptr<ia64::Cpu>> cpus_;
};

}  // namespace xs::platform
