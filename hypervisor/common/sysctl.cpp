// Hypercall sysctl: a toolstack asks about the machine.
#include "hypervisor/common/debug_keys.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/domctl.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/heap.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/lib.h"

namespace hv {

namespace {
constexpr u32 kMaxDebugKeys = 32;

long physinfo(xen_sysctl& op) {
  xen_sysctl_physinfo& info = op.u.physinfo;
  memset(&info, 0, sizeof info);
  info.threads_per_core = 1;
  info.cores_per_socket = info.nr_cpus = cpu_count;
  info.max_cpu_id = cpu_count - 1;
  info.nr_nodes = 1;
  info.cpu_khz = arch_cpu_khz();
  info.capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1;
  info.total_pages = total_ram_frames();
  info.free_pages = heap_free_frames();
  info.outstanding_pages = claimed_frames();
  info.max_mfn = max_ram_mfn();
  return 0;
}

// One domain at a time: the list may change between two, ids only grow.
long domain_info_list(xen_sysctl& op) {
  xen_sysctl_getdomaininfolist& list = op.u.getdomaininfolist;
  u32 id = list.first_domain;
  for (list.num_domains = 0; list.num_domains < list.max_domains; list.num_domains++) {
    xen_domctl_getdomaininfo info;
    {
      LockGuard guard(domain_list_lock);
      const Domain* domain = domain_list;
      while (domain != nullptr && domain->id < id) domain = domain->next;
      if (domain == nullptr) break;
      domain_info(domain, info);
    }
    if (!copy_to_guest_index(handle_address(list.buffer), list.num_domains, info)) return -XEN_EFAULT;
    id = info.domain + 1u;
  }
  return 0;
}

long debug_keys(xen_sysctl& op) {
  const xen_sysctl_debug_keys& keys = op.u.debug_keys;
  if (keys.nr_keys > kMaxDebugKeys) return -XEN_E2BIG;
  for (u32 i = 0; i < keys.nr_keys; i++) {
    char key;
    if (!copy_from_guest_index(key, handle_address(keys.keys), i)) return -XEN_EFAULT;
    debug_key(key);
  }
  return 0;
}

long cpu_info(xen_sysctl& op) {
  xen_sysctl_getcpuinfo& query = op.u.getcpuinfo;
  query.nr_cpus = min_of(query.max_cpus, cpu_count);
  for (u32 i = 0; i < query.nr_cpus; i++) {
    const xen_sysctl_cpuinfo info = {static_cast<u64>(cpus[i].idle_total)};
    if (!copy_to_guest_index(handle_address(query.info), i, info)) return -XEN_EFAULT;
  }
  return 0;
}

long available_heap(xen_sysctl& op) {
  xen_sysctl_availheap& query = op.u.availheap;
  if (query.node != -1 && query.node != 0) return -XEN_EINVAL;
  query.avail_bytes = heap_free_frames_between(query.min_bitwidth, query.max_bitwidth) << kPageShift;
  return 0;
}

long scheduler_id(xen_sysctl& op) {
  op.u.sched_id.sched_id = XEN_SCHEDULER_CREDIT;
  return 0;
}

struct SysctlHandler {
  u32 command;
  bool answers;
  long (*run)(xen_sysctl& op);
};
constexpr SysctlHandler handlers[] = {
    {XEN_SYSCTL_physinfo, true, physinfo},        {XEN_SYSCTL_getdomaininfolist, true, domain_info_list},
    {XEN_SYSCTL_debug_keys, false, debug_keys},   {XEN_SYSCTL_getcpuinfo, true, cpu_info},
    {XEN_SYSCTL_availheap, true, available_heap}, {XEN_SYSCTL_sched_id, true, scheduler_id},
};
}  // namespace

long do_sysctl(const HypercallArgs& args) {
  xen_sysctl op;
  if (!copy_from_guest(op, args.arg[0])) return -XEN_EFAULT;
  if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION) return -XEN_EACCES;
  if (!current()->domain->privileged) return -XEN_EPERM;
  for (const SysctlHandler& handler : handlers) {
    if (handler.command != op.cmd) continue;
    const long rc = handler.run(op);
    if (rc == 0 && handler.answers && !copy_to_guest(args.arg[0], op)) return -XEN_EFAULT;
    return rc;
  }
  return -XEN_ENOSYS;
}

}  // namespace hv
