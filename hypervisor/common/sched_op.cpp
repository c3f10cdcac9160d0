// SCHED_OP. (<xen/sched.h>)
#include "hypervisor/common/console.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/sched_state.h"

namespace hv {
namespace {

void stop_until_event(Vcpu* vcpu, VcpuPause why) {
  __atomic_fetch_or(&vcpu->pause_flags, static_cast<u32>(why), __ATOMIC_SEQ_CST);
}

long block() {
  Vcpu* vcpu = current();
  vcpu->info->evtchn_upcall_mask = 0;
  stop_until_event(vcpu, kVcpuBlocked);
  // In this order: an event after the flag wakes the VCPU, one before it is seen here.
  if (vcpu_event_deliverable(vcpu)) {
    __atomic_fetch_and(&vcpu->pause_flags, ~u32{kVcpuBlocked}, __ATOMIC_SEQ_CST);
  } else {
    vcpu_sleep(vcpu);
  }
  return 0;
}

long poll(Vaddr arg) {
  constexpr u32 kMostPorts = 128;
  Vcpu* vcpu = current();
  sched_poll op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (op.nr_ports > kMostPorts) return -XEN_EINVAL;
  vcpu->poll_port = 0;
  stop_until_event(vcpu, kVcpuPolling);
  long rc = 0;
  bool wait = true;
  for (u32 i = 0; i < op.nr_ports && wait; ++i) {
    u32 port;
    if (!copy_from_guest_index(port, handle_address(op.ports), i)) {
      rc = -XEN_EFAULT;
    } else if (port == 0 || port >= kEventPorts) {
      rc = -XEN_EINVAL;
    } else if (op.nr_ports == 1) {
      __atomic_store_n(&vcpu->poll_port, port, __ATOMIC_SEQ_CST);
    }
    if (rc || event_is_pending(vcpu->domain, port)) wait = false;
  }
  if (!wait) {
    __atomic_fetch_and(&vcpu->pause_flags, ~u32{kVcpuPolling}, __ATOMIC_SEQ_CST);
    return rc;
  }
  if (op.timeout) {
    timer_migrate(vcpu->poll_timer, this_cpu().id);
    timer_set(vcpu->poll_timer, static_cast<Nanoseconds>(min_of<u64>(op.timeout, INT64_MAX - 1)));
  } else {
    timer_cancel(vcpu->poll_timer);
  }
  vcpu_sleep(vcpu);
  return 0;
}

long shutdown(Domain* domain, u32 reason) {
  if (reason > SHUTDOWN_MAX) return -XEN_EINVAL;
  if (reason == SHUTDOWN_crash && current()->domain == domain) {
    domain_crash(domain, "by its own request");
  } else {
    domain_shutdown(domain, reason);
  }
  return 0;
}

long shutdown_self(Vaddr arg) {
  sched_shutdown op;
  return copy_from_guest(op, arg) ? shutdown(current()->domain, op.reason) : -XEN_EFAULT;
}

long shutdown_code(Vaddr arg) {
  sched_shutdown op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (op.reason > SHUTDOWN_MAX) return -XEN_EINVAL;
  Domain* domain = current()->domain;
  LockGuard guard(domain->lock);
  if (!domain->shutdown_code_given) domain->shutdown_code = op.reason;
  domain->shutdown_code_given = true;
  return 0;
}

long shutdown_remote(Vaddr arg) {
  sched_remote_shutdown op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  const DomainRef domain(op.domain_id);
  if (!domain || op.domain_id == DOMID_SELF) return -XEN_ESRCH;
  if (!current()->domain->privileged) return -XEN_EPERM;
  return shutdown(domain.get(), op.reason);
}

long yield() {
  sched_yield_current();
  return 0;
}

}  // namespace

long do_sched_op(const HypercallArgs& args) {
  const Vaddr arg = args.arg[1];
  switch (args.arg[0]) {
    case SCHEDOP_yield:
      return yield();
    case SCHEDOP_block:
      return block();
    case SCHEDOP_shutdown:
      return shutdown_self(arg);
    case SCHEDOP_poll:
      return poll(arg);
    case SCHEDOP_remote_shutdown:
      return shutdown_remote(arg);
    case SCHEDOP_shutdown_code:
      return shutdown_code(arg);
    default:
      return -XEN_ENOSYS;
  }
}

long do_sched_op_compat(const HypercallArgs& args) {
  switch (args.arg[0]) {
    case SCHEDOP_yield:
      return yield();
    case SCHEDOP_block:
      return block();
    case SCHEDOP_shutdown:
      return shutdown(current()->domain, static_cast<u32>(args.arg[1]));
    default:
      return -XEN_ENOSYS;
  }
}

}  // namespace hv
