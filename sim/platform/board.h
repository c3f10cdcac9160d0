// A board: everything of the machine between the cores and the outside, wired in the constructor. What all
// boards have is here; processors, interrupt controllers and addresses are the derived class's.
//
//     cores ==> memory_bus ==> DRAM, virtio-mmio slots, ...
//       |  ...> port_bus   ==> 16550, exit port, ...
//       v
//     MicrovmBoard (x86-64), Ia64Board
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/dma_tap.h"
#include "sim/platform/bus/bus.h"
#include "sim/platform/bus/dram_port.h"
#include "sim/platform/bus/register_port.h"
#include "sim/platform/device/power.h"
#include "sim/platform/device/uart16550.h"
#include "sim/platform/dma.h"
#include "sim/platform/dram.h"
#include "sim/platform/firmware/acpi_tables.h"
#include "sim/platform/iommu.h"
#include "sim/platform/machine.h"
#include "sim/platform/network/network.h"
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
  /// A core cannot go on: why, and where it stands in some lines more.
  virtual void stuck(std::string why, std::vector<std::string> where) = 0;
};

/// Virtio-mmio slots: `count` of them from `base`, `step` bytes apart, interrupt `gsi` + slot number.
struct VirtioSlots {
  u64 base, step;
  unsigned count, gsi;
};

class Board {
 public:
  /// Where VT-d's units have theirs on a PC; both architectures keep the range free.
  static constexpr u64 iommu_registers = 0xfed90000;

  Board(const MachineConfig& config, Dram& dram, StopRequests& stop);
  virtual ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  // Devices occupy the slot that is asked for, or virtio-mmio slots from the last one down, in call order, as
  // QEMU fills them.
  void add_disk(const std::string& file, bool read_only, std::optional<unsigned> slot = {});
  void add_console(ConsoleSink* sink);
  void add_network();  ///< the configuration's

  /// Puts the image where the firmware would, and the boot processor at its entry.
  virtual void load(const BootImage& image) = 0;
  /// Before the first instruction: every device is attached.
  virtual void start() = 0;
  /// Nothing will ever happen again: every core waits, and nobody is going to wake one.
  virtual bool deadlocked() const = 0;

  virtual unsigned cpus() const = 0;
  virtual const CpuView& view(unsigned cpu) const = 0;
  virtual CpuControl& control(unsigned cpu) = 0;
  virtual u64 reg(unsigned cpu, const char* name) const = 0;
  virtual std::vector<std::string> registers(unsigned cpu) const = 0;
  virtual std::vector<u64> callers(unsigned cpu) const = 0;
  virtual u64 execution_hash(unsigned cpu) const = 0;
  virtual bool tlb_maps_for_user(unsigned cpu, u64 mfn) const = 0;
  /// It can by an entry that the tables which the core walks do not have any more. Where software fills the
  /// TLB that is no fault, and never told.
  virtual bool tlb_outlives_tables(unsigned cpu, u64 mfn) const {
    (void)cpu, (void)mfn;
    return false;
  }
  /// Empty where a TLB has no tags: what it holds is then the running address space's (or global).
  virtual std::vector<ReachablePage> tagged_pages(unsigned cpu) const {
    (void)cpu;
    return {};
  }
  virtual MachineCounters counters() const = 0;
  std::vector<unsigned> occupied_slots() const;  ///< those with a device, ascending
  /// Address of the device's registers.
  u64 slot_registers(unsigned slot) const { return where_.base + slot * where_.step; }
  virtual void set_debugger(CpuDebugger* debugger) = 0;

  const MachineConfig config;
  Dram& dram;
  SimHost host;
  Dma dma;                              ///< a debugger's; devices have their own
  DmaObserver* dma_observer = nullptr;  ///< of devices' transfers
  Uart16550 uart;
  DebugExit debug_exit;
  std::vector<std::unique_ptr<VirtioBlock>> disks;
  std::vector<std::unique_ptr<VirtioConsole>> consoles;
  std::unique_ptr<Network> network;  ///< null: none
  std::unique_ptr<Iommu> iommu;      ///< null: none

 protected:
  /// The level of an interrupt wire, by its global number.
  virtual void set_interrupt(unsigned gsi, bool asserted) = 0;
  /// A device wrote memory: code that cores have translated may be gone.
  virtual void invalidate_code(u64 pa, u64 size) = 0;

  IrqLine line(unsigned gsi) {
    return [this, gsi](bool asserted) { set_interrupt(gsi, asserted); };
  }
  void add_device(Bus& bus, const char* name, u64 base, u64 size, RegisterDevice& device);
  void add_virtio_slots(const VirtioSlots& where);
  /// Where firmware says that there is an IOMMU, and for how many slots.
  IommuPlace iommu_place() const;
  /// A device will act by itself: finish a transfer, receive what is on its way.
  bool virtio_activity() const;

  Bus memory_bus{"memory_bus"};
  Bus port_bus{"port_bus"};

 private:
  void plug(VirtioDevice& device, std::optional<unsigned> slot = {});
  /// False: the IOMMU refuses it.
  bool guard_dma(unsigned slot, u64 pa, u64 size, bool write);

  VirtioSlots where_{};
  std::vector<std::unique_ptr<Dma>> slot_dma_;
  std::vector<std::unique_ptr<VirtioMmio>> virtio_slots_;
  std::vector<std::unique_ptr<DramPort>> dram_ports_;
  std::vector<std::unique_ptr<RegisterPort>> register_ports_;
};

}  // namespace xs::platform
