// A debugger outside of the machine: breakpoints on slots, watchpoints, steps. Its stops take no simulated
// time, and a run that is cut into single instructions takes the course of one that is not.
#include <algorithm>

#include "sim/cpu_ia64/core/core.h"

namespace xs::ia64 {

namespace {

constexpr u64 slot_bits_of_address = 3;

bool watches(const DebugPoint& point, const DataAccess& access) {
  if (point.va >= access.va + access.size || access.va >= point.va + point.size) return false;
  const bool writes = (access.rights & mmu::ia64::right_write) != 0;
  const bool reads = (access.rights & mmu::ia64::right_read) != 0;
  return point.kind == DebugAccess::access || (point.kind == DebugAccess::write && writes) ||
         (point.kind == DebugAccess::read && reads);
}

}  // namespace

void Core::set_debugger(CpuDebugger* debugger) {
  debugger_ = debugger;
  if (!debugger) set_debug_points({});
}

void Core::set_debug_points(const std::vector<DebugPoint>& points) {
  points_ = points;
  const bool data = std::any_of(points.begin(), points.end(),
                                [](const DebugPoint& p) { return p.kind != DebugAccess::execute; });
  if (data)
    p_.set_watch([this](const DataAccess& access) { note_access(access); });
  else
    p_.set_watch(nullptr);
}

void Core::note_access(const DataAccess& access) {
  for (const DebugPoint& point : points_)
    if (point.kind != DebugAccess::execute && watches(point, access)) seen_ = point;
}

void Core::debug_stop(const DebugStop& stop) {
  debug_step_ = false;
  debug_passed_ = p_.cycles();
  debugger_->on_stop(config_.processor.id, stop);
}

/// A breakpoint at this very instruction, which has not been told at this moment of the run.
bool Core::stops_here() {
  if (debug_passed_ == p_.cycles()) return false;
  const u64 here = linear_pc();
  return std::any_of(points_.begin(), points_.end(), [&](const DebugPoint& point) {
    return point.kind == DebugAccess::execute && point.va == here;
  });
}

/// How far execution may go without passing a point: one instruction where data is watched.
unsigned Core::instructions_to_point() const {
  constexpr unsigned most = 64;
  if (debug_step_ || p_.watch) return 1;
  unsigned least = most;
  for (const DebugPoint& point : points_) {
    const u64 bundle = point.va & ~u64{15};
    if (bundle < p_.r.ip || bundle - p_.r.ip >= frame_size) continue;
    const u64 slots = (bundle - p_.r.ip) / bundle_size * 2 + (point.va & slot_bits_of_address);
    const u64 passed = p_.r.ri();  // an MLX bundle has two instructions, all others three
    least = std::min(least, static_cast<unsigned>(slots > passed ? slots - passed : 1));
  }
  return least;
}

void Core::debugged_slice() {
  const u64 before = interruptions();
  if (stops_here()) return debug_stop({DebugStop::Why::breakpoint, {DebugAccess::execute, linear_pc(), 1}});
  p_.set_debugged(true);
  seen_.reset();
  const bool was_step = debug_step_;
  if (!look_around()) {
    const u64 cost = config_.processor.timing.instruction;
    const u64 room = (static_cast<u64>(p_.left) + cost - 1) / cost;
    p_.review();
    if (p_.careful() || instructions_to_point() == 1)
      step_carefully();
    else
      cut(static_cast<unsigned>(std::min<u64>(instructions_to_point(), room)));
  }
  p_.set_debugged(false);
  if (seen_) return debug_stop({DebugStop::Why::watchpoint, *seen_});
  if (was_step || (interruptions() != before && debug_step_)) debug_stop({DebugStop::Why::step, {}});
}

/// Stacked registers below the end of the frame that memory does not hold yet, as gdb looks for them.
u8* Core::held(u64 va) const {
  const u64 at = va & ~u64{7}, begin = p_.stack.bspstore();
  const u64 end = skip_registers(p_.stack.bsp(), p_.stack.frame().sof());
  if (at < begin || at >= end || is_collection(at)) return nullptr;
  return const_cast<RegisterStack&>(p_.stack).held(at) + (va & 7);
}

bool Core::read_held(u64 va, u8& out) const {
  const u8* from = held(va);
  if (from) out = *from;
  return from != nullptr;
}

bool Core::write_held(u64 va, u8 in) {
  u8* to = held(va);
  if (to) *to = in;
  return to != nullptr;
}

}  // namespace xs::ia64
