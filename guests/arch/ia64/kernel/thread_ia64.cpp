#include "cpu_ops.h"
#include "guests/kernel/address_space.h"
#include "guests/kernel/arch_thread.h"
#include "guests/kernel/process.h"
#include "guests/kernel/thread.h"
#include "privileged.h"
#include "switch.h"
#include "user_state.h"

namespace {
const Process* loaded_process[cpus_max];  // whose user page tables the processor has
u64 pinned_granule[cpus_max];             // of region 7, by the stack's translation register

// The handlers of vectors.inc write to the running thread's stack with collection off: that may not miss.
void pin_stack(unsigned cpu, u64 stack) {
  constexpr u64 stack_register = 1;  // 0 is the image's
  u64 granule = align_down(stack, u64{1} << GRANULE_SHIFT);
  if (granule == pinned_granule[cpu] || stack < KERNEL_BASE)
    return;  // the first thread's stack is in the image
  cpu_ops.pin(stack_register, granule);
  pinned_granule[cpu] = granule;
}

void leave_user_registers(Thread* t) {
  if (!t->process) return;
  UserState& user = user_state(t);
  user_save_low(user.low);
  unload_high(user);
}
}  // namespace

void unload_high(UserState& user) {
  if (!user.high_loaded) return;
  user_save_high(user.high);
  user.high_loaded = false;
  user.frame.ipsr |= psr_dfh;
}

u64 arch_initial_stack(u64 top, void (*entry)()) { return stack_begin(top, entry); }

void arch_before_switch(Thread* next) {
  unsigned cpu = current_cpu();
  leave_user_registers(current_thread());
  pin_stack(cpu, reinterpret_cast<u64>(next));
  if (!next->process) {  // kernel threads never leave kernel mode
    // Another CPU may end the process meanwhile, and its tables cannot be freed while they are loaded here.
    if (loaded_process[cpu] && cpus_online() > 1) {
      space_deactivate();
      loaded_process[cpu] = nullptr;
    }
    return;
  }
  user_load_low(user_state(next).low);
  write_kernel_stack(reinterpret_cast<u64>(next));
  if (loaded_process[cpu] == next->process) return;
  space_activate(next->process->space);
  loaded_process[cpu] = next->process;
}

void arch_unload_process() {
  space_deactivate();
  loaded_process[current_cpu()] = nullptr;
}

void arch_forget_cpu(unsigned cpu) {
  loaded_process[cpu] = nullptr;
  pinned_granule[cpu] = 0;
}
