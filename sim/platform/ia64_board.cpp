#include "sim/platform/ia64_board.h"

#include "sim/core/error.h"
#include "sim/cpu_ia64/core/describe.h"
#include "sim/platform/firmware/ia64_firmware.h"
#include "sim/platform/firmware/ia64_loader.h"
#include "sim/platform/firmware/ia64_rom.h"
#include "sim/platform/ia64_map.h"

namespace xs::platform {
namespace {

constexpr u64 program_limit = u64{1} << 32;
/// Places of each TLB with fidelity "exact": Itanium 2's second-level ITLB and DTLB.
constexpr unsigned exact_tlb = 128;

ia64::CpuConfig cpu_config(const MachineConfig& machine, unsigned id, CpuObserver* observer) {
  ia64::CpuConfig c;
  c.cores = machine.cpus;
  c.quantum = machine.quantum;
  c.core.observer = observer;
  c.core.taps = machine.taps;
  c.core.processor.id = id;
  c.core.processor.timing = machine.timing;
  if (machine.fidelity == Fidelity::exact)
    c.core.processor.instruction_tlb.cache = c.core.processor.data_tlb.cache = exact_tlb;
  return c;
}

void add(MachineCounters& sum, const ia64::Cpu& cpu) {
  const ia64::CoreCounters& c = cpu.core().counters();
  sum.instructions += c.instructions;
  sum.cycles += c.cycles;
  sum.idle_cycles += c.idle_cycles;
  sum.exceptions += c.interruptions - c.external_interrupts;
  sum.interrupts += c.external_interrupts;
  sum.irets += c.returns;
  sum.single_steps += c.single_steps;
  sum.mmio_accesses += cpu.device_accesses();
  sum.unmodelled += cpu.unmodelled();
  sum.quanta += cpu.quanta();
  sum.mmu.accesses += c.mmu.accesses;
  sum.mmu.l1_hits += c.mmu.hits;
  sum.mmu.misses += c.mmu.misses;
  sum.mmu.walks += c.mmu.walks;
  sum.mmu.walk_reads += c.mmu.walk_reads;
  sum.mmu.faults += c.mmu.refused;
  sum.mmu.flush_page += c.mmu.purges;
  sum.instructions_per_cpu.push_back(c.instructions);
}

}  // namespace

Ia64Board::Ia64Board(const MachineConfig& machine, Dram& memory, CpuObserver* observer, StopRequests& stop)
    : Board(machine, memory, stop),
      iosapic_([this](const ia64::SapicMessage& m) { group_.sapics.send(m); }),
      acpi_power_([&stop] { stop.exit(0); }, [&stop] { stop.reset(); }),
      rendezvous_(add_ia64_rom(memory, {machine.timing.frequency_hz, machine.wall_clock_s})) {
  ports_.out.bind(port_bus.in);
  memory_bus.map(ia64_map::port_space, ia64_map::port_space_size, ports_.in);
  add_device(memory_bus, "iosapic", ia64_map::iosapic, Iosapic::register_bytes, iosapic_);
  add_device(memory_bus, "acpi_power", ia64_map::power, AcpiPower::register_bytes, acpi_power_);
  add_device(memory_bus, "uart_memory", ia64_map::uart, Uart16550::register_bytes, uart);
  add_virtio_slots(
      {ia64_map::virtio_base, ia64_map::virtio_step, ia64_map::virtio_slots, ia64_map::virtio_gsi});
  add_cpus(observer, stop);
}

void Ia64Board::add_cpus(CpuObserver* observer, StopRequests& stop) {
  for (unsigned i = 0; i < config.cpus; ++i) {
    const std::string name = "cpu" + std::to_string(i);
    cpus_.push_back(std::make_unique<ia64::Cpu>(name.c_str(), cpu_config(config, i, observer), dram, group_));
    ia64::Cpu& cpu = *cpus_.back();
    cpu.out.bind(memory_bus.in);
    cpu.service_name = refused_call;
    cpu.on_stop = [this, &cpu, &stop, i] {
      std::vector<std::string> where = ia64::describe_place(cpu.core(), dram);
      where.front() = "cpu" + std::to_string(i) + " " + where.front();
      stop.stuck(cpu.core().stop_reason(), std::move(where));
    };
  }
}

void Ia64Board::load(const BootImage& image) {
  const ElfImage program = parse_elf(image.kernel, read_file(image.kernel, program_limit), ElfFor::ia64);
  boot_ = {.name = image.kernel,
           .cmdline = image.cmdline,
           .program = load_ia64(program, dram),
           .initrd = {},
           .domain = {}};
  std::vector<Ia64Module> modules;
  for (const std::string& file : image.modules)
    modules.push_back({file, read_file(file, dram.ram().front().size)});
  place_modules(modules, dram, boot_);
  for (const auto& cpu : cpus_) {
    const bool first = cpu == cpus_.front();
    cpu->reset(first ? program.entry : rendezvous_, first ? ia64_map::boot_data : 0);
    cpu->core().processor().r.kr[0] = ia64_map::port_space;
  }
}

void Ia64Board::start() { write_ia64_tables(dram, {config.cpus, occupied_slots(), iommu_place()}, boot_); }

bool Ia64Board::deadlocked() const {
  for (const auto& cpu : cpus_)
    if (!cpu->core().halted() || !cpu->core().timer_off()) return false;
  return !device_activity();
}

// Some device will act by itself: finish a transfer, raise an interrupt that is not masked.
bool Ia64Board::device_activity() const {
  return virtio_activity() || (uart.may_interrupt() && !iosapic_.masked(isa::irq_com1));
}

void Ia64Board::invalidate_code(u64 pa, u64 size) {
  if (size == 0) return;
  for (u64 mfn = pa >> frame_shift; mfn <= (pa + size - 1) >> frame_shift; ++mfn) group_.written(mfn);
}

CpuControl& Ia64Board::control(unsigned cpu) { return cpus_.at(cpu)->core(); }

void Ia64Board::set_debugger(CpuDebugger* debugger) {
  for (const auto& cpu : cpus_) cpu->core().set_debugger(debugger);
}

std::vector<std::string> Ia64Board::registers(unsigned cpu) const {
  return ia64::describe_registers(cpus_.at(cpu)->core());
}

// The return link of the last call; what lies further up would need unwind tables.
std::vector<u64> Ia64Board::callers(unsigned cpu) const { return {reg(cpu, "b0")}; }

u64 Ia64Board::reg(unsigned cpu, const char* name) const {
  const ia64::Registers& r = cpus_.at(cpu)->core().processor().r;
  const std::string wanted = name;
  if (wanted == "ip") return r.ip;
  if (wanted == "b0") return r.br[0];
  throw Error("no IA-64 register \"" + wanted + "\" is known here");
}

bool Ia64Board::tlb_maps_for_user(unsigned cpu, u64 mfn) const {
  return cpus_.at(cpu)->core().processor().mmu.maps_frame(mfn, true);
}

std::vector<ReachablePage> Ia64Board::tagged_pages(unsigned cpu) const {
  return cpus_.at(cpu)->core().processor().mmu.reachable_above_level_0();
}

MachineCounters Ia64Board::counters() const {
  MachineCounters sum;
  for (const auto& cpu : cpus_) add(sum, *cpu);
  return sum;
}

}  // namespace xs::platform
