// Where this core stops: the guest's debug registers, a debugger's points, and places where an interrupt was
// seen to become due in the middle of a block.
#include <utility>

#include "sim/cpu_x86/engine/svm_exit.h"
#include "sim/cpu_x86/system/architecture.h"
#include "sim/cpu_x86/system/core.h"
#include "sim/cpu_x86/system/find_access.h"

namespace xs::x86 {

namespace {

/// Each is a code hook, and makes every other hook a few nanoseconds slower.
constexpr std::size_t most_attention_points = 64;

}  // namespace

u64 Core::linear_pc() const {
  return engine_->rip() + (engine_->code64() ? 0 : engine_->segment(seg_cs).base);
}

void Core::update_points() {
  points_changed_ = !noted_points_.empty();
  points_.set_guest(dr_, (control_.cr4 & cr4::de) != 0);
  const bool watched = std::exchange(watching_, points_.any_data());
  const bool alignment = (control_.cr0 & cr0::am) != 0;
  armed_ = watching_ || alignment || points_.any_guest_code() || points_.any_port();
  engine_->watch_flags(alignment);
  if (watched || watching_) engine_->flush_tlb();
  engine_->watch_ports(points_.any_port());
  engine_->allow_in_place(!debugger_ && !watching_ && !points_.any_guest_code() && !points_.any_port());
  block_nmi(nmi_blocked_);
  std::vector<u64> code = points_.code();
  code.insert(code.end(), attention_points_.begin(), attention_points_.end());
  engine_->set_code_stops(code);
}

FillAnswer Core::refuse_watched(u64 va) {
  FillAnswer answer;
  const bool guest = points_.page(va) == Breakpoints::Watcher::guest;
  refused_watch_ = guest;
  held_watch_ = answer.hold = !guest;
  return answer;
}

CodeStop Core::code_stop(u64 linear) {
  if (debugger_ && std::exchange(debug_passed_, ~u64{0}) != linear && points_.debugger_code(linear))
    return CodeStop::hold;
  if (points_.guest_code(linear) && !(engine_->control_flags() & rflags::rf)) return CodeStop::give_back;
  if (attention_points_.count(linear) && attention() == Attention::now) return CodeStop::give_back;
  return CodeStop::none;
}

/// Between blocks: a debugger's stop in the middle of one must not bring a new point into it.
void Core::take_noted_points() {
  attention_points_.merge(noted_points_);
  update_points();
}

/// A store to a device has made an interrupt due that this core would take now, in the middle of a block:
/// this time at its end, from now on behind the store.
void Core::note_interrupt(bool port, u64 pa, unsigned size) {
  const std::size_t known = attention_points_.size() + noted_points_.size();
  if (known >= most_attention_points || !lapic_.pending() || !interruptible()) return;
  const std::vector<u8> bytes = engine_->block_code();
  const RunningBlock block = running_block(bytes);
  const u64 pc = port ? find_port_access(block, block_accesses_.ports - 1)
                      : find_memory_access(block, true, 0, [this, pa, size](u64 va, unsigned operand) {
                          return covers(va, operand, pa, size);
                        });
  const u64 offset = pc - block.address;
  const u64 next = offset + instruction_length(block.bytes.subspan(offset), block.bits);
  if (next >= bytes.size()) return;
  if (attention_points_.count(block.address + next)) return;
  noted_points_.insert(block.address + next);
  points_changed_ = true;
}

// ---- a debugger outside ----

/// Takes effect when the core goes on: gdb takes all points away at a stop and puts them back.
void Core::set_debug_points(const std::vector<DebugPoint>& points) {
  points_.set_debugger(points);
  points_changed_ = true;
}

EngineExit Core::run_engine() { return debugger_ ? run_debugged() : engine_->run(limit_); }

/// As Engine::run(), up to the end of a block at least: stops in between are the debugger's alone.
EngineExit Core::run_debugged() {
  EngineExit exit = debug_step_ ? engine_->step_in_block(limit_) : engine_->run(limit_);
  for (;;) {
    if (exit.kind == EngineExit::Kind::held && std::exchange(held_watch_, false)) {
      exit = step_over_watch();
      continue;
    }
    if (exit.kind == EngineExit::Kind::held)
      debug_stop({DebugStop::Why::breakpoint, {DebugAccess::execute, linear_pc(), 1}});
    else if (exit.kind == EngineExit::Kind::stepped)
      debug_stepped();
    if (!engine_->in_block()) return exit;
    exit = engine_->step_in_block(limit_);
  }
}

/// Executes the held instruction with its page granted, and tells what it has hit.
EngineExit Core::step_over_watch() {
  const std::array<u8, 15> code = code_at(engine_->rip());
  const std::optional<DebugPoint> seen =
      points_.debugger_data(data_accesses(code, linear_pc(), operand_state()));
  debug_passed_ = linear_pc();
  granting_ = true;
  const EngineExit exit = engine_->in_block() ? engine_->step_in_block(limit_) : engine_->step();
  granting_ = false;
  if (std::exchange(granted_, false)) engine_->flush_tlb();
  if (exit.kind != EngineExit::Kind::stepped || !seen) return exit;
  debug_stop({DebugStop::Why::watchpoint, *seen});
  debug_told_ = true;
  return exit;
}

void Core::debug_stop(const DebugStop& stop) {
  debug_step_ = false;
  debugger_->on_stop(config_.id, stop);
  debug_passed_ = linear_pc();
  if (points_changed_) update_points();
}

void Core::debug_stepped() {
  if (std::exchange(debug_told_, false) || !debug_step_) return;
  debug_stop({DebugStop::Why::step, {}});
}

}  // namespace xs::x86
