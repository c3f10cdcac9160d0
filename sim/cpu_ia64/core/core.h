// An Itanium 2-class core without SystemC: runs decoded blocks for a number of cycles, looks around between
// them, delivers interruptions.
//
//     run(end) ── slice: up to the timer, at most to `end`
//        │  look around: fill the frame, external interrupt, breakpoints, traps
//        │  find the block at IP ── fetch (translation, rights) ── translate
//        └─ execute: blocks chain by themselves until the slice ends or something wants a look
//
// Everything that happens, happens at the same instruction whatever a slice's length: a block that would pass
// the end is cut there.
#pragma once
#include <optional>

#include "sim/core/debug.h"
#include "sim/core/tap.h"
#include "sim/cpu_ia64/core/block_cache.h"
#include "sim/cpu_ia64/exec/translate.h"

namespace xs::ia64 {

struct CoreConfig {
  ProcessorConfig processor;
  CpuObserver* observer = nullptr;
  std::vector<u64> taps;  ///< where it is told of (sim/core/tap.h), ascending
};

/// An instruction is counted when it completes, nop and predicated-off ones included; MLX holds two.
struct CoreCounters {
  u64 instructions = 0, cycles = 0, idle_cycles = 0;
  u64 interruptions = 0, external_interrupts = 0, returns = 0;
  u64 blocks_decoded = 0, single_steps = 0;
  mmu::ia64::MmuCounters mmu;
};

/// Where an interruption came from: what the observer is told, and what a message about a dead program says.
struct PastInterruption {
  Trap trap;          ///< `pc`: bundle, with the slot in its lowest bits
  u64 registers = 0;  ///< a digest of them, when it came again with collection off
  Vector vector() const {
    const bool external = trap.kind == Trap::Kind::interrupt;
    return external ? Vector::external_interrupt : static_cast<Vector>(trap.vector);
  }
};

class Core final : public CpuView, public CpuControl, private SapicAgent, private ProcessorWitness {
 public:
  Core(const CoreConfig& config, MemoryPort& memory, CoreBus& bus, SapicBus& sapics);

  /// Physical mode at `entry`, bank 1, collection off: as firmware hands over.
  void reset(u64 entry);
  Processor& processor() { return p_; }
  const Processor& processor() const { return p_; }

  /// Until cycles() reaches `end`, or the core has stopped.
  void run(u64 end);
  /// Waits for an interrupt (Processor::halted): no instruction is executed.
  bool halted() const { return p_.halted; }
  /// Of a halted core: time passes, to `end` at most. The timer may end the halt.
  void idle(u64 end);
  /// No interrupt of its own timer will come.
  bool timer_off() const;
  /// Devices and other cores may have written since: nothing that was loaded ahead is good any more.
  void end_quantum();
  bool stopped() const { return !p_.stop_reason.empty(); }
  const std::string& stop_reason() const { return p_.stop_reason; }
  /// The latest interruptions, that one first; those that take turns in a loop are there once each.
  std::vector<PastInterruption> past_interruptions() const;

  u64 cycles() const { return p_.cycles(); }
  /// Time passes without instructions.
  void advance_to(u64 cycles);
  u64 to_ps(u64 cycles) const;
  u64 to_cycles(u64 ps) const;
  u64 now_ps() const { return to_ps(cycles()); }
  const CoreCounters& counters() const;
  u64 interruptions() const { return past_count_ + repetitions_; }
  u64 execution_hash() const { return hash_; }

  /// By this core or from elsewhere: decoded code of the frame goes.
  void code_written(u64 mfn);
  /// Some core has decoded code there: stores must be seen.
  void watch_frame(u64 mfn) { p_.data.drop_writes(mfn); }
  void purge(u32 rid, u64 va, unsigned shift);

  void set_debugger(CpuDebugger* debugger);

  // CpuControl: registers in gdb's order and numbers (debug_registers.cpp), addresses of instructions with
  // the slot in their lowest bits
  const char* architecture() const override { return "ia64-elf64"; }
  std::span<const DebugRegister> registers() const override;
  void read_register(unsigned index, std::span<u8> out) const override;
  bool write_register(unsigned index, std::span<const u8> in) override;
  u64 linear_pc() const override { return p_.r.ip | p_.r.ri(); }
  void set_debug_points(const std::vector<DebugPoint>& points) override;
  void request_step(bool on) override { debug_step_ = on; }
  bool read_held(u64 va, u8& out) const override;
  bool write_held(u64 va, u8 in) override;
  Explanation explain(u64 va, AddressUse use) const override;
  std::vector<HeldPage> held_pages() const override;
  std::optional<u64> place(AddressPlace where) const override;
  std::vector<TableEntry> decode_table(std::span<const u8> frame, unsigned level) const override;

  // CpuView; translate() is CpuControl's, too
  unsigned cpu() const override { return config_.processor.id; }
  u64 pc() const override { return tap_pc_ != no_tap ? tap_pc_ : p_.r.ip; }
  u64 instructions() const override;
  u64 time_ps() const override { return now_ps(); }
  u64 tap_reg(unsigned index) const override;
  u64 caller() const override { return p_.r.br[0]; }
  bool in_guest() const override { return p_.r.cpl() != 0; }
  u64 general_reg(unsigned index) const override;
  bool translate(u64 va, u64& pa) const override;
  bool peek(u64 va, void* out, u64 size) const override { return peek_as(va, out, size, false); }
  bool peek_code(u64 va, void* out, u64 size) const override { return peek_as(va, out, size, true); }

 private:
  bool peek_as(u64 va, void* out, u64 size, bool code) const;
  bool translate_as(u64 va, bool code, u64& pa) const;
  mmu::ia64::Access access_for(u64 va, AddressUse use) const;
  bool answers(u8 id, u8 eid) const override;
  void deliver(const SapicMessage& message) override;
  void tapped(const Slot& tap) override;
  void inserted(u64 va, const mmu::ia64::Translation& page) override;
  void follow_guards();

  // debug.cpp
  void debugged_slice();
  bool stops_here();
  unsigned instructions_to_point() const;
  void debug_stop(const DebugStop& stop);
  void note_access(const DataAccess& access);
  u8* held(u64 va) const;

  void slice(u64 end);
  bool look_around();
  Block* find();
  Block* decode(u64 pa, bool deferral, unsigned most);
  bool fetch(u64& pa, bool& deferral);
  void execute(Block& block);
  void cut(unsigned instructions);
  void step_carefully();
  bool instruction_breakpoint() const;
  u64 debug_traps(u64 psr) const;
  void after_step(u64 psr_before, u64 bundle, unsigned slot, bool was_rfi);
  void fault();
  void interrupt(u64 bundle, unsigned slot);
  void trap(const Slot& s, u64 bundle);
  void interrupt_externally();
  PastInterruption& place_for(u64 pc);
  void interrupt_uncollected(u64 bundle, unsigned slot);
  template <bool external>
  void enter_handler(PastInterruption& place, u64 bundle, unsigned slot);
  void tell_slowly(Trap& trap);
  PastInterruption& next_place();
  void note_repetition(PastInterruption& known);
  PastInterruption* known_interruption(u64 pc);
  u64 register_digest() const;
  void hash(u64 value);

  CoreConfig config_;
  MemoryPort& memory_;
  CoreBus& bus_;
  Processor p_;
  BlockCache blocks_;
  Block scratch_;  ///< what is executed once: a cut block, a single step
  static constexpr unsigned remembered = 4;
  std::array<PastInterruption, remembered> past_;  ///< a ring: past_[past_count_ - 1 modulo] is the latest
  u64 past_count_ = 0, repetitions_ = 0;
  const u64 ps_per_cycle_;                ///< 0: not a whole number
  CpuObserver* const told_quickly_;       ///< the observer; null: there is none, or the time takes a division
  unsigned repeats_ = 0, unchanged_ = 0;  ///< deliveries in a row at known places, with collection off
  u64 idle_cycles_ = 0;
  CpuDebugger* debugger_ = nullptr;
  std::vector<DebugPoint> points_;
  std::optional<DebugPoint> seen_;  ///< a data point that the running instruction has touched
  bool debug_step_ = false;
  u64 debug_passed_ = ~u64{0};  ///< cycles() at which the breakpoint of that moment has been told
  static constexpr u64 no_tap = ~u64{0};
  u64 tap_pc_ = no_tap;  ///< while the observer is told of a tap
  u64 guards_version_ = 0;
  u64 hash_ = 0xcbf29ce484222325;
  mutable CoreCounters counters_;
};

}  // namespace xs::ia64
