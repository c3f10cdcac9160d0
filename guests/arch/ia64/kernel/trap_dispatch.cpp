// From vectors.inc to the portable kernel.
#include "cpu_ops.h"
#include "guests/kernel/arch_thread.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/process.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"
#include "privileged.h"

namespace {
// ISR (SDM vol. 2 5.2).
constexpr u64 isr_code = 0xf, isr_execute = u64{1} << 32, isr_write = u64{1} << 33,
              isr_non_access = u64{1} << 35, isr_speculative = u64{1} << 36;
constexpr u64 code_lfetch = 4;  // of a non-access that faults
constexpr u64 general_exception_kind = 0xf0, illegal_operation = 0;
constexpr u64 break_zero_division = 1;  // software conventions guide, 3.5
constexpr u64 user_psr =
    PSR_IC | PSR_I | PSR_DT | PSR_RT | PSR_IT | PSR_BN | u64{USER_LEVEL} << PSR_CPL_SHIFT | psr_dfh;
constexpr u64 user_rsc = 3 | USER_LEVEL << 2;  // eager
constexpr u64 frame_valid = u64{1} << 63;
enum Register { result = 8, stack_pointer = 12, syscall_number = 15, argument_1, argument_2, argument_3 };

[[noreturn]] void kernel_fault(const TrapFrame& f) {
  for (unsigned n = 1; n < 31; n += 3)
    print_line("r%u %016lx r%u %016lx r%u %016lx", n, f.r(n), n + 1, f.r(n + 1), n + 2, f.r(n + 2));
  print_line("b0 %016lx pfs %016lx ifs %016lx ipsr %016lx", f.br[0], f.pfs, f.ifs, f.ipsr);
  panic_at(f.iip, reinterpret_cast<u64>(&f) + 1, "vector %lx in kernel mode: ip %lx isr %lx ifa %lx iim %lx",
           f.vector, f.iip, f.isr, f.ifa, f.iim);
}

[[noreturn]] void enter(TrapFrame& f) {
  cpu_ops.enter_user(&f);
  __builtin_unreachable();
}

bool is_page_fault(u64 vector) {
  switch (vector) {
    case vector_itlb_miss:
    case vector_dtlb_miss:
    case vector_alternate_itlb:
    case vector_alternate_dtlb:
    case vector_page_not_present:
    case vector_instruction_rights:
    case vector_data_rights:
      return true;
    default:
      return false;
  }
}

// What a program only hopes to be able to read (speculative loads, lfetch) never ends it: the access is
// deferred.
bool defer(TrapFrame& f) {
  bool lfetch = (f.isr & isr_non_access) && (f.isr & isr_code) == code_lfetch;
  if (!(f.isr & isr_speculative) && !lfetch) return false;
  f.ipsr |= psr_ed;
  return true;
}

const char* reason_of(const TrapFrame& f) {
  if (f.vector == vector_break && f.iim == break_zero_division) return "division by zero";
  if (f.vector == vector_general_exception && (f.isr & general_exception_kind) == illegal_operation)
    return "invalid instruction";
  return "exception";
}

void user_fault(TrapFrame& f) {
  if (f.vector == vector_disabled_float) {
    UserState& user = user_state(current_thread());
    user_load_high(user.high);
    user.high_loaded = true;
    f.ipsr &= ~psr_dfh;
  } else if (!is_page_fault(f.vector)) {
    process_kill(reason_of(f), f.iip);
  } else if (!defer(f)) {
    process_page_fault(f.ifa, f.isr & isr_write);
  }
}

// The child of a fork gets the floating-point registers as they are now, and what of the register stack lies
// on the kernel's: frame and registers are neighbours.
s64 syscall(TrapFrame& f) {
  u64 bytes = 0;
  const void* state = nullptr;
  if (f.r(syscall_number) == sys_fork) {
    UserState& user = user_state(current_thread());
    user_save_low(user.low);
    unload_high(user);
    u64 rnat = register_stack_flush();
    // Each 64th word is the NaT bits of the 63 before it; those of an unfinished group are still in ar.rnat.
    u64 end = reinterpret_cast<u64>(user.registers) + f.dirty, group_end = end | 0x1f8;
    user.rnat = group_end < register_stack_pointer() ? *reinterpret_cast<u64*>(group_end) : rnat;
    state = &user;
    bytes = sizeof user + f.dirty;
  }
  return process_syscall(f.r(syscall_number), f.r(argument_1), f.r(argument_2), f.r(argument_3), state,
                         bytes);
}

void from_user(TrapFrame& f) {
  kernel_lock();
  if (f.vector == vector_break && f.iim == SYSCALL_BREAK) {
    f.skip();
    f.r(result) = static_cast<u64>(syscall(f));
  } else if (f.vector != vector_external_interrupt) {
    user_fault(f);
  }
  preempt_check();
  kernel_unlock();
}
}  // namespace

CpuOps cpu_ops;

void guest_trap(TrapFrame* frame) {
  if (frame->from_user()) return from_user(*frame);
  if (frame->vector != vector_external_interrupt) kernel_fault(*frame);
  // In kernel mode interrupts are unmasked only while the idle thread blocks, without the lock.
  kernel_lock();
  platform.dispatch(current_cpu());
  kernel_unlock();
}

// The user's register stack grows up from where its memory stack ends (process.h).
void arch_enter_user(u64 entry, u64 stack, u64 argument) {
  UserState& user = user_state(current_thread());
  memset(&user, 0, sizeof user);
  user_load_low(user.low);
  TrapFrame& f = user.frame;
  f.iip = entry;
  f.ipsr = user_psr;
  f.ifs = frame_valid;
  f.fpsr = FPSR_DEFAULT;
  f.rsc = user_rsc;
  f.bspstore = stack - user_stack_pages * page_bytes;
  f.r(stack_pointer) = stack - 16;
  f.r(argument_1) = argument;
  preempt_check();
  kernel_unlock();
  enter(f);
}

void arch_enter_forked(const void* parent_state) {
  UserState& user = user_state(current_thread());
  auto& parent = *static_cast<const UserState*>(parent_state);
  memcpy(&user, &parent, sizeof user + parent.frame.dirty);
  user_load_low(user.low);
  user.frame.r(result) = 0;
  preempt_check();
  kernel_unlock();
  enter(user.frame);
}
