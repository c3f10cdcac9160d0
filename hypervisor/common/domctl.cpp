// Hypercall domctl: a toolstack makes, sizes, pauses, inspects and destroys domains.
#include "hypervisor/common/domctl.h"

#include "hypervisor/abi/memory_models.h"
#include "hypervisor/common/devices.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/page_type.h"

namespace hv {

namespace {
constexpr u64 kMaxFrameQueries = 1024;

bool is_self(const Domain* domain) { return domain == current()->domain; }

// --- making and ending ---------------------------------------------------------------------------
int choose_id(DomId wanted, DomId& id) {
  if (wanted == 0 || wanted >= DOMID_FIRST_RESERVED) {
    id = domain_free_id();
    return id == DOMID_INVALID ? -XEN_ENOMEM : 0;
  }
  id = wanted;
  return DomainRef(wanted) ? -XEN_EEXIST : 0;
}

// Frames of grant entries and of mappings; below 0: the usual ones. Version 0 leaves it to the hypervisor.
bool grant_limits_are_sane(const xen_domctl_createdomain& config) {
  return config.max_grant_frames <= s32{kMostGrantPages} &&
         config.max_maptrack_frames <= s32{kMostMappingPages} &&
         XEN_DOMCTL_GRANT_version(config.grant_opts) <= 1;
}

void set_grant_limits(DomainGrants& grants, const xen_domctl_createdomain& config) {
  if (config.max_grant_frames >= 0) grants.page_limit = static_cast<unsigned>(config.max_grant_frames);
  if (config.max_maptrack_frames >= 0)
    grants.mapping_page_limit = static_cast<unsigned>(config.max_maptrack_frames);
}

long create_domain(Domain*, xen_domctl& op) {
  const xen_domctl_createdomain& config = op.u.createdomain;
  // A domain with CDF_hvm needs hardware that is not there: an invalid flag, as any unknown one.
  if ((config.flags & ~u32{XEN_DOMCTL_CDF_xs_domain | XEN_DOMCTL_CDF_oos_off}) != 0 ||
      config.max_vcpus == 0 || config.max_vcpus > kMaxVcpus)
    return -XEN_EINVAL;
  if (!grant_limits_are_sane(config)) return -XEN_EINVAL;
  const auto model = static_cast<xs_memory_model>(XS_CREATEDOMAIN_MODEL(&config));
  if (memory_model(model) == nullptr) return -XEN_EOPNOTSUPP;
  DomId id;
  if (const int rc = choose_id(op.domain, id); rc != 0) return rc;
  Domain* domain;
  if (const int rc = domain_create(id, model, config.max_vcpus, &domain); rc != 0) return rc;
  memcpy(domain->handle, config.handle, sizeof domain->handle);
  set_grant_limits(domain->grants, config);
  op.domain = id;
  return 0;
}

long destroy_domain(Domain* domain, xen_domctl&) {
  return is_self(domain) || domain->privileged ? -XEN_EINVAL : domain_kill(domain);
}

long pause_domain(Domain* domain, xen_domctl&) {
  return is_self(domain) ? -XEN_EINVAL : domain_pause_by_tools(domain);
}

long unpause_domain(Domain* domain, xen_domctl&) { return domain_unpause_by_tools(domain); }

long resume_domain(Domain* domain, xen_domctl&) {
  if (is_self(domain)) return -XEN_EINVAL;
  domain_resume(domain);
  return 0;
}

// --- looking -------------------------------------------------------------------------------------
// The named domain or, as Xen does, the next one: tools walk all domains this way.
long get_domain_info(Domain*, xen_domctl& op) {
  if (op.domain >= DOMID_FIRST_RESERVED) return -XEN_EINVAL;
  LockGuard guard(domain_list_lock);
  const Domain* domain = domain_list;
  while (domain != nullptr && domain->id < op.domain) domain = domain->next;
  if (domain == nullptr) return -XEN_ESRCH;
  domain_info(domain, op.u.getdomaininfo);
  op.domain = domain->id;
  return 0;
}

u64 describe_frame(const Domain* domain, Mfn mfn) {
  if (!frame_is_ram(mfn) || frame_owner(mfn) != domain->id) return XEN_DOMCTL_PFINFO_XTAB;
  const u64 info = frame_type_info(mfn);
  const xs_frame_type type = type_of(info);
  if (type == XS_FRAME_SHARED) return XEN_DOMCTL_PFINFO_XTAB;
  u64 answer = XEN_DOMCTL_PFINFO_NOTAB;
  if (type >= XS_FRAME_L1 && type <= XS_FRAME_L4 && (info & XS_TYPE_COUNT) != 0)
    answer = static_cast<u64>(type) << XEN_DOMCTL_PFINFO_LTAB_SHIFT;
  return info & XS_TYPE_PINNED ? answer | XEN_DOMCTL_PFINFO_LPINTAB : answer;
}

long get_frame_info(Domain* domain, xen_domctl& op) {
  const xen_domctl_getpageframeinfo3& query = op.u.getpageframeinfo3;
  if (query.num > kMaxFrameQueries) return -XEN_E2BIG;
  for (u64 i = 0; i < query.num; i++) {
    u64 frame;
    if (!copy_from_guest_index(frame, handle_address(query.array), i)) return -XEN_EFAULT;
    {
      MmGuard guard;
      frame = describe_frame(domain, domain->mm.model->frame_of(domain, frame));
    }
    if (!copy_to_guest_index(handle_address(query.array), i, frame)) return -XEN_EFAULT;
  }
  return 0;
}

// --- settings ------------------------------------------------------------------------------------
long set_max_memory(Domain* domain, xen_domctl& op) {
  MmGuard guard;
  domain->mm.max_pages = op.u.max_mem.max_memkb >> (kPageShift - 10);
  return 0;
}

long set_handle(Domain* domain, xen_domctl& op) {
  memcpy(domain->handle, op.u.setdomainhandle.handle, sizeof domain->handle);
  return 0;
}

long set_time_offset(Domain* domain, xen_domctl& op) {
  return __builtin_mul_overflow(op.u.settimeoffset.time_offset_seconds, s64{1'000'000'000},
                                &domain->time_offset)
             ? -XEN_EINVAL
             : 0;
}

long scheduler_op(Domain* domain, xen_domctl& op) {
  xen_domctl_scheduler_op& s = op.u.scheduler_op;
  if (s.sched_id != XEN_SCHEDULER_CREDIT) return -XEN_EINVAL;
  switch (s.cmd) {
    case XEN_DOMCTL_SCHEDOP_putinfo:
      if (s.u.credit.cap != 0 && s.u.credit.cap != 0xffff) return -XEN_EOPNOTSUPP;
      if (s.u.credit.weight != 0) domain->weight = s.u.credit.weight;
      return 0;
    case XEN_DOMCTL_SCHEDOP_getinfo:
      s.u.credit.weight = static_cast<u16>(domain->weight);
      s.u.credit.cap = 0;
      return 0;
    default:
      return -XEN_EINVAL;
  }
}

long shadow_op(Domain* domain, xen_domctl& op) {
  xen_domctl_shadow_op& request = op.u.shadow_op;
  const bool allocation =
      request.op == XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION || request.op == XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION;
  return allocation ? arch_shadow_allocation(domain, request) : log_dirty_op(domain, request);
}

constexpr DomctlHandler handlers[] = {
    {XEN_DOMCTL_createdomain, true, create_domain},
    {XEN_DOMCTL_destroydomain, false, destroy_domain},
    {XEN_DOMCTL_pausedomain, false, pause_domain},
    {XEN_DOMCTL_unpausedomain, false, unpause_domain},
    {XEN_DOMCTL_resumedomain, false, resume_domain},
    {XEN_DOMCTL_getdomaininfo, true, get_domain_info},
    {XEN_DOMCTL_getpageframeinfo3, false, get_frame_info},
    {XEN_DOMCTL_max_mem, false, set_max_memory},
    {XEN_DOMCTL_setdomainhandle, false, set_handle},
    {XEN_DOMCTL_settimeoffset, false, set_time_offset},
    {XEN_DOMCTL_scheduler_op, true, scheduler_op},
    {XEN_DOMCTL_shadow_op, true, shadow_op},
    {0, false, nullptr},
};

const DomctlHandler* find(const DomctlHandler* list, u32 command) {
  for (; list->run != nullptr; list++)
    if (list->command == command) return list;
  return nullptr;
}

const DomctlHandler* find(u32 command) {
  const DomctlHandler* const lists[] = {handlers, domctl_vcpu_handlers, device_domctl_handlers,
                                        arch_domctl_handlers};
  for (const DomctlHandler* list : lists)
    if (const DomctlHandler* handler = find(list, command)) return handler;
  return nullptr;
}

// `domain` is null for operations that find or make theirs.
long run(xen_domctl& op, Domain* domain, const HypercallArgs& args) {
  if (!current()->domain->privileged) return -XEN_EPERM;
  const DomctlHandler* handler = find(op.cmd);
  if (handler == nullptr) return -XEN_ENOSYS;
  const long rc = handler->run(domain, op);
  if (rc == -kRestart) return hypercall_continue(args);
  if (rc == 0 && handler->answers && !copy_to_guest(args.arg[0], op)) return -XEN_EFAULT;
  return rc;
}

bool finds_its_domain(u32 command) {
  return command == XEN_DOMCTL_createdomain || command == XEN_DOMCTL_getdomaininfo;
}
}  // namespace

u64 vcpu_running_time(const Vcpu* vcpu) {
  const VcpuRunstate& r = vcpu->runstate;
  return r.time[RUNSTATE_running] +
         (r.state == RUNSTATE_running ? static_cast<u64>(system_time() - r.since) : 0);
}

void domain_info(const Domain* domain, xen_domctl_getdomaininfo& info) {
  memset(&info, 0, sizeof info);
  u64 running_ns = 0;
  bool any_running = false, all_blocked = true;
  info.max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
  for (unsigned i = 0; i < domain->max_vcpus; i++) {
    const Vcpu* vcpu = domain->vcpu[i];
    if (vcpu == nullptr) continue;
    info.max_vcpu_id = i;
    running_ns += vcpu_running_time(vcpu);
    if (vcpu->pause_flags & kVcpuDown) continue;
    info.nr_online_vcpus++;
    if (!(vcpu->pause_flags & kVcpuBlocked)) all_blocked = false;
    if (vcpu->sched.running) any_running = true;
  }
  info.domain = domain->id;
  info.flags = (info.nr_online_vcpus != 0 && all_blocked ? XEN_DOMINF_blocked : 0) |
               (any_running ? XEN_DOMINF_running : 0) | (domain->dying ? XEN_DOMINF_dying : 0) |
               (domain->is_shut_down ? XEN_DOMINF_shutdown : 0) |
               (domain->tool_pauses != 0 ? XEN_DOMINF_paused : 0) |
               (domain->shutdown_code & 0xff) << XEN_DOMINF_shutdownshift;
  info.tot_pages = domain->mm.total_pages;
  info.max_pages = domain->mm.max_pages;
  info.outstanding_pages = domain->mm.claimed;
  {
    MmGuard guard;
    info.shared_info_frame = domain->mm.model->name_of(domain, domain->shared_mfn);
  }
  info.cpu_time = running_ns;
  memcpy(info.handle, domain->handle, sizeof info.handle);
}

long do_domctl(const HypercallArgs& args) {
  xen_domctl op;
  if (!copy_from_guest(op, args.arg[0])) return -XEN_EFAULT;
  if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION) return -XEN_EACCES;
  if (finds_its_domain(op.cmd)) return run(op, nullptr, args);
  const DomainRef domain(op.domain);
  return domain && op.domain != DOMID_SELF ? run(op, domain.get(), args) : -XEN_ESRCH;
}

}  // namespace hv
