// Hypercalls that only x86 PV guests have.
#pragma once
#include "hypervisor/common/hypercall.h"

namespace hv {

// hypercalls.cpp
long do_set_trap_table(const HypercallArgs&);
long do_stack_switch(const HypercallArgs&);
long do_set_callbacks(const HypercallArgs&);
long do_callback_op(const HypercallArgs&);
long do_fpu_taskswitch(const HypercallArgs&);
long do_set_debugreg(const HypercallArgs&);
long do_get_debugreg(const HypercallArgs&);
long do_set_segment_base(const HypercallArgs&);
long do_iret(const HypercallArgs&);
// page tables and descriptor tables
long do_mmu_update(const HypercallArgs&);
long do_mmuext_op(const HypercallArgs&);
long do_update_va_mapping(const HypercallArgs&);
long do_update_va_mapping_otherdomain(const HypercallArgs&);
long do_set_gdt(const HypercallArgs&);
long do_update_descriptor(const HypercallArgs&);

constexpr void arch_add_hypercalls(HypercallTable& t) {
  t.at[__HYPERVISOR_set_trap_table] = do_set_trap_table;
  t.at[__HYPERVISOR_stack_switch] = do_stack_switch;
  t.at[__HYPERVISOR_set_callbacks] = do_set_callbacks;
  t.at[__HYPERVISOR_callback_op] = do_callback_op;
  t.at[__HYPERVISOR_fpu_taskswitch] = do_fpu_taskswitch;
  t.at[__HYPERVISOR_set_debugreg] = do_set_debugreg;
  t.at[__HYPERVISOR_get_debugreg] = do_get_debugreg;
  t.at[__HYPERVISOR_set_segment_base] = do_set_segment_base;
  t.at[__HYPERVISOR_iret] = do_iret;
  t.at[__HYPERVISOR_mmu_update] = do_mmu_update;
  t.at[__HYPERVISOR_mmuext_op] = do_mmuext_op;
  t.at[__HYPERVISOR_update_va_mapping] = do_update_va_mapping;
  t.at[__HYPERVISOR_update_va_mapping_otherdomain] = do_update_va_mapping_otherdomain;
  t.at[__HYPERVISOR_set_gdt] = do_set_gdt;
  t.at[__HYPERVISOR_update_descriptor] = do_update_descriptor;
}

}  // namespace hv
