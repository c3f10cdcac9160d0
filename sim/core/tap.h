// Taps: how an observer sees a CPU without changing what it does. A tap is a code address; when a core is
// about to execute the instruction there, the sink is told, with read access to that core. The set of
// taps is fixed before the run and installed whether or not anybody listens, because a hook changes how
// the execution engine cuts blocks (DESIGN section 3, rule 2).
#pragma once
#include <array>

#include "sim/core/types.h"

namespace xs {

/// A core stopped in front of an instruction. Reads have no side effect on the simulated machine: no A/D
/// update, no TLB fill, no cycles.
class CpuView {
 public:
  virtual ~CpuView() = default;
  virtual unsigned cpu() const = 0;  ///< core number, 0 = boot processor
  /// Address of the instruction about to execute; at a tap on IA-64, with the slot in its lowest bits.
  virtual u64 pc() const = 0;
  virtual u64 instructions() const = 0;  ///< retired by this core since reset
  virtual u64 time_ps() const = 0;       ///< this core's local simulated time
  /// Registers of the tap convention (hypervisor/abi/observe.h): 0 address, 1 value, 2..4 extra
  /// arguments, 5 expected value of a compare-and-swap. On x86-64: rdi rsi rdx rcx r8 rax; on IA-64: r32 to
  /// r36, r8.
  virtual u64 tap_reg(unsigned index) const = 0;
  /// All of them at once.
  virtual std::array<u64, 6> tap_regs() const {
    std::array<u64, 6> all;
    for (unsigned i = 0; i < all.size(); ++i) all[i] = tap_reg(i);
    return all;
  }
  /// True while guest code runs, not the hypervisor's (x86: ring 3; IA-64: above level 0).
  virtual bool in_guest() const { return false; }
  /// General register by number, in the order of the architecture's encoding; 0 behind the last.
  virtual u64 general_reg(unsigned index) const { return (void)index, u64{0}; }
  /// At a tapped instruction, which lies in a leaf routine: where the routine returns to; pc() when the stack
  /// does not tell.
  virtual u64 caller() const { return pc(); }
  /// Translates with the core's current tables and TLB at supervisor privilege; false when not mapped.
  virtual bool translate(u64 va, u64& pa) const = 0;
  /// Copies `size` bytes from `va`; false when any byte is not mapped to DRAM.
  virtual bool peek(u64 va, void* out, u64 size) const = 0;
  /// The same of instructions, which may be translated otherwise than data (IA-64: PSR.it and dt).
  virtual bool peek_code(u64 va, void* out, u64 size) const { return peek(va, out, size); }
};

/// An exception, a software interrupt or an external one, as it is delivered.
struct Trap {
  /// `translation`: an access was refused by the translation of its address (x86: #PF).
  enum class Kind : u8 { exception, translation, interrupt };
  Kind kind = Kind::exception;
  u8 cpu = 0;
  u32 vector = 0;   ///< x86: its number. IA-64: offset in the IVT; of an external interrupt: its number
  u64 error = 0;    ///< x86: error code or 0. IA-64: ISR
  u64 address = 0;  ///< of a refused access, else 0
  u64 pc = 0;       ///< the interrupted instruction
  u64 time_ps = 0;
};

/// What a core's TLB lets code above the most privileged level reach, by the tags (IA-64's region
/// identifiers) that are loaded.
struct ReachablePage {
  u64 va = 0, pa = 0, size = 0;
  bool write = false;  ///< or only read, executed
};

/// What a core tells. All calls come from the simulation's only thread, in simulated order per core.
class CpuObserver {
 public:
  virtual ~CpuObserver() = default;
  /// The instruction at a tapped address is about to execute: nothing will refuse it any more.
  virtual void on_tap(const CpuView&) {}
  virtual void on_trap(const Trap&) {}
  /// A translation was entered into the TLB model: `size` bytes from pa, a frame or more. x86: the frame that
  /// is accessed, `va` within its page; IA-64: the whole page, whether software inserts it or the walker.
  /// `write` tells whether it grants stores, `user` whether guest code may use it (x86: ring 3; IA-64: a
  /// level above 0). Only architectural fills (see sim/mmu/mmu.h), so the stream is deterministic. view.pc()
  /// is the first instruction of the basic block that accesses or inserts; for a fetch, the page.
  virtual void on_tlb_fill(const CpuView&, u64 va, u64 pa, u64 size, bool write, bool user) {
    (void)va, (void)pa, (void)size, (void)write, (void)user;
  }
  /// Whether stores to this frame come from tapped instructions alone. They are then told by
  /// on_guarded_store(). x86: at least the first store after the engine last forgot the page's translation,
  /// whatever was read before; IA-64: all of them.
  virtual bool guards(u64 pa) const {
    (void)pa;
    return false;
  }
  /// Grows when guards() may answer otherwise than before.
  virtual u64 guards_version() const { return 0; }
  /// A store to a guarded frame is about to execute; `va` and `pa` are the page's, view.pc() is the first
  /// instruction of its basic block.
  virtual void on_guarded_store(const CpuView&, u64 va, u64 pa) { (void)va, (void)pa; }
  /// The core shut down (triple fault). Ends the run.
  virtual void on_triple_fault(const CpuView&) {}
  /// Access to an MSR, port or address that the machine does not model; reported once per place: what, where
  /// and view.pc(), the accessing instruction.
  virtual void on_unmodelled(const CpuView&, const char* what, u64 where) { (void)what, (void)where; }
};

}  // namespace xs
