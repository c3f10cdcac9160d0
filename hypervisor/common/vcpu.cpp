#include "hypervisor/common/vcpu.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/sched_state.h"
#include "hypervisor/common/taps.h"

namespace hv {
namespace {

void singleshot_expired(void* argument) { event_send_vcpu_virq(static_cast<Vcpu*>(argument), VIRQ_TIMER); }

void periodic_expired(void* argument) {
  Vcpu* vcpu = static_cast<Vcpu*>(argument);
  event_send_vcpu_virq(vcpu, VIRQ_TIMER);
  if (vcpu->period) timer_set(vcpu->periodic, max_of(vcpu->periodic.deadline + vcpu->period, system_time()));
}

bool others_are_up(const Vcpu* vcpu) {
  for (const Vcpu* other : vcpu->domain->vcpu)
    if (other && other != vcpu && !(__atomic_load_n(&other->pause_flags, __ATOMIC_SEQ_CST) & kVcpuDown))
      return true;
  return false;
}

void poll_expired(void* argument) { vcpu_unblock(static_cast<Vcpu*>(argument)); }

}  // namespace

int vcpu_create(Domain* domain, unsigned id) {
  if (id >= domain->max_vcpus) return -XEN_EINVAL;
  if (domain->vcpu[id]) return -XEN_EEXIST;
  Vcpu* vcpu = make<Vcpu>();
  if (!vcpu) return -XEN_ENOMEM;
  vcpu->domain = domain;
  vcpu->id = id;
  vcpu->info = &domain->shared->vcpu_info[id];
  vcpu->info->evtchn_upcall_mask = 1;
  const unsigned cpu = id % cpu_count;
  vcpu->sched.cpu = cpu;
  timer_init(vcpu->singleshot, singleshot_expired, vcpu, cpu);
  timer_init(vcpu->periodic, periodic_expired, vcpu, cpu);
  timer_init(vcpu->poll_timer, poll_expired, vcpu, cpu);
  if (const int rc = arch_vcpu_create(vcpu); rc) {
    release(vcpu);
    return rc;
  }
  sched_vcpu_init(vcpu);
  domain->vcpu[id] = vcpu;
  return 0;
}

void vcpu_stop_timers(Vcpu* vcpu) {
  vcpu->period = 0;
  timer_cancel(vcpu->singleshot);
  timer_cancel(vcpu->periodic);
  timer_cancel(vcpu->poll_timer);
}

void vcpu_release_info(Vcpu* vcpu) {
  if (vcpu->info_mfn == kInvalidMfn) return;
  const Mfn mfn = vcpu->info_mfn;
  vcpu->info_mfn = kInvalidMfn;
  mark_kept(vcpu, XS_KEPT_VCPU_INFO, 0, kInvalidMfn);
  put_writable_frame(mfn);
}

void vcpu_up(Vcpu* vcpu) {
  __atomic_fetch_and(&vcpu->pause_flags, ~u32{kVcpuDown}, __ATOMIC_SEQ_CST);
  vcpu_wake(vcpu);
}

void vcpu_down(Vcpu* vcpu) {
  bool last;
  {
    LockGuard guard(vcpu->domain->lock);  // two that go down at once do not each rely on the other
    last = !others_are_up(vcpu);
    if (!last) __atomic_fetch_or(&vcpu->pause_flags, kVcpuDown, __ATOMIC_SEQ_CST);
  }
  if (last) return domain_shutdown(vcpu->domain, SHUTDOWN_poweroff);
  vcpu_sleep(vcpu);
}

}  // namespace hv
