// Stops at chosen instructions, by a code hook on each address: mid-block and exact, nothing elsewhere. And
// blocks that are executed by single steps without being accounted for any differently:
//
//     run()            [ begin: limit? attention? charge ──── instructions ────────────────── ] next block
//     step_in_block()  [ begin: the same ]  step  step  held: a debugger looks around  step  step ] begin ...
//
// Time that a debugger takes is the host's; limits, interrupts and the device times within a block are those
// of the undisturbed run.
#include <algorithm>

#include "sim/cpu_x86/engine/engine_impl.h"

namespace xs::x86 {

void Engine::Impl::on_code_stop(uc_engine*, u64 address, u32, void* user) {
  static_cast<Impl*>(user)->stops_at(address);
}

bool Engine::Impl::stops_at(u64 address) {
  if (exit_set || bootstrapping || passing != Passing::no || (stepping && !in_block)) return false;
  const CodeStop wanted = client.code_stop(address);
  if (wanted == CodeStop::none) return false;
  stop_at_block(address, wanted == CodeStop::hold ? EngineExit::Kind::held : EngineExit::Kind::code_stop);
  return true;
}

void Engine::Impl::hold() {
  if (in_block || stepping) return;
  in_block = true;
  executed = static_cast<u32>(instructions_before(rip + code_base()));
}

bool Engine::Impl::stops_within(u64 address, u64 size) const {
  const auto next = code_stops.lower_bound(address);
  return next != code_stops.end() && next->first - address < size;
}

bool Engine::Impl::is_tap(u64 address) const {
  return std::find(config.taps.begin(), config.taps.end(), address) != config.taps.end();
}

// Translated code knows the hooks that there were when it was translated: all of it goes.
void Engine::Impl::set_code_stops(const std::vector<u64>& linear) {
  std::map<u64, uc_hook> wanted;
  for (u64 address : linear) wanted[address] = 0;
  bool changed = false;
  removing = true;  // deletion looks up addresses by way of the fill callback: not to be seen by the guest
  removing_pa = hidden_base + hidden_ones;
  for (const auto& [address, hook] : code_stops)
    if (!wanted.count(address)) {
      if (hook) uc_hook_del(uc, hook);
      changed = true;
    }
  removing = false;
  for (auto& [address, hook] : wanted) {
    const auto known = code_stops.find(address);
    if (known != code_stops.end()) {
      hook = known->second;
      continue;
    }
    changed = true;
    if (!is_tap(address))
      uc_hook_add(uc, &hook, UC_HOOK_CODE, reinterpret_cast<void*>(&on_code_stop), this, address, address);
  }
  code_stops = std::move(wanted);
  if (!changed) return;
  frames.each_code_frame(slot, [this](u64 pa) { self.drop_code(0, pa); });
}

/// Up to the next block's start, and through what run() does there.
void Engine::Impl::begin_block(u64 cycle_limit) {
  run_limit = cycle_limit;
  do {
    limit = 0;  // the block hook is to look closer
    beginning = stepping = true;
    resume();
    beginning = stepping = false;
  } while (stopped_for_buffer);
}

EngineExit Engine::Impl::step_held() {
  const u64 flags = read(UC_X86_REG_RFLAGS);
  const u64 count = read(UC_X86_REG_RCX);
  const std::array<u8, 15> bytes = fetch(rip + code_base());
  const Opcode op = split(bytes, code_bits());
  const u64 start = rip;
  if (!step_natively(flags)) {
    if (exit.kind == EngineExit::Kind::held) return exit;
    self.give_back_block();
    return smc_step ? step() : exit;
  }
  ++executed;
  if (rip != start && is_last_repeat(op, count)) rip = start;  // the empty iteration is a block of its own
  restore_flags(flags, op);
  in_block = executed < current->instructions;
  if (is_step_trap(exit) && (flags & rflags_tf)) return exit;
  exit.kind = EngineExit::Kind::stepped;
  return exit;
}

EngineExit Engine::step_in_block(u64 cycle_limit) {
  Impl& e = *impl_;
  if (!e.in_block) {
    e.begin_block(cycle_limit);
    if (!e.in_block) return e.exit;
  }
  return e.step_held();
}

bool Engine::in_block() const { return impl_->in_block; }

void Engine::give_back_block() {
  if (!impl_->in_block) return;
  impl_->in_block = false;
  impl_->give_back();
}

void Engine::set_code_stops(const std::vector<u64>& linear) { impl_->set_code_stops(linear); }

void Engine::allow_in_place(bool on) {
  impl_->in_place_allowed = on;
  impl_->want_iret(impl_->iret_wanted);
}

void Engine::watch_ports(bool on) { impl_->careful_ports = on; }

}  // namespace xs::x86
