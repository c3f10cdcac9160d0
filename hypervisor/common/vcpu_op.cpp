// VCPU_OP. (<xen/vcpu.h>)
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/sched_state.h"
#include "hypervisor/common/taps.h"
#include "hypervisor/common/time_page.h"
#include "hypervisor/common/vcpu.h"

namespace hv {
namespace {

/// The structure is too large for the hypervisor's stack.
long initialise(Vcpu* vcpu, Vaddr arg) {
  auto* context = static_cast<vcpu_guest_context*>(allocate(sizeof(vcpu_guest_context)));
  if (!context) return -XEN_ENOMEM;
  long rc = -XEN_EFAULT;
  if (copy_from_guest(context, arg, sizeof(*context))) {
    LockGuard guard(vcpu->domain->lock);
    context->flags &= ~u64{VGCF_online};  // VCPUOP_up does that
    rc = vcpu->initialised ? -XEN_EEXIST : arch_set_vcpu_context(vcpu, *context);
  }
  release(context);
  return rc;
}

long runstate(Vcpu* vcpu, Vaddr arg) {
  vcpu_runstate_info info = {};
  runstate_read(vcpu, info);
  return copy_to_guest(arg, info) ? 0 : -XEN_EFAULT;
}

long register_runstate(Vcpu* vcpu, Vaddr arg) {
  vcpu_register_runstate_memory_area op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  vcpu->runstate_area = op.addr.p;
  if (vcpu == current()) runstate_copy_to_area(vcpu);
  return 0;
}

long register_time(Vcpu* vcpu, Vaddr arg) {
  vcpu_register_time_memory_area op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  vcpu->time_area = op.addr.p;
  if (vcpu == current()) time_copy_to_area(vcpu);
  return 0;
}

long register_info(Vcpu* vcpu, Vaddr arg) {
  vcpu_register_vcpu_info op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (op.offset > kPageSize - sizeof(vcpu_info) || op.offset % alignof(vcpu_info)) return -XEN_ENXIO;
  // Of several that describe the same VCPU at once, one wins.
  LockGuard one_at_a_time(vcpu->domain->lock);
  if (vcpu->info_mfn != kInvalidMfn) return -XEN_EINVAL;
  // Another VCPU's may only be moved while nothing can be writing it.
  if (vcpu != current() && !(vcpu->pause_flags & kVcpuDown)) return -XEN_EINVAL;
  Mfn mfn;
  if (!get_writable_frame(vcpu->domain, op.mfn, mfn)) return -XEN_EINVAL;
  auto* info = reinterpret_cast<vcpu_info*>(static_cast<u8*>(frame_to_virt(mfn)) + op.offset);
  {
    LockGuard guard(event_lock);
    vcpu->info_mfn = mfn;
    *info = *vcpu->info;
    vcpu->info = info;
    mark_kept(vcpu, XS_KEPT_VCPU_INFO, 0, mfn);
    // What was signalled while moving may have gone to the old place: let the guest look at everything.
    info->evtchn_pending_sel = ~0ul;
    info->evtchn_upcall_pending = 1;
  }
  return 0;
}

long set_periodic(Vcpu* vcpu, Vaddr arg) {
  vcpu_set_periodic_timer op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  constexpr u64 kShortest = 1'000'000;
  if (op.period_ns < kShortest || op.period_ns > static_cast<u64>(INT64_MAX) / 2) return -XEN_EINVAL;
  vcpu->period = static_cast<Nanoseconds>(op.period_ns);
  timer_set(vcpu->periodic, system_time() + vcpu->period);
  return 0;
}

long set_singleshot(Vcpu* vcpu, Vaddr arg) {
  vcpu_set_singleshot_timer op;
  if (vcpu != current()) return -XEN_EINVAL;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if ((op.flags & VCPU_SSHOTTMR_future) && op.timeout_abs_ns < static_cast<u64>(system_time()))
    return -XEN_ETIME;
  timer_migrate(vcpu->singleshot, this_cpu().id);
  timer_set(vcpu->singleshot, static_cast<Nanoseconds>(min_of<u64>(op.timeout_abs_ns, INT64_MAX - 1)));
  return 0;
}

}  // namespace

long do_vcpu_op(const HypercallArgs& args) {
  Domain* domain = current()->domain;
  const u64 id = args.arg[1];
  const Vaddr arg = args.arg[2];
  if (id >= domain->max_vcpus || !domain->vcpu[id]) return -XEN_ENOENT;
  Vcpu* vcpu = domain->vcpu[id];
  switch (args.arg[0]) {
    case VCPUOP_initialise:
      return initialise(vcpu, arg);
    case VCPUOP_up:
      if (!vcpu->initialised) return -XEN_EINVAL;
      vcpu_up(vcpu);
      return 0;
    case VCPUOP_down:
      return vcpu_down(vcpu), 0;
    case VCPUOP_is_up:
      return !(vcpu->pause_flags & kVcpuDown);
    case VCPUOP_get_runstate_info:
      return runstate(vcpu, arg);
    case VCPUOP_register_runstate_memory_area:
      return register_runstate(vcpu, arg);
    case VCPUOP_set_periodic_timer:
      return set_periodic(vcpu, arg);
    case VCPUOP_stop_periodic_timer:
      vcpu->period = 0;
      timer_cancel(vcpu->periodic);
      return 0;
    case VCPUOP_set_singleshot_timer:
      return set_singleshot(vcpu, arg);
    case VCPUOP_stop_singleshot_timer:
      if (vcpu != current()) return -XEN_EINVAL;
      timer_cancel(vcpu->singleshot);
      return 0;
    case VCPUOP_register_vcpu_info:
      return register_info(vcpu, arg);
    case VCPUOP_register_vcpu_time_memory_area:
      return register_time(vcpu, arg);
    default:
      return -XEN_ENOSYS;
  }
}

long do_set_timer_op(const HypercallArgs& args) {
  Vcpu* vcpu = current();
  const auto timeout = static_cast<Nanoseconds>(args.arg[0]);
  if (timeout == 0) {
    timer_cancel(vcpu->singleshot);
    return 0;
  }
  // A deadline so far off, or negative, is a guest whose clock has gone wrong: it gets its tick soon (as Xen
  // does).
  const Nanoseconds now = system_time();
  const bool absurd = timeout < 0 || (timeout > now && (timeout - now) >> 50 != 0);
  timer_migrate(vcpu->singleshot, this_cpu().id);
  timer_set(vcpu->singleshot, absurd ? now + 100'000'000 : timeout);
  return 0;
}

}  // namespace hv
