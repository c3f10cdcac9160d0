// Running: uc_emu_start in a loop that settles the engine's own reasons to stop, and single steps by TF.
//
// A step sets TF behind the guest's back. The places where the guest could see it: PUSHF (its image is
// corrected), SYSCALL and exception frames (built by Core from RFLAGS after TF is restored). POPF, IRET and
// SYSRET load a new TF, which then is the guest's own.
#include <algorithm>
#include <string>

#include "sim/core/error.h"
#include "sim/cpu_x86/engine/engine_impl.h"
#include "sim/cpu_x86/engine/svm_exit.h"

namespace xs::x86 {

EngineExit Engine::Impl::resume() {
  exit = {};
  exit_set = false;
  smc_step = refused = false;
  stopped_for_buffer = false;
  over_limit = nullptr;
  if (!in_block) {
    ran_before = &last_block();
    current = &no_block;
    taken_back = 0;
  }
  quiet = stepping ? retry : ~u64{0};
  retry = ~u64{0};
  if (buffer_full()) {
    uc_ctl_flush_tb(uc);
    translations_at_flush = translations;
  }
  ++entries;
  if (passing != Passing::no) end_passing();
  if (stepping && !iret_wanted) intercept(svm::exit_iret, false);
  const uc_err e = uc_emu_start(uc, rip, 0, 0, 0);
  if (stepping) want_iret(iret_wanted);
  if (!exit_set)
    throw Error("Unicorn stopped unasked (" + std::string(uc_strerror(e)) + ") at RIP " +
                std::to_string(read(UC_X86_REG_RIP)));
  settle();
  if (exit.kind == EngineExit::Kind::fault && second_page_refused() && (!stepping || beginning))
    exit.kind = EngineExit::Kind::careful;
  return exit;
}

/// Completes `exit` and takes back the charge for what the running block did not execute.
void Engine::Impl::settle() {
  using Kind = EngineExit::Kind;
  if (refused) {
    rip = live_rip();
    std::memcpy(&exit.va, reinterpret_cast<const u8*>(uc) + fault_address_offset, sizeof exit.va);
    if (exit.access == mmu::AccessKind::fetch) return;  // between blocks: all that was charged is done
    retry = rip + code_base();
  } else if (exit.kind == Kind::intercept) {
    context->load();
    exit.error_code = context->error_code();
    if (exit.code == trap_db) return;
  } else if (exit.kind != Kind::syscall && exit.kind != Kind::sysenter && exit.kind != Kind::code_stop &&
             exit.kind != Kind::held) {
    return;
  }
  if (exit.kind == Kind::held)
    hold();
  else if (!stepping)
    give_back();
}

void Engine::Impl::give_back() {
  const bool at_end = exit.kind == EngineExit::Kind::syscall && exit.code != 0;
  const u64 done = at_end ? current->instructions - 1 : instructions_before(rip + code_base());
  taken_back = current->instructions - done;
  other_cycles -= current->cycles - current->instructions * config.timing.instruction;
  cycles -= current->cycles - done * config.timing.instruction;
}

/// A block that stores into itself runs instruction by instruction; so does one whose second page does not
/// answer, under Core's eyes.
bool Engine::Impl::second_page_refused() const {
  if (!refused || exit.access != mmu::AccessKind::fetch) return false;
  return (exit.va ^ (rip + code_base())) >> frame_shift != 0;
}

EngineExit Engine::run(u64 cycle_limit) {
  Impl& e = *impl_;
  e.run_limit = cycle_limit;
  for (;;) {
    e.limit = e.attention ? 0 : cycle_limit;
    const EngineExit x = e.over_limit ? e.run_part() : e.resume();
    if (e.stopped_for_buffer || e.over_limit || x.kind == EngineExit::Kind::stepped) continue;
    if (!e.smc_step) return x;
    const EngineExit stepped = e.step();
    if (stepped.kind != EngineExit::Kind::stepped) return stepped;
    if (e.cycles >= cycle_limit) return {};
    if (e.attention) {
      EngineExit attention;
      attention.kind = EngineExit::Kind::attention;
      return attention;
    }
  }
}

EngineExit Engine::step() { return impl_->step(); }

/// Executes one instruction with TF set over the guest's `flags`; false when it could not.
bool Engine::Impl::step_natively(u64 flags) {
  write(UC_X86_REG_RFLAGS, flags | rflags_tf);
  stepping = true;
  limit = 0;
  step_blocks = 0;
  resume();
  stepping = false;
  if (is_step_trap(exit) || exit.kind == EngineExit::Kind::stepped) return true;
  write(UC_X86_REG_RFLAGS, flags);
  return false;
}

EngineExit Engine::Impl::step() {
  const u64 flags = read(UC_X86_REG_RFLAGS);
  const u64 count = read(UC_X86_REG_RCX);
  const std::array<u8, 15> bytes = fetch(rip + code_base());
  const Opcode op = split(bytes, code_bits());
  const u64 start = rip;
  if (!step_natively(flags)) return exit;
  retire(1);
  ++single_steps;
  if (op.opcode == 0xcf) {
    charge_other(config.timing.iret);
    client.iret();
  } else if (op.opcode == 0x0f07) {
    charge_other(config.timing.syscall);
  }
  if (rip != start && is_last_repeat(op, count)) retire(1);
  restore_flags(flags, op);
  if (is_step_trap(exit) && (flags & rflags_tf)) return exit;  // the guest's own single step
  exit.kind = EngineExit::Kind::stepped;
  return exit;
}

void Engine::Impl::restore_flags(u64 guest_flags, const Opcode& op) {
  if (guest_flags & rflags_tf) return;
  if (!loads_rflags(op)) write(UC_X86_REG_RFLAGS, read(UC_X86_REG_RFLAGS) & ~rflags_tf);
  if (op.opcode != 0x9c) return;
  context->load();
  const u64 stack = context->hflags() & hf_cs64 ? 0 : context->segment(seg_ss).base;
  u64 pa = 0;
  if (client.probe(stack + context->gpr(4) + 1, pa))
    if (u8* image = memory.host(pa)) *image &= static_cast<u8>(~1u);
}

/// Outside single steps Unicorn runs one more, empty iteration when RCX ends a REP; a stepped one counts
/// alike, so that counts do not depend on where a quantum ends.
bool Engine::Impl::is_last_repeat(const Opcode& op, u64 count_before) const {
  if (!is_string(op) || !(op.rep || op.repne) || count_before == 0) return false;
  const bool compares = op.opcode == 0xa6 || op.opcode == 0xa7 || op.opcode == 0xae || op.opcode == 0xaf;
  const bool zero = read(UC_X86_REG_RFLAGS) >> 6 & 1;
  return !compares || (op.rep ? zero : !zero);
}

std::array<u8, 15> Engine::Impl::fetch(u64 linear) {
  std::array<u8, 15> bytes;
  bytes.fill(0xff);
  const u64 first = std::min<u64>(bytes.size(), frame_size - (linear & frame_mask));
  u64 pa = 0;
  if (client.probe(linear, pa))
    if (const u8* host = memory.host(pa)) std::memcpy(bytes.data(), host, first);
  if (first < bytes.size() && client.probe(linear + first, pa))
    if (const u8* host = memory.host(pa)) std::memcpy(bytes.data() + first, host, bytes.size() - first);
  return bytes;
}

}  // namespace xs::x86
