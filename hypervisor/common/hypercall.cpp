#include "hypervisor/common/hypercall.h"

#include "arch_hypercalls.h"  // arch_add_hypercalls()
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/taps.h"

namespace hv {
namespace {

/// How long a hypercall may keep a CPU from its interrupts before it asks to be continued.
constexpr Nanoseconds kLongestStep = 1'000'000;

long no_such_hypercall(const HypercallArgs&) { return -XEN_ENOSYS; }

constexpr HypercallTable kHandlers = [] {
  HypercallTable t;
  for (HypercallHandler& handler : t.at) handler = no_such_hypercall;
  t.at[__HYPERVISOR_sched_op_compat] = do_sched_op_compat;
  t.at[__HYPERVISOR_memory_op] = do_memory_op;
  t.at[__HYPERVISOR_multicall] = do_multicall;
  t.at[__HYPERVISOR_set_timer_op] = do_set_timer_op;
  t.at[__HYPERVISOR_xen_version] = do_xen_version;
  t.at[__HYPERVISOR_console_io] = do_console_io;
  t.at[__HYPERVISOR_vm_assist] = do_vm_assist;
  t.at[__HYPERVISOR_grant_table_op] = do_grant_table_op;
  t.at[__HYPERVISOR_vcpu_op] = do_vcpu_op;
  t.at[__HYPERVISOR_sched_op] = do_sched_op;
  t.at[__HYPERVISOR_event_channel_op] = do_event_channel_op;
  t.at[__HYPERVISOR_physdev_op] = do_physdev_op;
  t.at[__HYPERVISOR_sysctl] = do_sysctl;
  t.at[__HYPERVISOR_domctl] = do_domctl;
  arch_add_hypercalls(t);
  return t;
}();

}  // namespace

long hypercall_dispatch(u64 number, const HypercallArgs& args) {
  const u64 index = min_of<u64>(number, kHypercallCount - 1);  // which is none
  const HypercallHandler handler = kHandlers.at[index];
  const u64 caller = mark_name(current());
  const HypercallSubject subject = hypercall_subject(index, args);
  const u64 what = (number & 0xffffffff) << 32 | (subject.sub_operation & 0xffffffff);
  mark(XS_MARK_OP_BEGIN, caller, what, subject.subject);
  const long result = handler(args);
  mark(XS_MARK_OP_END, caller, what, static_cast<u64>(result));
  return result;
}

/// The time runs from the first question: a hypercall that never asks need not read the clock.
bool hypercall_preempt_check() {
  PerCpu& cpu = this_cpu();
  if (cpu.need_schedule) return true;
  const Nanoseconds now = system_time();
  if (cpu.hypercall_started == 0) cpu.hypercall_started = now;
  return now - cpu.hypercall_started > kLongestStep;
}

long hypercall_continue(const HypercallArgs& args) {
  PerCpu& cpu = this_cpu();
  cpu.continuation_made = true;
  if (cpu.in_multicall) {
    for (unsigned a = 0; a < 6; ++a) cpu.continued_arg[a] = args.arg[a];
  } else {
    arch_hypercall_continue(current(), args);
  }
  return -kRestart;
}

namespace {

/// One entry; `entry` is what the caller's list says. It asks to be continued through
/// PerCpu::continuation_made.
long dispatch_entry(const multicall_entry& entry) {
  PerCpu& cpu = this_cpu();
  HypercallArgs inner;
  for (unsigned a = 0; a < 6; ++a) inner.arg[a] = entry.args[a];
  cpu.continuation_made = false;
  cpu.in_multicall = true;
  const long result = hypercall_dispatch(entry.op, inner);
  cpu.in_multicall = false;
  return result;
}

/// The list goes on at `at`, with the arguments that its first call wants next.
long continue_multicall(Vaddr at, u64 count) {
  const u64(&arg)[6] = this_cpu().continued_arg;
  if (!copy_to_guest(at + offsetof(multicall_entry, args), arg)) {
    this_cpu().continuation_made = false;
    return -XEN_EFAULT;
  }
  return hypercall_continue({{at, count}});
}

}  // namespace

long do_multicall(const HypercallArgs& args) {
  if (this_cpu().in_multicall) return -XEN_EINVAL;
  const Vaddr list = args.arg[0];
  const u64 count = args.arg[1];
  for (u64 i = 0; i < count; ++i) {
    const Vaddr at = list + i * sizeof(multicall_entry);
    // Also when a call of the list has put the caller to sleep: the rest is for when it wakes.
    if (i && hypercall_preempt_check()) return hypercall_continue({{at, count - i}});
    multicall_entry entry;
    if (!copy_from_guest_index(entry, list, i)) return -XEN_EFAULT;
    const long result = dispatch_entry(entry);
    if (this_cpu().continuation_made) return continue_multicall(at, count - i);
    // The caller goes on elsewhere, maybe in user mode: the rest of the list is not its any more (XSA-213).
    if (entry.op == __HYPERVISOR_iret) return result;
    if (!copy_to_guest(at + offsetof(multicall_entry, result), result)) return -XEN_EFAULT;
  }
  return 0;
}

}  // namespace hv
