#include "sim/platform/microvm_board.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "sim/platform/firmware/acpi_tables.h"
#include "sim/platform/firmware/pvh_loader.h"
#include "sim/platform/microvm.h"

namespace xs::platform {
namespace {

constexpr u64 module_limit = u64{1} << 32;

u64 low_bytes(const Dram& dram) { return dram.ram().front().size; }
u64 high_bytes(const Dram& dram) { return dram.ram().size() > 1 ? dram.ram()[1].size : 0; }

void add(mmu::MmuCounters& sum, const mmu::MmuCounters& c) {
  sum.accesses += c.accesses;
  sum.l1_hits += c.l1_hits;
  sum.l2_hits += c.l2_hits;
  sum.misses += c.misses;
  sum.upgrades += c.upgrades;
  sum.walks += c.walks;
  sum.walk_reads += c.walk_reads;
  sum.walk_cache_hits += c.walk_cache_hits;
  sum.ad_updates += c.ad_updates;
  sum.faults += c.faults;
  sum.flush_all += c.flush_all;
  sum.flush_nonglobal += c.flush_nonglobal;
  sum.flush_page += c.flush_page;
}

void add(MachineCounters& sum, const x86::CpuCounters& c) {
  sum.instructions += c.instructions;
  sum.cycles += c.cycles;
  sum.idle_cycles += c.halted_cycles;
  for (u64 n : c.exceptions) sum.exceptions += n;
  sum.interrupts += c.interrupts;
  sum.port_accesses += c.port_accesses;
  sum.mmio_accesses += c.mmio_accesses;
  sum.unmodelled += c.unmodelled;
  sum.quanta += c.quanta;
  sum.single_steps += c.single_steps;
  sum.syscalls += c.syscalls;
  sum.irets += c.irets;
  add(sum.mmu, c.mmu);
  sum.instructions_per_cpu.push_back(c.instructions);
}

}  // namespace

MicrovmBoard::MicrovmBoard(const MachineConfig& machine, Dram& memory, CpuObserver* observer,
                           StopRequests& stop)
    : Board(machine, memory, stop),
      interrupts_(apic_bus_),
      pit_(host, line(microvm::irq_pit)),
      rtc_(host, machine.wall_clock_s, low_bytes(memory), high_bytes(memory)),
      acpi_power_([&stop] { stop.exit(0); }, [&stop] { stop.reset(); }) {
  add_device(memory_bus, "ioapic0", microvm::ioapic[0], Ioapic::register_bytes, interrupts_.ioapic(0));
  add_device(memory_bus, "ioapic1", microvm::ioapic[1], Ioapic::register_bytes, interrupts_.ioapic(1));
  add_device(memory_bus, "acpi_ged", microvm::ged_events, AcpiGed::register_bytes, acpi_ged_);
  add_device(memory_bus, "acpi_power", microvm::ged_power, AcpiPower::register_bytes, acpi_power_);
  add_device(port_bus, "pic_master", microvm::pic_master, 2, interrupts_.pic().command_data(0));
  add_device(port_bus, "pic_slave", microvm::pic_slave, 2, interrupts_.pic().command_data(1));
  add_device(port_bus, "pic_elcr", microvm::pic_elcr, 2, interrupts_.pic().trigger_control());
  add_device(port_bus, "pit", microvm::pit, Pit8254::register_bytes, pit_);
  add_device(port_bus, "rtc", microvm::rtc, Rtc146818::register_bytes, rtc_);
  add_virtio_slots({microvm::virtio_base, microvm::virtio_step, microvm::virtio_slots, microvm::virtio_gsi});
  add_cpus(observer, stop);
}

void MicrovmBoard::add_cpus(CpuObserver* observer, StopRequests& stop) {
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
    cpus_.push_back(std::make_unique<x86::Cpu>(name.c_str(), c, dram, apic_bus_));
    cpus_.back()->out.bind(memory_bus.in);
    cpus_.back()->io_out.bind(port_bus.in);
    cpus_.back()->on_shutdown = [&stop] { stop.triple_fault(); };
  }
}

void MicrovmBoard::load(const BootImage& image) {
  PvhBoot boot;
  boot.kernel = parse_elf(image.kernel, read_file(image.kernel, module_limit));
  boot.cmdline = image.cmdline;
  for (const std::string& file : image.modules)
    boot.modules.push_back({file, read_file(file, low_bytes(dram)), ""});
  const PvhEntry entry = load_pvh(boot, dram);
  cpus_[0]->reset_pvh(entry.eip, entry.start_info);
}

void MicrovmBoard::start() {
  AcpiBoard board = microvm_acpi(config.cpus, occupied_slots());
  board.iommu = iommu_place();
  const AcpiTables acpi = build_acpi(acpi_tables_pa, board);
  std::memcpy(ram_bytes(dram, acpi_tables_pa, acpi_tables_end - acpi_tables_pa), acpi.tables.data(),
              acpi.tables.size());
  std::memcpy(ram_bytes(dram, rsdp_pa, acpi.rsdp.size()), acpi.rsdp.data(), acpi.rsdp.size());
}

void MicrovmBoard::invalidate_code(u64 pa, u64 size) {
  for (auto& cpu : cpus_) cpu->invalidate_code(pa, size);
}

// Every core is halted, and what could wake one that has interrupts on will not come: no timer of its own, no
// device that is about to act. A core halted with interrupts off, or waiting for a start-up message, hears
// nobody.
bool MicrovmBoard::deadlocked() const {
  constexpr u64 rflags_if = 0x200;
  bool somebody_listens = false;
  for (const auto& cpu : cpus_) {
    if (!cpu->halted()) return false;
    if (!(cpu->reg("rflags") & rflags_if)) continue;
    if (!cpu->waits_for_ever()) return false;
    somebody_listens = true;
  }
  return !somebody_listens || !device_activity();
}

// Some device will act by itself: finish a transfer, raise an interrupt that is not masked.
bool MicrovmBoard::device_activity() const {
  return virtio_activity() || (pit_.may_interrupt() && interrupts_.routed(microvm::irq_pit)) ||
         (uart.may_interrupt() && interrupts_.routed(isa::irq_com1));
}

std::vector<std::string> MicrovmBoard::registers(unsigned cpu) const {
  std::vector<std::string> lines;
  const CpuControl& control = cpus_.at(cpu)->control();
  const auto list = control.registers();
  for (unsigned n = 0; n < list.size(); ++n) {
    std::vector<u8> bytes(list[n].bits / 8);
    control.read_register(n, bytes);
    std::string value;
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
      char digits[3];
      std::snprintf(digits, sizeof digits, "%02x", *byte);
      value += digits;
    }
    lines.push_back(std::string(list[n].name) + " " + value);
  }
  return lines;
}

// Frame pointer chain as -fno-omit-frame-pointer leaves it: [rbp] = caller's rbp, [rbp+8] = return address.
std::vector<u64> MicrovmBoard::callers(unsigned cpu) const {
  constexpr unsigned deepest = 24;
  std::vector<u64> out;
  u64 frame = reg(cpu, "rbp");
  while (out.size() < deepest) {
    u64 words[2] = {};
    if (!frame || frame % 8 || !view(cpu).peek(frame, words, sizeof words)) break;
    out.push_back(words[1]);
    if (words[0] <= frame) break;  // stacks grow down: callers lie higher
    frame = words[0];
  }
  return out;
}

bool MicrovmBoard::tlb_outlives_tables(unsigned cpu, u64 mfn) const {
  constexpr u32 protection = 1;  // error code of a #PF: there is an entry (Intel SDM vol. 3A 4.7)
  constexpr std::size_t user = 3;
  const CpuControl& control = cpus_.at(cpu)->control();
  const auto pages = control.held_pages();
  return std::any_of(pages.begin(), pages.end(), [&](const HeldPage& page) {
    const u64 behind = mfn - (page.pa >> frame_shift);
    if (page.rights[user] == 0 || behind >> (page.shift - frame_shift) != 0) return false;
    const TranslationOutcome now =
        control.explain(page.va + (behind << frame_shift), AddressUse::read).tables;
    return now.ok ? now.pa >> frame_shift != mfn : (now.fault & protection) == 0;
  });
}

MachineCounters MicrovmBoard::counters() const {
  MachineCounters sum;
  for (const auto& cpu : cpus_) add(sum, cpu->counters());
  return sum;
}

void MicrovmBoard::set_debugger(CpuDebugger* debugger) {
  for (const auto& cpu : cpus_) cpu->set_debugger(debugger);
}

}  // namespace xs::platform
