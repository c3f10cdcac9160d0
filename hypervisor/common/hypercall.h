// Hypercall dispatch and the handlers.
//
// A handler gets the raw argument registers and returns 0 or more, or a negative XEN_E*. It runs with the
// caller's address space loaded. A long operation asks hypercall_preempt_check() between steps and, when
// told so, returns hypercall_continue(new arguments): the guest re-enters the hypercall with these arguments
// after whatever was pending. Inside a multicall it is the list that goes on there.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

struct HypercallArgs {
  u64 arg[6];
};
using HypercallHandler = long (*)(const HypercallArgs&);

constexpr unsigned kHypercallCount = 64;  ///< the last one is none
constexpr int kRestart = 85;              ///< internal only: a slice is done, there is more (Xen's ERESTART)

/// Called by the architecture's entry code for the running VCPU; also by multicall.
long hypercall_dispatch(u64 number, const HypercallArgs& args);

bool hypercall_preempt_check();
/// Arranges re-execution with `args` and the same number; the handler returns this value at once.
long hypercall_continue(const HypercallArgs& args);

/// By number; nullptr: none.
struct HypercallTable {
  HypercallHandler at[kHypercallCount] = {};
};

// Memory half.
long do_memory_op(const HypercallArgs&);
long do_grant_table_op(const HypercallArgs&);
long do_domctl(const HypercallArgs&);
long do_sysctl(const HypercallArgs&);

// Core half, any architecture.
long do_multicall(const HypercallArgs&);
long do_xen_version(const HypercallArgs&);
long do_console_io(const HypercallArgs&);
long do_sched_op(const HypercallArgs&);
long do_sched_op_compat(const HypercallArgs&);
long do_vcpu_op(const HypercallArgs&);
long do_set_timer_op(const HypercallArgs&);
long do_event_channel_op(const HypercallArgs&);
long do_physdev_op(const HypercallArgs&);
long do_vm_assist(const HypercallArgs&);

/// Sets the VCPU's registers so that it makes the hypercall again, with these arguments.
void arch_hypercall_continue(Vcpu* vcpu, const HypercallArgs& args);

/// What an observer is told about a hypercall (XS_MARK_OP_BEGIN): the sub-operation and its subject.
struct HypercallSubject {
  u64 sub_operation;
  u64 subject;
};
/// For those whose subject takes more than a look at the first argument; others have none here.
HypercallSubject hypercall_subject_read(u64 number, const HypercallArgs& args);
/// `number` is below kHypercallCount.
inline HypercallSubject hypercall_subject(u64 number, const HypercallArgs& args) {
  constexpr u64 first_argument = u64{1} << __HYPERVISOR_sched_op | u64{1} << __HYPERVISOR_xen_version |
                                 u64{1} << __HYPERVISOR_grant_table_op | u64{1} << __HYPERVISOR_callback_op |
                                 u64{1} << __HYPERVISOR_vm_assist | u64{1} << __HYPERVISOR_physdev_op;
  constexpr u64 none = u64{1} << __HYPERVISOR_update_va_mapping | u64{1} << __HYPERVISOR_iret |
                       u64{1} << __HYPERVISOR_stack_switch;
  if ((first_argument | none) >> number & 1) return {args.arg[0] & (0 - (first_argument >> number & 1)), 0};
  return hypercall_subject_read(number, args);
}

}  // namespace hv
