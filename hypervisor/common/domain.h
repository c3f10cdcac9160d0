// Domains and VCPUs.
//
//   domain_list -> Domain -> Domain -> ...          ascending ids
//                    |- vcpu[0..max_vcpus-1] -> Vcpu  |- arch (registers, page tables, ...)
//                    |- mm      (memory half: page lists, limits, page-table lock)
//                    |- events  (ports)
//                    '- shared_info (one page, kind XS_FRAME_SHARED, seen by the guest through its MFN)
//
// Life: domain_create (paused once) -> unpause -> ... -> shutdown (guest or crash; VIRQ_DOM_EXC to dom0)
//       -> domain_kill in slices (dying; memory goes back) -> last domain_put frees the structure (dead).
#pragma once
#include "arch_vcpu.h"  // struct ArchVcpu, struct ArchDomain
#include "hypervisor/common/event.h"
#include "hypervisor/common/grant_table.h"
#include "hypervisor/common/lock.h"
#include "hypervisor/common/mm.h"
#include "hypervisor/common/sched.h"
#include "hypervisor/common/timer.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

/// What a VCPU did since it was made (VCPUOP_get_runstate_info), and since when.
struct VcpuRunstate {
  int state = RUNSTATE_offline;
  Nanoseconds since = 0;
  u64 time[4] = {};
};

struct Vcpu {
  ArchVcpu arch;  ///< first: entry assembly finds its registers at the Vcpu's address
  Domain* domain = nullptr;
  unsigned id = 0;
  bool initialised = false;     ///< has a register state (VCPUOP_initialise, setvcpucontext)
  u32 pause_flags = kVcpuDown;  ///< enum VcpuPause, changed by atomic or/and
  u32 pause_count = 0;          ///< tools and life cycle
  SchedVcpu sched;
  VcpuRunstate runstate;
  Vaddr runstate_area = 0;     ///< guest address of a registered vcpu_runstate_info
  vcpu_info* info = nullptr;   ///< in shared_info or in a registered page (hypervisor's address)
  Mfn info_mfn = kInvalidMfn;  ///< registered page, if any
  Vaddr time_area = 0;         ///< guest address of a registered secondary vcpu_time_info
  u32 virq_port[NR_VIRQS] = {};
  u32 poll_port = 0;  ///< polling: the one port, or 0 for several
  Timer singleshot;
  Timer periodic;
  Timer poll_timer;
  Nanoseconds period = 0;  ///< ns between VIRQ_TIMER ticks, 0 none
  u32 vm_assist = 0;
};

struct Domain {
  DomId id = 0;
  bool privileged = false;  ///< dom0
  u32 refs = 1;             ///< domain_get/domain_put; the domain list holds one
  Domain* next = nullptr;
  char name[32] = {};
  xen_domain_handle_t handle = {};
  xs_memory_model model = XS_MODEL_DIRECT;
  Spinlock lock;  ///< life cycle, VCPU set-up
  DomainMm mm;
  ArchDomain arch;
  shared_info* shared = nullptr;
  Mfn shared_mfn = kInvalidMfn;
  DomainEvents events;
  DomainGrants grants;  ///< under mm_lock
  unsigned max_vcpus = 0;
  Vcpu* vcpu[kMaxVcpus] = {};  ///< nullptr where not made
  u32 pause_count = 0;         ///< domain_pause nesting; over 0: nothing of it runs
  u32 tool_pauses = 0;         ///< pausedomain less unpausedomain; a new domain has one
  bool is_shut_down = false;
  u32 shutdown_code = 0;  ///< SHUTDOWN_*
  bool shutdown_code_given =
      false;             ///< by SCHEDOP_shutdown_code, which counts more than what SCHEDOP_shutdown says
  bool dying = false;    ///< domain_kill has begun
  bool quiet = false;    ///< ... nothing of it runs, its events are gone
  bool killed = false;   ///< ... and is through: only references keep the structure
  bool entered = false;  ///< XS_MARK_DOMAIN_READY was given
  u32 weight = kSchedDefaultWeight;
  u64 vm_assist = 0;            ///< VMASST_TYPE bits
  Nanoseconds time_offset = 0;  ///< added to wall clock
  char console_line[256] = {};  ///< text not yet printed: the line is not complete
  unsigned console_length = 0;
};

extern Domain* dom0;
extern Domain idle_domain;  ///< id DOMID_IDLE; owns the idle VCPUs

/// Makes a domain without VCPUs, paused once, with shared_info and events. Fails with -XEN_E*.
int domain_create(DomId id, xs_memory_model model, unsigned max_vcpus, Domain** made);
/// The lowest free id, or DOMID_INVALID.
DomId domain_free_id();
int vcpu_create(Domain* domain, unsigned id);

/// Takes a reference; nullptr when there is none or it is dead. DOMID_SELF is the caller's domain.
Domain* domain_get(DomId id);
void domain_put(Domain* domain);
/// One reference more, by who has one.
inline void domain_keep(Domain* domain) { __atomic_fetch_add(&domain->refs, 1, __ATOMIC_RELAXED); }
/// Walks all domains in order of id; `domain_list_lock` must be held.
extern Spinlock domain_list_lock;
extern Domain* domain_list;

void domain_pause(Domain* domain);  ///< and waits until no VCPU of it runs
void domain_pause_nosync(Domain* domain);
void domain_unpause(Domain* domain);
/// XEN_DOMCTL_pausedomain / unpausedomain: each pause needs an unpause. 0, or -XEN_EINVAL: too many, none
/// left.
int domain_pause_by_tools(Domain* domain);
int domain_unpause_by_tools(Domain* domain);
/// The guest (or the hypervisor on its behalf, SHUTDOWN_crash) ends the domain.
void domain_shutdown(Domain* domain, u32 reason);
void domain_crash(Domain* domain, const char* reason);
/// XEN_DOMCTL_resumedomain after a shutdown; nothing without one.
void domain_resume(Domain* domain);
/// One slice of destruction: 0 done, -XEN_ERESTART call again, other -XEN_E*.
int domain_kill(Domain* domain);

bool is_idle(const Vcpu* vcpu);

// What each entry from a guest asks is inline.
/// "dv" of observe.h: domid << 16 | vcpu_id.
inline u64 mark_name(const Vcpu* vcpu) { return u64{vcpu->domain->id} << 16 | vcpu->id; }
inline bool vcpu_runnable(const Vcpu* vcpu) {
  return (__atomic_load_n(&vcpu->pause_flags, __ATOMIC_ACQUIRE) |
          __atomic_load_n(&vcpu->pause_count, __ATOMIC_ACQUIRE) |
          __atomic_load_n(&vcpu->domain->pause_count, __ATOMIC_ACQUIRE)) == 0;
}
/// Has events that it does not mask: must not block; an upcall is due.
inline bool vcpu_event_deliverable(const Vcpu* vcpu) {
  return __atomic_load_n(&vcpu->info->evtchn_upcall_pending, __ATOMIC_SEQ_CST) &&
         !vcpu->info->evtchn_upcall_mask;
}

// --- per architecture ---------------------------------------------------------------------------------
int arch_domain_create(Domain* domain);
void arch_domain_destroy(Domain* domain);
int arch_vcpu_create(Vcpu* vcpu);
void arch_vcpu_destroy(Vcpu* vcpu);
/// Sets or reads the complete register state of a VCPU that does not run. 0 or -XEN_E*.
int arch_set_vcpu_context(Vcpu* vcpu, const vcpu_guest_context& context);
void arch_get_vcpu_context(Vcpu* vcpu, vcpu_guest_context& context);
/// Drops the references a VCPU's state holds on frames (page-table base, descriptor tables). True when there
/// were any. For relinquish.
bool arch_vcpu_release_frames(Vcpu* vcpu);
/// Saves what is live in the CPU of the VCPU that leaves, loads what the entering one needs.
void arch_switch(Vcpu* from, Vcpu* to);
/// Goes to the VCPU that is current on this CPU (delivers pending events first); never returns.
[[noreturn]] void arch_resume(Vcpu* vcpu);
/// Makes `cpu` look at need_schedule or its VCPU's events soon.
void arch_kick(unsigned cpu);

}  // namespace hv
