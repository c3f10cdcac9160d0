// Instructions that the engine stops in front of. Each handler checks, acts and completes the instruction, or
// throws the fault it raises.
#include "sim/cpu_x86/engine/svm_exit.h"
#include "sim/cpu_x86/system/architecture.h"
#include "sim/cpu_x86/system/core.h"
#include "sim/cpu_x86/system/descriptor.h"

namespace xs::x86 {

namespace {

/// A spin loop's PAUSE, as long as on a Skylake-class core (Intel Optimization Reference Manual, "Pause
/// Latency in Skylake Client Microarchitecture": as many as 140), so that spinning costs few host
/// instructions.
constexpr u64 pause_cycles = 140;
/// PAUSEs in one quantum after which a core of several lets the others run.
constexpr unsigned pauses_per_yield = 16;

[[noreturn]] void fault(u8 vector) { throw GuestFault{vector, has_error_code(vector), 0, 0}; }

}  // namespace

void Core::on_intercept(const EngineExit& exit) {
  const u64 rip = engine_->rip();
  const unsigned exception = exit.code - svm::exit_exception0;
  if (exception < 32) {
    u8 vector = static_cast<u8>(exception);
    if (vector == vec_ud && code_at(rip)[0] == 0xf1) {  // ICEBP is reported as #UD
      engine_->set_rip(rip + 1);
      vector = vec_db;
    } else if (vector == vec_db) {
      dr_[6] |= 1u << 14;  // BS
    }
    return raise({vector, Event::Source::fault, true, exit.error_code, 0, engine_->rip()});
  }
  if (exit.code == svm::exit_iret) return step_iret();
  const Opcode op = opcode_at_intercept();
  try {
    emulate(exit, op);
  } catch (const GuestFault& f) {
    // The only #DB here is general detect, a fault but no instruction breakpoint.
    raise({f.vector, Event::Source::fault, f.has_error, f.error, f.cr2, rip, f.vector == vec_db});
  }
}

/// What run() does between two exits is done here when it is needed: then the engine stops.
bool Core::intercept(const EngineExit& exit) {
  if (exit.kind == EngineExit::Kind::intercept && exit.code == svm::exit_iret)
    do_iret();
  else
    handle(exit);
  return state_ == CoreState::running && !yield_ && !points_changed_ && !(armed_ && must_step());
}

/// Ends an emulated instruction: `after_opcode` bytes (ModRM, immediates) follow the opcode.
void Core::complete(const Opcode& op, unsigned after_opcode, u64 cycles) {
  engine_->set_rip(engine_->rip() + op.length_to_modrm + after_opcode);
  engine_->charge(cycles + config_.timing.instruction, 1);
  engine_->clear_shadow();
  if (!(engine_->control_flags() & rflags::tf)) return;
  dr_[6] |= 1u << 14;
  raise({vec_db, Event::Source::fault, false, 0, 0, engine_->rip()});
}

void Core::emulate(const EngineExit& exit, const Opcode& op) {
  if (exit.code < svm::exit_read_cr0 + 16) return read_control(exit.code - svm::exit_read_cr0, op);
  if (exit.code < svm::exit_write_cr0 + 16) return write_control(exit.code - svm::exit_write_cr0, op);
  if (exit.code < svm::exit_read_dr0 + 16) return debug_register(false, op);
  if (exit.code < svm::exit_write_dr0 + 16) return debug_register(true, op);
  switch (exit.code) {
    case svm::exit_swint:
      return software_interrupt(op);
    case svm::exit_cpuid:
      cpuid();
      return complete(op, 0, config_.timing.cpuid);
    case svm::exit_rdtsc:
      return read_tsc(op);
    case svm::exit_msr: {
      const u32 index = static_cast<u32>(gpr(1));
      if (exit.error_code & 1)
        write_msr(index, (gpr(2) & 0xffffffff) << 32 | (gpr(0) & 0xffffffff));
      else {
        const u64 value = read_msr(index);
        set_gpr(0, value & 0xffffffff);
        set_gpr(2, value >> 32);
      }
      return complete(op, 0, config_.timing.msr);
    }
    case svm::exit_hlt:
      return halt(op);
    case svm::exit_pause:
      yield_ = config_.cores > 1 && ++pauses_ >= pauses_per_yield;
      return complete(op, 0, pause_cycles);
    case svm::exit_invlpg:
      return invlpg(op);
    case svm::exit_tr_write:
      return load_task(op);
    case svm::exit_invd:
    case svm::exit_wbinvd:
      return complete(op, 0, 0);  // caches are not modelled
    default:
      fault(vec_ud);  // not in CPUID: SVM, MONITOR, RDTSCP, XSETBV, RDPMC, RSM
  }
}

void Core::software_interrupt(const Opcode& op) {
  u8 vector = vec_bp;
  unsigned length = op.length_to_modrm;
  if (op.opcode == 0xcd) {
    vector = op.modrm;
    ++length;
  } else if (op.opcode == 0xce) {
    vector = vec_of;
  }
  ++counters_.software_interrupts;
  const u64 next = engine_->rip() + length;
  engine_->charge(config_.timing.instruction, 1);
  raise({vector, Event::Source::software, false, 0, 0, next});
}

void Core::halt(const Opcode& op) {
  if (engine_->cpl() != 0) fault(vec_gp);
  complete(op, 0, 0);
  if (!wakeable()) state_ = CoreState::halted;
}

void Core::invlpg(const Opcode& op) {
  if (engine_->cpl() != 0) fault(vec_gp);
  const u64 va = memory_operand(op);
  engine_->invalidate_page(va);
  const unsigned shift = mmu_.flush_page(va);
  if (shift) implicit_pages_.forget(va, shift);
  if (shift > frame_shift) engine_->flush_tlb();  // it holds a large page in pieces
  complete(op, modrm_length(op), config_.timing.invlpg);
}

u64 Core::memory_operand(const Opcode& op) const {
  const u64 next = engine_->rip() + op.length_to_modrm + modrm_length(op);
  return effective_address(
      op, next, [this](unsigned i) { return gpr(i); },
      [this, &op](u8 prefix) -> u64 {
        if (prefix == 0x64) return engine_->reg(Reg::fs_base);
        if (prefix == 0x65) return engine_->reg(Reg::gs_base);
        return op.bits == 64 ? 0 : engine_->segment(prefix == 0x36 ? seg_ss : seg_ds).base;
      });
}

/// Unicorn executes LTR but takes a null selector (SDM vol. 2A LTR: #GP(0)).
void Core::load_task(const Opcode& op) {
  const u64 selector = op.mod() == 3 ? gpr(op.rm()) : load(memory_operand(op), 2);
  if (!(selector & 0xfffc)) fault(vec_gp);
  engine_->intercept(svm::exit_tr_write, false);
  careful_step();
  engine_->intercept(svm::exit_tr_write, true);
}

void Core::read_tsc(const Opcode& op) {
  if (op.opcode != 0x0f31) fault(vec_ud);  // RDTSCP, which the engine reports as RDTSC
  if ((control_.cr4 & cr4::tsd) && engine_->cpl() != 0) fault(vec_gp);
  const u64 value = cycles() + tsc_offset_;
  set_gpr(0, value & 0xffffffff);
  set_gpr(2, value >> 32);
  complete(op, 0, 0);
}

// SDM vol. 2B SYSCALL; AMD's compatibility-mode form (CSTAR) included: the vendor string is AMD's.
void Core::syscall(unsigned length) {
  const u64 rip = engine_->rip();
  if (!(control_.efer & efer::sce) || !(control_.cr0 & cr0::pe))
    return raise({vec_ud, Event::Source::fault, false, 0, 0, rip});
  ++counters_.syscalls;
  const u64 flags = engine_->reg(Reg::rflags);
  const bool from64 = engine_->code64();
  const u16 selector = static_cast<u16>(star_ >> 32 & 0xfffc);
  HandlerEntry entry;
  set_gpr(1, rip + length);
  entry.load_ss = true;
  entry.ss = {static_cast<u16>(selector + 8), 0, 0xffffffff, 0x00cf9300};
  entry.rsp = gpr(4);
  if (long_mode()) {
    set_gpr(11, flags & ~u64{rflags::rf});
    entry.cs = {selector, 0, 0xffffffff, 0x00af9b00};
    entry.rip = from64 ? lstar_ : cstar_;
    engine_->set_reg(Reg::rflags, ((flags & ~fmask_) & ~u64{rflags::rf}) | 2);
  } else {
    entry.cs = {selector, 0, 0xffffffff, 0x00cf9b00};
    entry.rip = star_ & 0xffffffff;
    entry.clear_rflags = rflags::vm | rflags::if_ | rflags::rf;
  }
  engine_->enter_handler(entry);
  engine_->charge(config_.timing.syscall + config_.timing.instruction, 1);
  if (!(engine_->control_flags() & rflags::tf)) return;  // TF is judged as FMASK left it
  dr_[6] |= 1u << 14;
  raise({vec_db, Event::Source::fault, false, 0, 0, engine_->rip()});
}

void Core::sysenter() {
  const u64 rip = engine_->rip();
  if (!(control_.cr0 & cr0::pe) || !(sysenter_cs_ & 0xfffc))
    return raise({vec_gp, Event::Source::fault, true, 0, 0, rip});
  const u16 selector = static_cast<u16>(sysenter_cs_ & 0xfffc);
  HandlerEntry entry;
  entry.cs = {selector, 0, 0xffffffff, long_mode() ? 0x00af9b00u : 0x00cf9b00u};
  entry.load_ss = true;
  entry.ss = {static_cast<u16>(selector + 8), 0, 0xffffffff, 0x00cf9300};
  entry.rsp = sysenter_esp_;
  entry.rip = sysenter_eip_;
  entry.clear_rflags = rflags::vm | rflags::if_ | rflags::rf;
  engine_->enter_handler(entry);
  engine_->charge(config_.timing.syscall + config_.timing.instruction, 1);
}

// SDM vol. 1 19.5: IOPL, then the bitmap whose offset is at 0x66 of the TSS; one bit per port, 1 = denied.
bool Core::port_permitted(u16 port, unsigned size) {
  if (!(control_.cr0 & cr0::pe) || engine_->cpl() <= (engine_->reg(Reg::rflags) >> 12 & 3)) return true;
  const TableRegister task = engine_->table(Table::task);
  if (task.limit < 0x67) return false;
  const u64 offset = load(task.base + 0x66, 2) + port / 8;
  if (offset + 1 > task.limit) return false;
  const u64 bits = load(task.base + offset, 2) >> (port & 7);
  return !(bits & ((1u << size) - 1));
}

}  // namespace xs::x86
