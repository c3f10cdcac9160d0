#include "cpu_ops.h"
#include "direct_map.h"
#include "guests/kernel/address_space.h"
#include "guests/kernel/arch_thread.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/process.h"
#include "guests/kernel/thread.h"
#include "guests/lib/boot.h"
#include "guests/lib/events.h"
#include "guests/lib/string.h"

namespace {
const Process* loaded_process[cpus_max];  // whose user page tables the VCPU has
}

u64 arch_initial_stack(u64 top, void (*entry)()) {
  auto* sp = reinterpret_cast<u64*>(top - 16);  // entry() finds the alignment that a call leaves
  *--sp = reinterpret_cast<u64>(entry);
  for (int saved = 0; saved < 6; saved++) *--sp = 0;
  return reinterpret_cast<u64>(sp);
}

void arch_before_switch(Thread* next) {
  unsigned cpu = current_cpu();
  if (!next->process) {  // kernel threads never leave kernel mode
    // Another VCPU may end the process meanwhile, and its tables cannot be freed while they are loaded here.
    if (loaded_process[cpu] && cpus_online() > 1) {
      space_deactivate();
      loaded_process[cpu] = nullptr;
    }
    return;
  }
  cpu_ops.set_kernel_stack(next->stack_top());
  if (loaded_process[cpu] == next->process) return;
  space_activate(next->process->space);
  loaded_process[cpu] = next->process;
}

void arch_unload_process() {
  space_deactivate();
  loaded_process[current_cpu()] = nullptr;
}

void arch_forget_cpu(unsigned cpu) { loaded_process[cpu] = nullptr; }

long arch_start_cpu(unsigned cpu, Thread* idle, void (*entry)()) {
  auto* context = static_cast<vcpu_guest_context_t*>(heap_alloc(sizeof(vcpu_guest_context_t)));
  if (!context) return -XEN_ENOMEM;
  context->flags = VGCF_in_kernel;
  context->user_regs.rip = reinterpret_cast<u64>(entry);
  context->user_regs.rsp = idle->stack_top() - 8;
  context->user_regs.cs = FLAT_KERNEL_CS;
  context->user_regs.ss = FLAT_KERNEL_SS;
  context->user_regs.rflags = 1 << 12;  // IOPL 1 as the builder gives VCPU 0
  context->kernel_ss = FLAT_KERNEL_SS;
  context->kernel_sp = idle->stack_top();
  Pfn root = boot_va_frame(reinterpret_cast<void*>(boot_info->pt_base));
  context->ctrlreg[3] = xen_pfn_to_cr3(model_machine(root));
  arch_describe_traps(*context);
  events_disable(cpu);  // it begins masked
  long r = hypercall_vcpu_op(VCPUOP_initialise, cpu, context);
  heap_free(context);
  return r ? r : hypercall_vcpu_op(VCPUOP_up, cpu, nullptr);
}
