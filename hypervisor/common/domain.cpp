#include "hypervisor/common/domain.h"

#include "hypervisor/common/console.h"
#include "hypervisor/common/devices.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/iommu.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/platform.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/sched_state.h"
#include "hypervisor/common/taps.h"
#include "hypervisor/common/time_page.h"
#include "hypervisor/common/vcpu.h"

namespace hv {

Domain* dom0;
Domain idle_domain;
Spinlock domain_list_lock;
Domain* domain_list;

namespace {

struct DomainListGuard {
  DomainListGuard() {
    domain_list_lock.lock();
    sched_lock_domain_list(true);
  }
  ~DomainListGuard() {
    sched_lock_domain_list(false);
    domain_list_lock.unlock();
  }
};

/// False when the id is taken.
bool insert(Domain* domain) {
  DomainListGuard guard;
  Domain** at = &domain_list;
  while (*at && (*at)->id < domain->id) at = &(*at)->next;
  if (*at && (*at)->id == domain->id) return false;
  domain->next = *at;
  *at = domain;
  return true;
}

void remove(Domain* domain) {
  DomainListGuard guard;
  Domain** at = &domain_list;
  while (*at && *at != domain) at = &(*at)->next;
  if (*at) *at = domain->next;
}

int init_shared(Domain* domain) {
  domain->shared_mfn = alloc_frame();
  if (domain->shared_mfn == kInvalidMfn) return -XEN_ENOMEM;
  domain->shared = static_cast<shared_info*>(frame_to_virt(domain->shared_mfn));
  memset(domain->shared, 0, kPageSize);
  // Every port is masked until its owner unmasks it.
  memset(domain->shared->evtchn_mask, 0xff, sizeof(domain->shared->evtchn_mask));
  share_frame_with_domain(domain->shared_mfn, domain);
  wall_clock_update(domain);
  return 0;
}

/// The structure's end: nothing refers to it any more.
void free_domain(Domain* domain) {
  remove(domain);
  mark(XS_MARK_DOMAIN_STATE, domain->id, XS_DOM_DEAD, domain->shutdown_code);
  mm_domain_destroy(domain);
  grants_destroy(domain);
  arch_domain_destroy(domain);
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu) {
      arch_vcpu_destroy(vcpu);
      release(vcpu);
    }
  release(domain);
}

void mark_state(const Domain* domain, xs_domain_state state) {
  mark(XS_MARK_DOMAIN_STATE, domain->id, state, domain->shutdown_code);
}

/// Stops everything but memory. No lock is held: a VCPU that is waited for may itself wait for one.
void begin_dying(Domain* domain) {
  mark_state(domain, XS_DOM_DYING);
  domain_pause(domain);
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu) vcpu_stop_timers(vcpu);
  events_domain_destroy(domain);
  devices_domain_destroy(domain);
  console_guest_flush(domain);
  __atomic_store_n(&domain->quiet, true, __ATOMIC_RELEASE);
}

}  // namespace

int domain_create(DomId id, xs_memory_model model, unsigned max_vcpus, Domain** made) {
  if (id >= DOMID_FIRST_RESERVED || max_vcpus == 0 || max_vcpus > kMaxVcpus) return -XEN_EINVAL;
  Domain* domain = make<Domain>();
  if (!domain) return -XEN_ENOMEM;
  domain->id = id;
  domain->privileged = id == 0;
  domain->model = model;
  domain->max_vcpus = max_vcpus;
  domain->pause_count = 1;
  domain->tool_pauses = 1;
  int rc = mm_domain_init(domain);
  if (rc == 0) rc = arch_domain_create(domain);
  if (rc == 0) rc = init_shared(domain);
  if (rc == 0 && !insert(domain)) rc = -XEN_EEXIST;
  if (rc) {
    if (domain->shared) unshare_frame(domain->shared_mfn);
    arch_domain_destroy(domain);
    mm_domain_destroy(domain);
    release(domain);
    return rc;
  }
  mark(XS_MARK_DOMAIN_CREATED, id, domain->shared_mfn, model);
  *made = domain;
  return 0;
}

DomId domain_free_id() {
  LockGuard guard(domain_list_lock);
  DomId id = 1;  // 0 is dom0's for ever
  for (const Domain* d = domain_list; d; d = d->next)
    if (d->id == id) ++id;
  return id < DOMID_FIRST_RESERVED ? id : DomId{DOMID_INVALID};
}

Domain* domain_get(DomId id) {
  LockGuard guard(domain_list_lock);
  if (id == DOMID_SELF) id = current()->domain->id;
  Domain* domain = domain_list;
  while (domain && domain->id < id) domain = domain->next;
  if (!domain || domain->id != id) return nullptr;
  u32 refs = __atomic_load_n(&domain->refs, __ATOMIC_RELAXED);
  do {
    if (refs == 0) return nullptr;  // its last holder is freeing it
  } while (!__atomic_compare_exchange_n(&domain->refs, &refs, refs + 1, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED));
  return domain;
}

void domain_put(Domain* domain) {
  if (__atomic_sub_fetch(&domain->refs, 1, __ATOMIC_ACQ_REL) == 0) free_domain(domain);
}

void domain_pause_nosync(Domain* domain) {
  __atomic_add_fetch(&domain->pause_count, 1, __ATOMIC_SEQ_CST);
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu) vcpu_sleep(vcpu);
}

void domain_pause(Domain* domain) {
  domain_pause_nosync(domain);
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu && vcpu != current()) vcpu_sleep_sync(vcpu);
}

void domain_unpause(Domain* domain) {
  if (__atomic_sub_fetch(&domain->pause_count, 1, __ATOMIC_SEQ_CST) != 0) return;
  if (!domain->entered) mark_state(domain, XS_DOM_RUNNING);
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu) vcpu_wake(vcpu);
}

int domain_pause_by_tools(Domain* domain) {
  constexpr u32 kMostPauses = 255;
  u32 pauses = __atomic_load_n(&domain->tool_pauses, __ATOMIC_RELAXED);
  do {
    if (pauses == kMostPauses) return -XEN_EINVAL;
  } while (!__atomic_compare_exchange_n(&domain->tool_pauses, &pauses, pauses + 1, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED));
  domain_pause(domain);
  if (pauses == 0) mark_state(domain, XS_DOM_PAUSED);
  return 0;
}

int domain_unpause_by_tools(Domain* domain) {
  u32 pauses = __atomic_load_n(&domain->tool_pauses, __ATOMIC_RELAXED);
  do {
    if (pauses == 0) return -XEN_EINVAL;
  } while (!__atomic_compare_exchange_n(&domain->tool_pauses, &pauses, pauses - 1, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED));
  if (pauses == 1) mark_state(domain, XS_DOM_RUNNING);
  domain_unpause(domain);
  return 0;
}

namespace {

[[noreturn]] void hardware_domain_shutdown(Domain* domain, u32 reason) {
  console_guest_flush(domain);
  switch (reason) {
    case SHUTDOWN_poweroff:
      print("Hardware Dom0 halted: halting machine\n");
      arch_machine_exit(MachineExit::poweroff);
    case SHUTDOWN_reboot:
      print("Hardware Dom0 shutdown: rebooting machine\n");
      arch_machine_exit(MachineExit::reboot);
    default:
      panic("Domain 0 ended with reason %u", reason);
  }
}

}  // namespace

void domain_shutdown(Domain* domain, u32 reason) {
  {
    LockGuard guard(domain->lock);
    if (domain->is_shut_down) return;
    domain->is_shut_down = true;
    if (!domain->shutdown_code_given) domain->shutdown_code = reason;
    reason = domain->shutdown_code;
  }
  mark_state(domain, reason == SHUTDOWN_crash ? XS_DOM_CRASHED : XS_DOM_SHUTDOWN);
  if (domain == dom0) hardware_domain_shutdown(domain, reason);
  domain_pause_nosync(domain);
  console_guest_flush(domain);
  event_send_domain_virq(dom0, VIRQ_DOM_EXC);
}

void domain_resume(Domain* domain) {
  {
    LockGuard guard(domain->lock);
    if (!domain->is_shut_down || domain->dying) return;
    domain->is_shut_down = domain->shutdown_code_given = false;
  }
  mark_state(domain, domain->tool_pauses != 0 ? XS_DOM_PAUSED : XS_DOM_RUNNING);
  domain_unpause(domain);
}

void domain_crash(Domain* domain, const char* reason) {
  print("domain_crash called for d%u: %s\n", domain->id, reason);
  if (current()->domain == domain) arch_dump_registers(current());
  domain_shutdown(domain, SHUTDOWN_crash);
}

int domain_kill(Domain* domain) {
  if (domain == dom0 || domain == current()->domain) return -XEN_EINVAL;
  if (!__atomic_exchange_n(&domain->dying, true, __ATOMIC_SEQ_CST)) begin_dying(domain);
  if (!__atomic_load_n(&domain->quiet, __ATOMIC_ACQUIRE)) return -kRestart;  // another CPU is at it
  if (iommu_in_use()) iommu_domain_ends(domain);
  if (const int rc = mm_domain_relinquish(domain); rc) return rc;
  if (const int rc = grants_release_mappings(domain); rc) return rc;
  if (__atomic_exchange_n(&domain->killed, true, __ATOMIC_SEQ_CST)) return -XEN_EINVAL;
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu) vcpu_release_info(vcpu);
  grants_unshare(domain);
  shared_info* shared = domain->shared;
  domain->shared = nullptr;
  if (shared) unshare_frame(domain->shared_mfn);
  event_send_domain_virq(dom0, VIRQ_DOM_EXC);
  domain_put(domain);  // the list's
  return 0;
}

}  // namespace hv
