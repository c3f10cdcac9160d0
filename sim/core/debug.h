// How a debugger looks at cores and stops them. What it does costs the host's time alone: simulated time
// stands still while it waits, and a run that is stopped and stepped takes the course of one that is not.
//
//     core ── on_stop(cpu, why) ──> CpuDebugger, waits for its user, returns to let the core go on
//      ^                                 │
//      └── CpuControl: registers, points, step ──┘
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "sim/core/translation.h"

namespace xs {

enum class DebugAccess : u8 { execute, write, read, access };

/// An address that stops every core: an instruction (size 1), or bytes that are accessed.
struct DebugPoint {
  DebugAccess kind = DebugAccess::execute;
  u64 va = 0;  ///< linear
  u64 size = 1;
};

struct DebugStop {
  enum class Why : u8 {
    request,     ///< wants_stop() said so
    step,        ///< the step that was asked for is done
    breakpoint,  ///< in front of an instruction
    watchpoint   ///< behind the instruction that accessed `point`
  };
  Why why = Why::request;
  DebugPoint point;
};

class CpuDebugger {
 public:
  virtual ~CpuDebugger() = default;
  /// The core stands between two instructions, all others at the end of their quantum. May wait in the host.
  virtual void on_stop(unsigned cpu, const DebugStop& stop) = 0;
  /// Asked at the end of each quantum: stop now?
  virtual bool wants_stop(unsigned cpu) = 0;
};

/// Row of a core's register file as debuggers know it; `type` in gdb's words. Null features: gdb knows the
/// architecture's registers by itself, in this order.
struct DebugRegister {
  const char* name;
  unsigned bits;
  const char* type;
  const char* feature;
};

/// One core, while no core runs. Nothing here but a write changes simulated state.
class CpuControl {
 public:
  virtual ~CpuControl() = default;
  virtual std::span<const DebugRegister> registers() const = 0;
  /// As gdb calls it.
  virtual const char* architecture() const { return "i386:x86-64"; }
  /// Little-endian; `out` has the register's size.
  virtual void read_register(unsigned index, std::span<u8> out) const = 0;
  /// False when this register cannot be written.
  virtual bool write_register(unsigned index, std::span<const u8> in) = 0;
  /// By the present tables, whatever the rights; no accessed bit is set, no TLB entry made.
  virtual bool translate(u64 va, u64& pa) const = 0;
  /// The way of an address through registers, TLB and tables, and its end: what the next access of that use
  /// would get, by the present privilege. It leaves no trace: nothing is filled, marked, counted.
  virtual Explanation explain(u64 va, AddressUse use) const {
    Explanation none;
    none.va = va, none.use = use;
    return none;
  }
  /// All that its TLB holds, in the order of the addresses.
  virtual std::vector<HeldPage> held_pages() const { return {}; }
  /// None: it has no such register, or it names nothing.
  virtual std::optional<u64> place(AddressPlace where) const {
    return where == AddressPlace::pc ? std::optional(linear_pc()) : std::nullopt;
  }
  /// The used entries of a frame that its walker reads as a table; `level` from 1 (leaves), 0 where there is
  /// one sort or it is not known.
  virtual std::vector<TableEntry> decode_table(std::span<const u8> frame, unsigned level) const {
    return (void)frame, (void)level, std::vector<TableEntry>();
  }
  /// Memory of which registers hold what is not yet written: IA-64's register stack. False: not so at `va`.
  virtual bool read_held(u64 va, u8& out) const { return (void)va, (void)out, false; }
  virtual bool write_held(u64 va, u8 in) { return (void)va, (void)in, false; }
  /// Linear address of the next instruction.
  virtual u64 linear_pc() const = 0;
  virtual void set_debug_points(const std::vector<DebugPoint>& points) = 0;
  /// The core stops behind its next instruction or at the entry of a handler.
  virtual void request_step(bool on) = 0;
};

}  // namespace xs
