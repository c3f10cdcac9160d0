// Intercepts dealt with inside Unicorn's callbacks: stopping and starting it costs more than most of them do.
//
//     uc_emu_start [ block | intercept: Core changes registers, RIP too | block ... ]
//
// Unicorn looks its state up anew behind each of these callbacks, so any register may change there. What
// needs Unicorn to execute something (IRET, LTR), or changes its hooks (debug registers, CR4), stops it.
#include "sim/cpu_x86/engine/engine_impl.h"
#include "sim/cpu_x86/engine/svm_exit.h"

namespace xs::x86 {

namespace {

constexpr u64 syscall_bytes = 2;

bool needs_a_stop(u32 code) {
  if (code - svm::exit_exception0 < 32) return code == trap_db;  // the step trap is the engine's own, too
  switch (code) {
    case svm::exit_read_cr0 + 2:
    case svm::exit_read_cr0 + 8:
    case svm::exit_write_cr0:
    case svm::exit_write_cr0 + 2:
    case svm::exit_write_cr0 + 3:
    case svm::exit_write_cr0 + 8:
    case svm::exit_swint:
    case svm::exit_rdtsc:
    case svm::exit_cpuid:
    case svm::exit_msr:
    case svm::exit_pause:
      return false;
    default:
      return true;
  }
}

}  // namespace

bool Engine::Impl::stays_inside() const {
  return !stepping && !bootstrapping && context->in_place() && in_place_allowed;
}

bool Engine::Impl::handles_in_place() const {
  if (!stays_inside()) return false;
  if (exit.code == svm::exit_invlpg) return soft_tlb.usable();
  if (exit.code == svm::exit_iret) return quick_iret() && !iret_wanted && client.simple_iret();
  return !needs_a_stop(exit.code);
}

/// False when the client wants the engine to stop.
bool Engine::Impl::goes_on() {
  settle();
  if (passing != Passing::no) end_passing();
  const bool on = client.intercept(exit);
  exit = {};
  exit.kind = EngineExit::Kind::attention;
  context->set_rip(rip);
  current = &no_block;
  taken_back = 0;
  return on;
}

/// Behind the callback Unicorn adds the instruction's length to RIP, ends the block and looks at TF, which
/// Core has left clear. One without prefixes is what is left of its block.
bool Engine::Impl::syscall_in_place() {
  if (!stays_inside() || current == &no_block) return false;
  if (rip + code_base() + syscall_bytes != current->address + current->size) return false;
  exit.code = syscall_bytes;
  const bool on = goes_on();
  context->set_rip(rip - syscall_bytes);
  return on;
}

// IRET is intercepted for the sake of speed, too. One that the client does not execute is passed to Unicorn,
// which takes it for a block of its own; it is charged already, with the block that it ends:
//
//     block hook   charge [ pop ... | intercept ]   at_iret: nothing [ iret ]   behind: as ever [ next block
//     intercept                       on                    off                 on

bool Engine::Impl::quick_iret() const {
  return context->in_place() && in_place_allowed && !config.see_every_access;
}

void Engine::Impl::want_iret(bool on) {
  iret_wanted = on;
  intercept(svm::exit_iret, on || quick_iret());
}

bool Engine::Impl::passes_iret() {
  if (exit.code != svm::exit_iret || iret_wanted || !stays_inside()) return false;
  intercept(svm::exit_iret, false);
  passing = Passing::at_iret;
  limit = 0;
  exit = {};
  return true;
}

void Engine::Impl::pass_iret(u64 address, u32 size) {
  if (passing == Passing::at_iret) {
    passing = Passing::behind;
    return;
  }
  end_passing();
  limit = attention || buffer_full() ? 0 : run_limit;
  on_block(uc, address, size, this);
}

void Engine::Impl::end_passing() {
  passing = Passing::no;
  want_iret(iret_wanted);
}

}  // namespace xs::x86
