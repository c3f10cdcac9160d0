// What a toolstack does by domctl to a domain as a whole, and that nobody else may.
//
// dom0 builds and ends every domain with these calls, so each must do what public/domctl.h says and leave
// everything as it was when it refuses. As dom0 the test makes a domain that never runs and takes it through
// its life: made (once per id), sized, paused and unpaused as often as it was paused, shut down from outside
// and resumed, its event channels reset, given devices, destroyed. What changed must show in getdomaininfo.
// As an ordinary domain the test checks that it is refused whatever it asks. VCPUs are the subject of
// toolstack-vcpu, memory that of foreign-memory.
#include "guests/tests/toolstack-domain/devices.h"

const char test_name[] = "toolstack-domain";

namespace {
constexpr u64 most_kib = 1024;

long with_version(u32 command, u32 version, u32 domain) {
  xen_domctl op{};
  op.cmd = command;
  op.interface_version = version;
  op.domain = static_cast<domid_t>(domain);
  return hypercall_domctl(&op);
}

void check_argument() {
  test_equal("domctl from unmapped memory", hypercall_domctl(test_unmapped), -XEN_EFAULT);
  test_equal("domctl of another version",
             with_version(XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_INTERFACE_VERSION - 1, 0), -XEN_EACCES);
}

void check_unprivileged() {
  const u32 commands[] = {XEN_DOMCTL_createdomain,   XEN_DOMCTL_getdomaininfo,  XEN_DOMCTL_pausedomain,
                          XEN_DOMCTL_destroydomain,  XEN_DOMCTL_max_mem,        XEN_DOMCTL_iomem_permission,
                          XEN_DOMCTL_irq_permission, XEN_DOMCTL_memory_mapping, 999};
  for (u32 command : commands)
    test_equal("domctl of an unprivileged domain", domctl_simple(command, 0), -XEN_EPERM);
  test_equal("its pausedomain of no domain", domctl_simple(XEN_DOMCTL_pausedomain, test_no_such_domain),
             -XEN_ESRCH);
  sched_remote_shutdown_t request{0, SHUTDOWN_poweroff};
  test_equal("its shutdown of dom0", hypercall_sched_op(SCHEDOP_remote_shutdown, &request), -XEN_EPERM);
}

void check_no_such_domain() {
  const u32 commands[] = {XEN_DOMCTL_pausedomain,    XEN_DOMCTL_unpausedomain,    XEN_DOMCTL_resumedomain,
                          XEN_DOMCTL_destroydomain,  XEN_DOMCTL_max_mem,          XEN_DOMCTL_setdomainhandle,
                          XEN_DOMCTL_settimeoffset,  XEN_DOMCTL_scheduler_op,     XEN_DOMCTL_max_vcpus,
                          XEN_DOMCTL_hypercall_init, XEN_DOMCTL_getpageframeinfo3};
  for (u32 command : commands)
    test_equal("domctl of no domain", domctl_simple(command, test_no_such_domain), -XEN_ESRCH);
  test_equal("getdomaininfo of no domain", domctl_simple(XEN_DOMCTL_getdomaininfo, test_no_such_domain),
             -XEN_ESRCH);
  test_equal("getdomaininfo of DOMID_IO", domctl_simple(XEN_DOMCTL_getdomaininfo, DOMID_IO), -XEN_EINVAL);
  test_equal("domctl 999", domctl_simple(999, 0), -XEN_ENOSYS);
  sched_remote_shutdown_t request{test_no_such_domain, SHUTDOWN_poweroff};
  test_equal("shutdown of no domain", hypercall_sched_op(SCHEDOP_remote_shutdown, &request), -XEN_ESRCH);
}

void check_self() {
  const u32 commands[] = {XEN_DOMCTL_pausedomain, XEN_DOMCTL_resumedomain, XEN_DOMCTL_destroydomain,
                          XEN_DOMCTL_max_vcpus};
  for (u32 command : commands)
    test_equal("domctl of the caller itself", domctl_simple(command, 0), -XEN_EINVAL);
}

long create(u32 id, u32 vcpus, u32 flags) {
  xen_domctl op{};
  op.u.createdomain.max_vcpus = vcpus;
  XS_CREATEDOMAIN_MODEL(&op.u.createdomain) = test_domain_model;
  op.u.createdomain.flags = flags;
  op.u.createdomain.max_evtchn_port = event_ports_max - 1;
  op.u.createdomain.max_grant_frames = -1;
  op.u.createdomain.max_maptrack_frames = -1;
  op.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(1);
  return domctl(XEN_DOMCTL_createdomain, id, op);
}

void check_creation() {
  constexpr u32 chosen = 77;
  test_equal("createdomain without VCPUs", create(chosen, 0, 0), -XEN_EINVAL);
  test_equal("createdomain with 100,000 VCPUs", create(chosen, 100000, 0), -XEN_EINVAL);
  test_equal("createdomain with an unknown flag", create(chosen, 1, 1u << 31), -XEN_EINVAL);
  test_equal("createdomain with a chosen id", create(chosen, 1, 0), 0);
  test_equal("createdomain with an id in use", create(chosen, 1, 0), -XEN_EEXIST);
  xen_domctl_getdomaininfo info;
  test_equal("getdomaininfo", domain_info(chosen, info), 0);
  test_check(info.max_vcpu_id == XEN_INVALID_MAX_VCPU_ID, "a new domain has VCPU %u", info.max_vcpu_id);
  xen_domctl op{};
  test_equal("getdomaininfo of an id below", domctl(XEN_DOMCTL_getdomaininfo, chosen - 1, op), 0);
  test_equal("tells of the next domain", op.domain, chosen);
  op = {};
  op.u.max_vcpus.max = 2;
  test_equal("more VCPUs than it was made with", domctl(XEN_DOMCTL_max_vcpus, chosen, op), -XEN_EINVAL);
  test_destroy_domain(chosen);
  test_equal("getdomaininfo of what was destroyed", domain_info(chosen, info), -XEN_ESRCH);
}

u32 flags_of(u32 domain) {
  xen_domctl_getdomaininfo info;
  test_equal("getdomaininfo", domain_info(domain, info), 0);
  return info.flags;
}

void check_information(u32 domain) {
  xen_domctl_getdomaininfo info;
  test_equal("getdomaininfo", domain_info(domain, info), 0);
  test_equal("its domain", info.domain, domain);
  test_equal("highest VCPU", info.max_vcpu_id, 1);
  test_equal("VCPUs online", info.nr_online_vcpus, 0);
  test_equal("pages", static_cast<s64>(info.tot_pages), 0);
  test_equal("most pages", static_cast<s64>(info.max_pages), most_kib * KiB / page_bytes);
  test_equal("time it ran", static_cast<s64>(info.cpu_time), 0);
  test_check(!(info.flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown | XEN_DOMINF_running)), "flags 0x%x",
             info.flags);
}

void check_settings(u32 domain) {
  xen_domctl op{};
  memset(op.u.setdomainhandle.handle, 0xa5, sizeof op.u.setdomainhandle.handle);
  test_equal("setdomainhandle", domctl(XEN_DOMCTL_setdomainhandle, domain, op), 0);
  xen_domctl_getdomaininfo info;
  test_equal("getdomaininfo", domain_info(domain, info), 0);
  test_check(info.handle[0] == 0xa5 && info.handle[15] == 0xa5, "the handle is not the one that was set");
  op = {};
  op.u.settimeoffset.time_offset_seconds = 3600;
  test_equal("settimeoffset", domctl(XEN_DOMCTL_settimeoffset, domain, op), 0);
  op = {};
  test_equal("get_address_size", domctl(XEN_DOMCTL_get_address_size, domain, op), 0);
  test_equal("address size", op.u.address_size.size, 64);
  test_equal("set_address_size 64", domctl(XEN_DOMCTL_set_address_size, domain, op), 0);
  op.u.address_size.size = 16;
  test_equal("set_address_size 16", domctl(XEN_DOMCTL_set_address_size, domain, op), -XEN_EINVAL);
}

// Weights stand at the same place for each of Xen's two credit schedulers.
long weigh(u32 domain, u32 scheduler, u32 command, u16& weight) {
  xen_domctl op{};
  op.u.scheduler_op.sched_id = scheduler;
  op.u.scheduler_op.cmd = command;
  op.u.scheduler_op.u.credit.weight = weight;
  const long error = domctl(XEN_DOMCTL_scheduler_op, domain, op);
  weight = op.u.scheduler_op.u.credit.weight;
  return error;
}

void check_weight(u32 domain) {
  xen_sysctl machine{};
  test_equal("sched_id", sysctl(XEN_SYSCTL_sched_id, machine), 0);
  const u32 scheduler = machine.u.sched_id.sched_id;
  u16 weight = 0;
  test_equal("getinfo", weigh(domain, scheduler, XEN_DOMCTL_SCHEDOP_getinfo, weight), 0);
  test_equal("weight at first", weight, 256);
  weight = 512;
  test_equal("putinfo", weigh(domain, scheduler, XEN_DOMCTL_SCHEDOP_putinfo, weight), 0);
  weight = 0;
  test_equal("getinfo again", weigh(domain, scheduler, XEN_DOMCTL_SCHEDOP_getinfo, weight), 0);
  test_equal("weight as set", weight, 512);
  test_equal("scheduler_op 99", weigh(domain, scheduler, 99, weight), -XEN_EINVAL);
  test_equal("scheduler_op of another scheduler", weigh(domain, 99, XEN_DOMCTL_SCHEDOP_getinfo, weight),
             -XEN_EINVAL);
}

void check_pauses(u32 domain) {
  test_check(flags_of(domain) & XEN_DOMINF_paused, "a new domain is not paused");
  test_equal("pausedomain", domctl_simple(XEN_DOMCTL_pausedomain, domain), 0);
  test_equal("unpausedomain", domctl_simple(XEN_DOMCTL_unpausedomain, domain), 0);
  test_check(flags_of(domain) & XEN_DOMINF_paused, "one unpause has undone two pauses");
  test_equal("unpausedomain again", domctl_simple(XEN_DOMCTL_unpausedomain, domain), 0);
  test_check(!(flags_of(domain) & XEN_DOMINF_paused), "it is still paused");
  test_equal("one unpausedomain too many", domctl_simple(XEN_DOMCTL_unpausedomain, domain), -XEN_EINVAL);
}

void check_shutdown(u32 domain) {
  sched_remote_shutdown_t request{static_cast<domid_t>(domain), SHUTDOWN_suspend};
  test_equal("shutdown from outside", hypercall_sched_op(SCHEDOP_remote_shutdown, &request), 0);
  const u32 flags = flags_of(domain);
  test_check(flags & XEN_DOMINF_shutdown, "it is not shut down: flags 0x%x", flags);
  test_equal("reason", flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask, SHUTDOWN_suspend);
  test_equal("resumedomain", domctl_simple(XEN_DOMCTL_resumedomain, domain), 0);
  test_check(!(flags_of(domain) & XEN_DOMINF_shutdown), "it is still shut down");
  test_equal("resumedomain of a running domain", domctl_simple(XEN_DOMCTL_resumedomain, domain), 0);
}

u32 port_status(u32 domain, EventPort port) {
  evtchn_status_t status{};
  status.dom = static_cast<domid_t>(domain);
  status.port = port;
  test_equal("status of its port", hypercall_event_channel_op(EVTCHNOP_status, &status), 0);
  return status.status;
}

void check_events(u32 domain) {
  const s64 theirs = event_alloc_unbound(domain, 0);
  if (theirs < 0) return test_check(false, "alloc_unbound: %s", errno_name(theirs));
  test_equal("its port", port_status(domain, static_cast<EventPort>(theirs)), EVTCHNSTAT_unbound);
  const s64 ours = event_bind_interdomain(domain, static_cast<EventPort>(theirs));
  test_check(ours > 0, "bind_interdomain: %s", errno_name(ours));
  test_equal("its port", port_status(domain, static_cast<EventPort>(theirs)), EVTCHNSTAT_interdomain);
  evtchn_reset_t reset{static_cast<domid_t>(domain)};
  test_equal("reset while it may run", hypercall_event_channel_op(EVTCHNOP_reset, &reset), -XEN_EINVAL);
  test_equal("pausedomain", domctl_simple(XEN_DOMCTL_pausedomain, domain), 0);
  test_equal("reset", hypercall_event_channel_op(EVTCHNOP_reset, &reset), 0);
  test_equal("its port", port_status(domain, static_cast<EventPort>(theirs)), EVTCHNSTAT_closed);
  test_equal("our end", port_status(DOMID_SELF, static_cast<EventPort>(ours)), EVTCHNSTAT_unbound);
  event_close(static_cast<EventPort>(ours));
  reset.dom = test_no_such_domain;
  test_equal("reset of no domain", hypercall_event_channel_op(EVTCHNOP_reset, &reset), -XEN_ESRCH);
  test_equal("alloc_unbound in no domain", event_alloc_unbound(test_no_such_domain, 0), -XEN_ESRCH);
}
}  // namespace

void test_main() {
  check_argument();
  if (!test_is_privileged()) return check_unprivileged();
  check_no_such_domain();
  check_self();
  check_creation();
  const u32 domain = test_make_domain(2, most_kib);
  check_information(domain);
  check_settings(domain);
  check_weight(domain);
  check_pauses(domain);
  check_shutdown(domain);
  check_events(domain);
  check_devices(domain);
  test_destroy_domain(domain);
}
