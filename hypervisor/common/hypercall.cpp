#include "hypervisor/common/hypercall.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/taps.h"

namespace hv {
namespace {

/// How long a hypercall may keep a CPU from its interrupts before it asks to be continued.
constexpr Nanoseconds kLongestStep = 1'000'000;

HypercallHandler common_handler(u64 number) {
  switch (number) {
    case __HYPERVISOR_mmu_update:
      return do_mmu_update;
    case __HYPERVISOR_set_gdt:
      return do_set_gdt;
    case __HYPERVISOR_sched_op_compat:
      return do_sched_op_compat;
    case __HYPERVISOR_update_descriptor:
      return do_update_descriptor;
    case __HYPERVISOR_memory_op:
      return do_memory_op;
    case __HYPERVISOR_multicall:
      return do_multicall;
    case __HYPERVISOR_update_va_mapping:
      return do_update_va_mapping;
    case __HYPERVISOR_set_timer_op:
      return do_set_timer_op;
    case __HYPERVISOR_xen_version:
      return do_xen_version;
    case __HYPERVISOR_console_io:
      return do_console_io;
    case __HYPERVISOR_vm_assist:
      return do_vm_assist;
    case __HYPERVISOR_update_va_mapping_otherdomain:
      return do_update_va_mapping_otherdomain;
    case __HYPERVISOR_vcpu_op:
      return do_vcpu_op;
    case __HYPERVISOR_mmuext_op:
      return do_mmuext_op;
    case __HYPERVISOR_sched_op:
      return do_sched_op;
    case __HYPERVISOR_event_channel_op:
      return do_event_channel_op;
    case __HYPERVISOR_sysctl:
      return do_sysctl;
    case __HYPERVISOR_domctl:
      return do_domctl;
    default:
      return nullptr;
  }
}

HypercallHandler find_handler(u64 number) {
  const HypercallHandler handler = common_handler(number);
  return handler ? handler : arch_hypercall_handler(number);
}

}  // namespace

long hypercall_dispatch(u64 number, const HypercallArgs& args) {
  const HypercallHandler handler = number < kHypercallCount ? find_handler(number) : nullptr;
  const u64 caller = mark_name(current());
  const HypercallSubject subject = hypercall_subject(number, args);
  const u64 what = (number & 0xffffffff) << 32 | (subject.sub_operation & 0xffffffff);
  mark(XS_MARK_OP_BEGIN, caller, what, subject.subject);
  if (!this_cpu().in_multicall) this_cpu().hypercall_started = system_time();
  const long result = handler ? handler(args) : -XEN_ENOSYS;
  mark(XS_MARK_OP_END, caller, what, static_cast<u64>(result));
  return result;
}

bool hypercall_preempt_check() {
  const PerCpu& cpu = this_cpu();
  return cpu.need_schedule || system_time() - cpu.hypercall_started > kLongestStep;
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
