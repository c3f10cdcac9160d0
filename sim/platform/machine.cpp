// One machine per process, because SystemC elaborates once. sc_start runs it in slices; the reasons to stop
// are collected here.
#include "sim/platform/machine.h"

#include <algorithm>
#include <deque>

#include "sim/core/error.h"
#include "sim/platform/firmware/elf_image.h"
#include "sim/platform/ia64_board.h"
#include "sim/platform/microvm_board.h"

namespace xs::platform {
namespace {

// Deadlock is looked for at multiples of this, so that where a caller puts its deadlines changes nothing.
constexpr u64 slice_ps = 1'000'000'000;

DramLayout dram_layout(const MachineConfig& c) {
  constexpr u64 mib = 1 << 20, low_most = u64{3} << 30, four_gib = u64{4} << 30;
  const u64 all = c.memory_mib * mib;
  const u64 low = std::min({all, low_most, c.high_base ? c.low_memory_mib * mib : all});
  return {low, c.high_base ? c.high_base : four_gib, all - low};
}

std::unique_ptr<Board> make_board(const MachineConfig& config, Dram& dram, CpuObserver* observer,
                                  StopRequests& stop) {
  if (config.arch == "ia64") return std::make_unique<Ia64Board>(config, dram, observer, stop);
  return std::make_unique<MicrovmBoard>(config, dram, observer, stop);
}

/// Passes text on until the run has ended: cores finish their quantum after that, but the machine is off.
class OutputGate : public ConsoleSink {
 public:
  OutputGate(ConsoleSink* sink, const bool& closed) : sink_(sink), closed_(closed) {}
  void on_output(std::string_view bytes, u64 time_ps) override {
    if (sink_ && !closed_) sink_->on_output(bytes, time_ps);
  }

 private:
  ConsoleSink* sink_;
  const bool& closed_;
};

}  // namespace

struct Machine::Impl : StopRequests {
  Impl(const MachineConfig& config, CpuObserver* observer)
      : dram(dram_layout(config)), board(make_board(config, dram, observer, *this)) {}

  void exit(u32 value) override {
    exit_value = value;
    stop(StopReason::exited);
  }
  void reset() override { stop(StopReason::reset); }
  void triple_fault() override { stop(StopReason::triple_fault); }
  void stuck(std::string why, std::vector<std::string> where) override {
    if (ended) return;
    stop_text = std::move(why);
    stop_place = std::move(where);
    stop(StopReason::stuck);
  }

  void stop(StopReason why) {
    if (ended) return;
    ended = true;
    reason = why;
    if (running) sc_core::sc_pause();
  }

  StopReason run_until(u64 deadline_ps);
  void run_slice(u64 end_ps);
  ConsoleSink* gated(ConsoleSink* sink) { return &gates.emplace_back(sink, ended); }

  std::deque<OutputGate> gates;  // devices point at them: they must not move
  Dram dram;
  std::unique_ptr<Board> board;
  bool loaded = false;
  bool started = false;
  bool running = false;
  bool ended = false;  ///< exited, reset, triple fault: nothing runs any more
  bool pausing = false;
  StopReason reason = StopReason::paused;
  u32 exit_value = 0;
  std::string stop_text;
  std::vector<std::string> stop_place;
};

void Machine::Impl::run_slice(u64 end_ps) {
  running = true;
  try {
    sc_core::sc_start(sc_core::sc_time::from_value(end_ps - sc_core::sc_time_stamp().value()),
                      sc_core::SC_RUN_TO_TIME);
  } catch (const sc_core::sc_report& report) {
    running = false;
    throw Error(report.get_msg());
  }
  running = false;
}

StopReason Machine::Impl::run_until(u64 deadline_ps) {
  if (!loaded) throw Error("the machine has no kernel to run");
  if (!started) board->start();
  started = true;
  pausing = false;
  while (true) {
    if (ended) return reason;
    if (pausing) return StopReason::paused;
    const u64 now = sc_core::sc_time_stamp().value();
    if (now >= deadline_ps) return StopReason::deadline;
    const u64 boundary = (now / slice_ps + 1) * slice_ps;
    run_slice(std::min(boundary, deadline_ps));
    const bool at_boundary = sc_core::sc_time_stamp().value() == boundary;
    if (at_boundary && !ended && !pausing && board->deadlocked()) return StopReason::deadlock;
  }
}

std::string arch_of_image(const std::string& file) {
  return elf_target(file) == ElfFor::ia64 ? "ia64" : "x86_64";
}

Machine::Machine(const MachineConfig& config, CpuObserver* observer) {
  static bool elaborated = false;
  if (elaborated) throw Error("one process can simulate one machine");
  elaborated = true;
  impl_ = std::make_unique<Impl>(config, observer);
}

Machine::~Machine() = default;

void Machine::fail_disk_reads(u64 count) {
  if (impl_->board->disks.empty()) throw Error("the machine has no disk whose reads could fail");
  impl_->board->disks.front()->fail_reads(count);
}
void Machine::attach_disk(const std::string& file, bool read_only, std::optional<unsigned> slot) {
  impl_->board->add_disk(file, read_only, slot);
}
void Machine::attach_network() { impl_->board->add_network(); }
void Machine::send_from_station(const StreamOrder& order) {
  Station* station = impl_->board->network ? impl_->board->network->station() : nullptr;
  if (!station) throw Error("the machine has no station on its wire");
  station->send_stream(order);
}
void Machine::add_virtio_console(ConsoleSink* sink) { impl_->board->add_console(impl_->gated(sink)); }
void Machine::console_input(unsigned index, std::string_view bytes) {
  if (index >= impl_->board->consoles.size())
    throw Error("the machine has no console " + std::to_string(index));
  impl_->board->consoles[index]->receive(bytes);
}
void Machine::set_serial_sink(ConsoleSink* sink) { impl_->board->uart.set_sink(impl_->gated(sink)); }

void Machine::load(const BootImage& image) {
  impl_->board->load(image);
  impl_->loaded = true;
}

void Machine::serial_input(std::string_view bytes) { impl_->board->uart.receive(bytes); }

StopReason Machine::run_until(u64 deadline_ps) { return impl_->run_until(deadline_ps); }

void Machine::pause() {
  impl_->pausing = true;
  if (impl_->running) sc_core::sc_pause();
}

u64 Machine::now_ps() const { return sc_core::sc_time_stamp().value(); }
u32 Machine::exit_value() const { return impl_->exit_value; }
const std::string& Machine::stop_text() const { return impl_->stop_text; }
const std::vector<std::string>& Machine::stop_place() const { return impl_->stop_place; }

MachineCounters Machine::counters() const {
  MachineCounters sum = impl_->board->counters();
  if (const auto& network = impl_->board->network) network->count(sum.network, sum.station);
  if (const auto& iommu = impl_->board->iommu) sum.iommu = iommu->counters();
  return sum;
}

u64 Machine::execution_hash() const {
  u64 hash = 0xcbf29ce484222325;  // FNV-1a
  for (unsigned cpu = 0; cpu < cpus(); ++cpu)
    for (u64 rest = impl_->board->execution_hash(cpu), i = 0; i < 8; ++i, rest >>= 8)
      hash = (hash ^ (rest & 0xff)) * 0x100000001b3;
  return hash;
}

MemoryPort& Machine::memory() { return impl_->dram; }
unsigned Machine::cpus() const { return impl_->board->cpus(); }
const CpuView& Machine::cpu(unsigned index) const { return impl_->board->view(index); }
bool Machine::tlb_maps_for_user(unsigned cpu, u64 mfn) const {
  return impl_->board->tlb_maps_for_user(cpu, mfn);
}
bool Machine::tlb_outlives_tables(unsigned cpu, u64 mfn) const {
  return impl_->board->tlb_outlives_tables(cpu, mfn);
}
std::vector<ReachablePage> Machine::tagged_pages(unsigned cpu) const {
  return impl_->board->tagged_pages(cpu);
}
std::optional<u64> Machine::iommu_reach(unsigned slot, u64 mfn) const {
  const auto& iommu = impl_->board->iommu;
  return iommu && iommu->enabled() ? std::optional<u64>(iommu->reach(slot, mfn)) : std::nullopt;
}
std::vector<unsigned> Machine::device_slots() const { return impl_->board->occupied_slots(); }
u64 Machine::slot_registers(unsigned slot) const { return impl_->board->slot_registers(slot); }
void Machine::watch_dma(DmaObserver* observer) { impl_->board->dma_observer = observer; }
void Machine::set_debugger(CpuDebugger* debugger) { impl_->board->set_debugger(debugger); }
CpuControl& Machine::control(unsigned cpu) { return impl_->board->control(cpu); }
bool Machine::write_memory(u64 pa, std::span<const u8> bytes) {
  return impl_->board->dma.write(pa, bytes.data(), bytes.size());
}
std::vector<std::string> Machine::registers(unsigned cpu) const { return impl_->board->registers(cpu); }
std::vector<u64> Machine::callers(unsigned cpu) const { return impl_->board->callers(cpu); }
u64 Machine::cpu_reg(unsigned index, const char* name) const { return impl_->board->reg(index, name); }

}  // namespace xs::platform
