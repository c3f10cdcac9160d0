// domctl and sysctl. A domU is refused each; dom0 does them to a domain of its own making, and to none.
#include "guests/tests/hypercall-fuzz/calls.h"
#include "guests/tests/hypercall-fuzz/tools.h"
#include "guests/tests/lib/domain.h"

namespace {
constexpr u64 child_kib = 4096;
constexpr unsigned child_vcpus = 2, child_frames = 8;

u32 any_command() {
  const u32 commands[] = {
      XEN_DOMCTL_createdomain,      XEN_DOMCTL_destroydomain,    XEN_DOMCTL_pausedomain,
      XEN_DOMCTL_unpausedomain,     XEN_DOMCTL_resumedomain,     XEN_DOMCTL_getdomaininfo,
      XEN_DOMCTL_getpageframeinfo3, XEN_DOMCTL_max_mem,          XEN_DOMCTL_setdomainhandle,
      XEN_DOMCTL_settimeoffset,     XEN_DOMCTL_scheduler_op,     XEN_DOMCTL_max_vcpus,
      XEN_DOMCTL_setvcpucontext,    XEN_DOMCTL_getvcpucontext,   XEN_DOMCTL_getvcpuinfo,
      XEN_DOMCTL_setvcpuaffinity,   XEN_DOMCTL_getvcpuaffinity,  XEN_DOMCTL_hypercall_init,
      XEN_DOMCTL_set_address_size,  XEN_DOMCTL_get_address_size, XEN_DOMCTL_iomem_permission,
      XEN_DOMCTL_irq_permission,    XEN_DOMCTL_memory_mapping,   XEN_DOMCTL_shadow_op};
  return rnd.one_in(12) ? static_cast<u32>(any_number()) : rnd.pick(commands);
}

// What handles may name: mostly there.
constexpr u64 data_bytes = 512;
u64 any_data() {
  u8 data[data_bytes];
  for (u8& b : data) b = static_cast<u8>(rnd.one_in(2) ? 0 : rnd.next());
  return place(data, sizeof data, true);
}

u64 context_room() {
  const u8* at = reserve(sizeof(vcpu_guest_context_t), true);
  return hypercall_arg(at ? at : world.hole);
}

// Mostly of the virtio devices (docs/machine.md).
Mfn any_device_page() { return rnd.one_in(4) ? any_number() : 0xfeb00 + rnd.below(3); }

void fill_shadow_op(xen_domctl_shadow_op& op, u64 data) {
  const u32 known[] = {XEN_DOMCTL_SHADOW_OP_OFF,           XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY,
                       XEN_DOMCTL_SHADOW_OP_CLEAN,         XEN_DOMCTL_SHADOW_OP_PEEK,
                       XEN_DOMCTL_SHADOW_OP_ENABLE,        XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION,
                       XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION};
  op.op = rnd.one_in(12) ? static_cast<u32>(any_number()) : rnd.pick(known);
  op.mode = rnd.one_in(4) ? static_cast<u32>(any_number()) : 0;
  if (op.op == XEN_DOMCTL_SHADOW_OP_ENABLE && rnd.one_in(2)) op.mode = XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY;
  op.mb = static_cast<u32>(any_count(2));
  op.dirty_bitmap.p = reinterpret_cast<u8*>(rnd.one_in(4) ? 0 : data);
  op.pages = rnd.one_in(4) ? any_number() : 8 * count_of_list(data, data_bytes, rnd.below(data_bytes));
}

void fill_domctl(xen_domctl& op) {
  const u64 data = any_data();
  switch (op.cmd) {
    case XEN_DOMCTL_createdomain:
      op.u.createdomain.max_vcpus = static_cast<u32>(any_count(4));
      op.u.createdomain.flags = rnd.one_in(3) ? static_cast<u32>(any_number()) : 0;
      return;
    case XEN_DOMCTL_getpageframeinfo3:
      op.u.getpageframeinfo3.array.p = reinterpret_cast<xen_pfn_t*>(data);
      op.u.getpageframeinfo3.num = count_of_list(data, data_bytes, rnd.below(data_bytes / sizeof(u64)));
      return;
    case XEN_DOMCTL_shadow_op:
      return fill_shadow_op(op.u.shadow_op, data);
    case XEN_DOMCTL_iomem_permission:
      op.u.iomem_permission = {any_device_page(), any_count(3), static_cast<u8>(rnd.below(2))};
      return;
    case XEN_DOMCTL_memory_mapping:
      op.u.memory_mapping = {any_device_page(), any_device_page(), any_count(3),
                             static_cast<u32>(rnd.below(2)), 0};
      return;
    case XEN_DOMCTL_irq_permission:
      op.u.irq_permission.pirq = static_cast<u32>(any_count(64));
      op.u.irq_permission.allow_access = static_cast<u8>(rnd.below(2));
      return;
    case XEN_DOMCTL_max_vcpus:
      op.u.max_vcpus.max = static_cast<u32>(any_count(child_vcpus));
      return;
    case XEN_DOMCTL_setvcpucontext:
    case XEN_DOMCTL_getvcpucontext:
      op.u.vcpucontext.vcpu = any_vcpu();
      op.u.vcpucontext.ctxt.p =
          reinterpret_cast<vcpu_guest_context_t*>(rnd.one_in(3) ? any_address() : context_room());
      return;
    case XEN_DOMCTL_setvcpuaffinity:
    case XEN_DOMCTL_getvcpuaffinity:
      op.u.vcpuaffinity.vcpu = any_vcpu();
      op.u.vcpuaffinity.flags = static_cast<u32>(any_count(3));
      op.u.vcpuaffinity.cpumap_hard.nr_bits =
          static_cast<u32>(count_of_list(data, data_bytes, rnd.below(128)));
      op.u.vcpuaffinity.cpumap_hard.bitmap.p = reinterpret_cast<u8*>(data);
      op.u.vcpuaffinity.cpumap_soft = op.u.vcpuaffinity.cpumap_hard;
      return;
    default:
      for (u64 i = 0; i < 4; i++) reinterpret_cast<u64*>(&op.u)[i] = any_number();
      if (op.cmd == XEN_DOMCTL_getvcpuinfo) op.u.getvcpuinfo.vcpu = any_vcpu();
      if (op.cmd == XEN_DOMCTL_hypercall_init) op.u.hypercall_init.gmfn = any_number();
  }
}

void make_domctl(Call& call) {
  xen_domctl op{};
  op.cmd = any_command();
  op.interface_version = rnd.one_in(12) ? static_cast<u32>(any_number()) : XEN_DOMCTL_INTERFACE_VERSION;
  const u64 domains[] = {world.child, world.child, world.child, any_domain(), test_no_such_domain, 0};
  op.domain = static_cast<domid_t>(rnd.pick(domains));
  // Its own limit is what the guest lives by.
  if (op.cmd == XEN_DOMCTL_max_mem && op.domain == 0) op.domain = static_cast<domid_t>(world.child);
  fill_domctl(op);
  call.arg[0] = place(op, true);
}

void make_sysctl(Call& call) {
  const u32 commands[] = {
      XEN_SYSCTL_physinfo, XEN_SYSCTL_getdomaininfolist, XEN_SYSCTL_getcpuinfo,          XEN_SYSCTL_availheap,
      XEN_SYSCTL_sched_id, XEN_SYSCTL_debug_keys,        static_cast<u32>(rnd.below(40))};
  xen_sysctl op{};
  op.cmd = rnd.pick(commands);
  op.interface_version = rnd.one_in(12) ? static_cast<u32>(any_number()) : XEN_SYSCTL_INTERFACE_VERSION;
  for (u64 i = 0; i < 4; i++) reinterpret_cast<u64*>(&op.u)[i] = any_number();
  if (op.cmd == XEN_SYSCTL_getdomaininfolist) {
    const u64 data = any_data();
    const u64 count =
        count_of_list(data, data_bytes, rnd.below(data_bytes / sizeof(xen_domctl_getdomaininfo_t)));
    op.u.getdomaininfolist.max_domains = static_cast<u32>(count);
    op.u.getdomaininfolist.buffer.p = reinterpret_cast<xen_domctl_getdomaininfo_t*>(data);
  }
  if (op.cmd == XEN_SYSCTL_getcpuinfo)
    op.u.getcpuinfo.info.p = reinterpret_cast<xen_sysctl_cpuinfo_t*>(any_data());
  if (op.cmd == XEN_SYSCTL_debug_keys) {  // keys act on the machine by right: none, too many, or nowhere
    op.u.debug_keys.nr_keys = static_cast<u32>(rnd.one_in(2) ? 0 : 33 + rnd.below(1000));
    if (rnd.one_in(3)) op.u.debug_keys.nr_keys = 1;
    op.u.debug_keys.keys.p = reinterpret_cast<char*>(hypercall_arg(world.hole));
  }
  call.arg[0] = place(op, true);
}

constexpr u64 tool_errors =
    errors(XEN_EPERM, XEN_EFAULT, XEN_EINVAL, XEN_ESRCH, XEN_EACCES, XEN_ENOSYS, XEN_ENOMEM, XEN_EEXIST,
           XEN_E2BIG, XEN_ENODATA, XEN_EOPNOTSUPP, XEN_EBUSY, XEN_ENOSPC);
constexpr CallKind kinds[] = {
    {"domctl", __HYPERVISOR_domctl, 8, tool_errors, 0, make_domctl, nullptr},
    {"sysctl", __HYPERVISOR_sysctl, 4, tool_errors, 0, make_sysctl, nullptr},
};

bool destroy_one() {
  xen_domctl op{};
  if (domctl(XEN_DOMCTL_getdomaininfo, 1, op) != 0) return false;
  const u32 domain = op.domain;
  domctl_simple(XEN_DOMCTL_unpausedomain, domain);
  long error;
  while ((error = domctl_simple(XEN_DOMCTL_destroydomain, domain)) == -XEN_EAGAIN)
    hypercall_sched_op(SCHEDOP_yield, nullptr);
  test_check(error == 0, "destroydomain of %u: %s", domain, errno_name(error));
  return error == 0;
}
}  // namespace

void tools_heal() {
  if (!test_is_privileged()) return;
  while (destroy_one()) {
  }
  Mfn frames[child_frames];
  world.child = test_make_domain(child_vcpus, child_kib);
  test_equal("frames for the child", test_populate(world.child, 0, child_frames, frames), child_frames);
}

const CallTable tool_calls = {kinds, count_of(kinds)};
