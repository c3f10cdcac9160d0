#include "arch_hypercall.h"
#include "cpu_ops.h"
#include "guests/kernel/arch_thread.h"

static void set_kernel_stack(u64 top) { arch_hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, top); }

CpuOps cpu_ops;

void arch_use_hypervisor() {
  arch_install_traps();
  cpu_ops = {FLAT_USER_CS, FLAT_USER_SS, arch_enter_frame, arch_fault_address, set_kernel_stack};
}
