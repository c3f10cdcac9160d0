// From the entries of traps.S (in a domain) or native/entry.S to the portable kernel.
#include "cpu_ops.h"
#include "guests/kernel/arch_thread.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/process.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

namespace {
constexpr u64 fault_write = 1 << 1;
constexpr u64 rflags_interrupts = 1 << 9;

[[noreturn]] void kernel_fault(const TrapFrame& f) {
  print_line("rax %016lx rbx %016lx rcx %016lx rdx %016lx", f.rax, f.rbx, f.rcx, f.rdx);
  print_line("rsi %016lx rdi %016lx rbp %016lx rsp %016lx", f.rsi, f.rdi, f.rbp, f.rsp);
  panic_at(f.rip, f.rbp, "vector %lu in kernel mode: rip %lx error %lx cr2 %lx", f.vector, f.rip, f.error,
           cpu_ops.fault_address(current_cpu()));
}

[[noreturn]] void enter(TrapFrame& f) {
  cpu_ops.enter_frame(&f);
  __builtin_unreachable();
}

void user_fault(const TrapFrame& f, u64 address) {
  if (f.vector == trap_page_fault)
    process_page_fault(address, f.error & fault_write);
  else
    process_kill(f.vector == trap_divide_error     ? "division by zero"
                 : f.vector == trap_invalid_opcode ? "invalid instruction"
                                                   : "exception",
                 f.rip);
}

void from_user(TrapFrame& f) {
  u64 address = cpu_ops.fault_address(current_cpu());  // before anything else can fault
  kernel_lock();
  if (f.vector == trap_syscall) {
    f.cs = cpu_ops.user_cs;
    f.ss = cpu_ops.user_ss;
    f.rax = static_cast<u64>(process_syscall(f.rax, f.rdi, f.rsi, f.rdx, &f, sizeof f));
  } else if (f.vector != trap_event) {
    user_fault(f, address);
  }
  preempt_check();
  kernel_unlock();
  f.rflags |= rflags_interrupts;  // user mode always takes upcalls
}
}  // namespace

void guest_trap(TrapFrame* frame) {
  if (frame->from_user()) return from_user(*frame);
  if (frame->vector != trap_event) kernel_fault(*frame);
  // In kernel mode upcalls are unmasked only while the idle thread blocks, without the lock.
  kernel_lock();
  platform.dispatch(current_cpu());
  kernel_unlock();
}

void arch_enter_user(u64 entry, u64 stack, u64 argument) {
  TrapFrame f{};
  f.rip = entry;
  f.cs = cpu_ops.user_cs;
  f.ss = cpu_ops.user_ss;
  f.rsp = stack - 8;  // as after a call
  f.rdi = argument;
  f.rflags = rflags_interrupts;
  preempt_check();
  kernel_unlock();
  enter(f);
}

void arch_enter_forked(const void* parent_frame) {
  TrapFrame f;
  memcpy(&f, parent_frame, sizeof f);
  f.rax = 0;
  f.rflags |= rflags_interrupts;
  preempt_check();
  kernel_unlock();
  enter(f);
}
