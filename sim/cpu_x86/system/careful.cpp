// One instruction under the core's eyes: what the engine must not execute unseen (port accesses that may not
// be permitted, instructions that CPUID hides, far transfers), what debug registers or a debugger watch.
#include <algorithm>
#include <utility>

#include "sim/cpu_x86/engine/svm_exit.h"
#include "sim/cpu_x86/system/architecture.h"
#include "sim/cpu_x86/system/core.h"

namespace xs::x86 {

namespace {

u16 port_of(const Opcode& op, u64 rdx) {
  return op.opcode >= 0xe4 && op.opcode <= 0xe7 ? op.modrm : static_cast<u16>(rdx);
}

unsigned port_size(const Opcode& op) {
  return !(op.opcode & 1) ? 1 : op.operand_size != (op.bits == 16) ? 2 : 4;
}

bool is_db(const EngineExit& exit) {
  return exit.kind == EngineExit::Kind::intercept && exit.code == svm::exit_exception0 + unsigned{vec_db};
}

}  // namespace

/// What a far transfer changes, apart from memory below the stack pointer.
struct Core::FarState {
  std::array<Segment, segment_count> segments;
  u64 rip = 0, rsp = 0, rflags = 0;
};

Core::FarState Core::far_state() const {
  FarState s;
  for (unsigned i = 0; i < segment_count; ++i) s.segments[i] = engine_->segment(static_cast<SegmentIndex>(i));
  s.rip = engine_->rip();
  s.rsp = gpr(4);
  s.rflags = engine_->reg(Reg::rflags);
  return s;
}

void Core::undo(const FarState& s) {
  for (unsigned i = 0; i < segment_count; ++i)
    engine_->load_segment(static_cast<SegmentIndex>(i), s.segments[i]);
  engine_->set_rip(s.rip);
  set_gpr(4, s.rsp);
  engine_->set_reg(Reg::rflags, s.rflags);
}

OperandState Core::operand_state() const {
  OperandState s;
  s.bits = engine_->code_bits();
  for (unsigned i = 0; i < s.gpr.size(); ++i) s.gpr[i] = gpr(i);
  for (unsigned i = 0; i < s.segment_base.size(); ++i)
    s.segment_base[i] = engine_->segment(static_cast<SegmentIndex>(i)).base;
  return s;
}

/// The run loop steps in place of running: RFLAGS.RF holds instruction breakpoints off for one instruction.
bool Core::must_step() const {
  return delayed_hits_ != 0 || alignment_checked() ||
         (points_.any_guest_code() && (engine_->control_flags() & rflags::rf) != 0);
}

/// #AC is on: the engine, which knows no such thing, executes nothing meanwhile.
bool Core::alignment_checked() const {
  return (control_.cr0 & cr0::am) && (engine_->control_flags() & rflags::ac) && engine_->cpl() == 3;
}

/// True when an exception is delivered.
bool Core::alignment_refused(std::span<const DataAccess> accesses) {
  u8 vector = 0;
  for (const DataAccess& a : accesses)
    if (a.aligned && a.va % 16 != 0) vector = vec_gp;
  const bool checked = vector == 0 && alignment_checked();
  if (checked && std::any_of(accesses.begin(), accesses.end(), is_misaligned)) vector = vec_ac;
  if (vector == 0) return false;
  raise({vector, Event::Source::fault, true, 0, 0, engine_->rip()});
  return true;
}

/// Breakpoints on the next instruction, for instructions that step() executes. True when #DB is delivered.
bool Core::stopped_in_front() {
  const u64 linear = linear_pc();
  if (debugger_ && points_.debugger_code(linear) && std::exchange(debug_passed_, ~u64{0}) != linear)
    debug_stop({DebugStop::Why::breakpoint, {DebugAccess::execute, linear, 1}});
  debug_passed_ = ~u64{0};
  const unsigned hits = points_.guest_code(linear);
  if (hits == 0 || (engine_->control_flags() & rflags::rf) != 0) return false;
  note_hits(hits);
  raise({vec_db, Event::Source::fault, false, 0, 0, engine_->rip()});
  return true;
}

/// The processor may clear the bits of earlier hits (SDM vol. 3B 17.2.3), and the usual ones do.
void Core::note_hits(unsigned hits) { dr_[6] = (dr_[6] & ~u64{15}) | hits; }

bool Core::port_refused(const Opcode& op) {
  try {
    if (port_permitted(port_of(op, gpr(2)), port_size(op))) return false;
    raise({vec_gp, Event::Source::fault, true, 0, 0, engine_->rip()});
  } catch (const GuestFault& f) {
    raise({f.vector, Event::Source::fault, f.has_error, f.error, f.cr2, engine_->rip()});
  }
  return true;
}

void Core::careful_step() {
  if ((armed_ || debugger_) && stopped_in_front()) return;
  const Opcode op = opcode_at_rip();
  if (is_random(op) || is_avx_state(op))
    return raise({vec_ud, Event::Source::fault, false, 0, 0, engine_->rip()});  // not in CPUID
  if (is_port_io(op) && port_refused(op)) return;
  std::vector<DataAccess> accesses;
  const bool check = config_.strict_alignment || alignment_checked();
  if (watching_ || check) accesses = data_accesses(code_, linear_pc(), operand_state());
  if (check && alignment_refused(accesses)) return;
  unsigned hits = is_port_io(op) ? points_.guest_port(port_of(op, gpr(2)), port_size(op)) : 0;
  hits |= points_.guest_data(accesses);
  const std::optional<DebugPoint> seen = points_.debugger_data(accesses);
  const FarState before = is_far_branch(op) ? far_state() : FarState{};
  const u64 start = engine_->rip();
  const EngineExit exit = step_granting();
  if (exit.kind != EngineExit::Kind::stepped && !is_db(exit)) return handle(exit);
  if (is_far_branch(op) && !mmu::is_canonical(engine_->rip())) {  // the engine does not look
    undo(before);
    engine_->charge(0 - u64{config_.timing.instruction}, ~u64{0});
    return raise({vec_gp, Event::Source::fault, true, 0, 0, engine_->rip()});
  }
  report_hits(exit, op, hits, is_string(op) && engine_->rip() == start);
  if (!seen) return;
  debug_stop({DebugStop::Why::watchpoint, *seen});
  debug_told_ = true;
}

/// Watched pages answer for this one instruction.
EngineExit Core::step_granting() {
  granting_ = true;
  const EngineExit exit = engine_->step();
  granting_ = false;
  if (std::exchange(granted_, false)) engine_->flush_tlb();
  return exit;
}

/// Debug traps behind an instruction: TF's and those of data and ports are one #DB. RF is pushed set between
/// the iterations of a string instruction.
void Core::report_hits(const EngineExit& exit, const Opcode& op, unsigned hits, bool unfinished) {
  hits |= std::exchange(delayed_hits_, 0);
  if (loads_stack_segment(op)) delayed_hits_ = std::exchange(hits, 0);
  if (hits != 0) note_hits(hits);
  if (is_db(exit))
    handle(exit);
  else if (hits != 0)
    raise({vec_db, Event::Source::fault, false, 0, 0, engine_->rip(), unfinished});
}

}  // namespace xs::x86
