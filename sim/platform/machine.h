// A whole simulated machine, and the one simulation of this process. No SystemC type appears here, so that
// the runner and the command line compile without it.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/core/console_sink.h"
#include "sim/core/debug.h"
#include "sim/core/dma_tap.h"
#include "sim/core/memory_port.h"
#include "sim/core/tap.h"
#include "sim/core/timing_model.h"
#include "sim/mmu/mmu.h"
#include "sim/platform/iommu_counters.h"
#include "sim/platform/network/network_config.h"

namespace xs::platform {

/// Everything a machine file (JSON) can say; units in the names. Defaults are documented in docs/machine.md.
struct MachineConfig {
  std::string arch = "x86_64";
  unsigned cpus = 1;         ///< 1..4
  u64 memory_mib = 512;      ///< all DRAM
  u64 low_memory_mib = 128;  ///< DRAM at address 0; the rest is at high_base
  /// 0: no split, all DRAM from 0 (QEMU's layout). Otherwise frame numbers here are like no other number:
  /// above 32 bits, and no pair of small 32-bit ones.
  u64 high_base = 0xf2d40000000;
  u32 quantum = 10'000;  ///< instructions
  TimingModel timing;
  Fidelity fidelity = Fidelity::fast;
  bool strict_alignment = false;  ///< #GP for misaligned SSE operands
  mmu::TlbGeometry tlb;
  u64 wall_clock_s = 1'700'000'000;      ///< Unix time at reset, what wall-clock devices show
  u64 disk_latency_ns = 50'000;          ///< of each virtio-blk request
  u64 disk_bytes_per_s = 500'000'000;    ///< of its data
  std::optional<NetworkConfig> network;  ///< none: no network device
  bool iommu = false;
  u64 seed = 1;
  std::vector<u64> taps;  ///< code addresses, see sim/core/tap.h
};

/// What a machine of this architecture ("x86_64" or "ia64") is without a machine file.
MachineConfig default_machine(const std::string& arch);
/// Parses a machine file's "machine" object; unknown keys and bad values throw Error with the JSON path.
/// `arch`: where the file names none.
MachineConfig parse_machine_json(const std::string& text, const std::string& file_name,
                                 const std::string& arch = "x86_64");

/// The architecture of the machine that an ELF file is for.
std::string arch_of_image(const std::string& file);

struct BootImage {
  std::string kernel;  ///< ELF: with XEN_ELFNOTE_PHYS32_ENTRY for x86-64, static for IA-64
  std::string cmdline;
  std::vector<std::string> modules;  ///< files; module 0 is dom0's kernel for the hypervisor
};

enum class StopReason {
  paused,    ///< somebody called pause()
  deadline,  ///< simulated time reached
  exited,    ///< the guest wrote the exit port; see exit_value()
  reset,     ///< the guest asked for a reset
  triple_fault,
  stuck,    ///< a core cannot go on: it loops on a fault, or runs where there is no code; see stop_text()
  deadlock  ///< every core halted for ever, no device event pending
};

struct MachineCounters {  ///< summed over cores, and per core where it matters
  u64 instructions = 0, cycles = 0, idle_cycles = 0, exceptions = 0, interrupts = 0, port_accesses = 0,
      mmio_accesses = 0, unmodelled = 0, quanta = 0, single_steps = 0, syscalls = 0, irets = 0;
  mmu::MmuCounters mmu;
  NetworkCounters network;
  StationCounters station;
  IommuCounters iommu;
  std::vector<u64> instructions_per_cpu;
};

class Machine {
 public:
  /// Elaborates. SystemC cannot be re-elaborated: one simulation per process.
  Machine(const MachineConfig& config, CpuObserver* observer);
  ~Machine();

  /// Device wiring, before the first run. Devices occupy the slot that is asked for, or virtio-mmio slots 23,
  /// 22, ... in call order, as QEMU fills them for its -device options; GSI = 24 + slot.
  /// virtio-mmio block; throws Error
  void attach_disk(const std::string& file, bool read_only, std::optional<unsigned> slot = {});
  void attach_network();                             ///< the one that the configuration has
  void send_from_station(const StreamOrder& order);  ///< throws Error when there is none
  void fail_disk_reads(u64 count);                   ///< fault: the next reads of disk 0 end in an I/O error
  void set_serial_sink(ConsoleSink* sink);           ///< 16550
  void add_virtio_console(ConsoleSink* sink);        ///< index 0, 1, ... in call order
  void load(const BootImage& image);                 ///< throws Error (bad ELF, too large)

  void serial_input(std::string_view bytes);
  void console_input(unsigned index, std::string_view bytes);

  /// Runs until a stop reason; callable again after paused and deadline.
  StopReason run_until(u64 deadline_ps);
  /// From a sink or an observer during the run: stop at the end of the current quantum, deterministically.
  void pause();

  u64 now_ps() const;
  u32 exit_value() const;
  const std::string& stop_text() const;                ///< after StopReason::stuck: why, one sentence
  const std::vector<std::string>& stop_place() const;  ///< and where, in some lines
  MachineCounters counters() const;
  u64 execution_hash() const;  ///< over all cores
  MemoryPort& memory();
  unsigned cpus() const;
  const CpuView& cpu(unsigned index) const;
  std::vector<std::string> registers(unsigned cpu) const;  ///< in words, some a line
  /// Return addresses on the stack, the innermost first, as far as they can be found without symbols.
  std::vector<u64> callers(unsigned cpu) const;
  u64 cpu_reg(unsigned index, const char* name) const;
  /// User code on the core can still reach the frame by a TLB entry.
  bool tlb_maps_for_user(unsigned cpu, u64 mfn) const;
  /// It can by an entry that the tables which the core walks do not have any more (x86).
  bool tlb_outlives_tables(unsigned cpu, u64 mfn) const;
  /// Where a TLB has tags: all that user code on the core can reach by it now.
  std::vector<ReachablePage> tagged_pages(unsigned cpu) const;

  /// What the device in that slot may do to the frame by the IOMMU as it is now: bits XS_IOMMU_READ and
  /// XS_IOMMU_WRITE; none: there is no IOMMU, or it is not enabled.
  std::optional<u64> iommu_reach(unsigned slot, u64 mfn) const;
  /// Slots that have a device, ascending.
  std::vector<unsigned> device_slots() const;
  /// Address of the registers of the device in that slot.
  u64 slot_registers(unsigned slot) const;

  /// Devices' transfers. It must outlive the machine's runs.
  void watch_dma(DmaObserver* observer);
  /// null: none. It must outlive the machine's runs.
  void set_debugger(CpuDebugger* debugger);
  CpuControl& control(unsigned cpu);
  /// A debugger's write to DRAM; false when a byte is not DRAM.
  bool write_memory(u64 pa, std::span<const u8> bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xs::platform
