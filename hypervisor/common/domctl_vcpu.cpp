// domctl about VCPUs.
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/domctl.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/percpu.h"

namespace hv {

namespace {
Vcpu* find_vcpu(Domain* domain, u32 id) { return id < domain->max_vcpus ? domain->vcpu[id] : nullptr; }

/// For those calls that tell an id out of range from a VCPU not yet made.
int find_vcpu(Domain* domain, u32 id, Vcpu*& vcpu) {
  vcpu = find_vcpu(domain, id);
  return vcpu != nullptr ? 0 : id < domain->max_vcpus ? -XEN_ESRCH : -XEN_EINVAL;
}

long make_vcpus(Domain* domain, xen_domctl& op) {
  // Their number was fixed when the domain was made; this call makes them.
  if (domain == current()->domain || op.u.max_vcpus.max != domain->max_vcpus) return -XEN_EINVAL;
  LockGuard guard(domain->lock);
  for (unsigned i = 0; i < domain->max_vcpus; i++)
    if (domain->vcpu[i] == nullptr)
      if (const int rc = vcpu_create(domain, i); rc != 0) return rc;
  return 0;
}

void vcpu_set_online(Vcpu* vcpu, bool online) {
  if (online)
    __atomic_fetch_and(&vcpu->pause_flags, ~u32{kVcpuDown}, __ATOMIC_SEQ_CST);
  else
    __atomic_fetch_or(&vcpu->pause_flags, u32{kVcpuDown}, __ATOMIC_SEQ_CST);
}

long set_context(Domain* domain, xen_domctl& op) {
  Vcpu* vcpu = find_vcpu(domain, op.u.vcpucontext.vcpu);
  if (domain == current()->domain || vcpu == nullptr || domain->dying) return -XEN_EINVAL;
  auto* context = static_cast<vcpu_guest_context*>(allocate(sizeof(vcpu_guest_context)));
  if (context == nullptr) return -XEN_ENOMEM;
  long rc = -XEN_EFAULT;
  if (copy_from_guest(*context, handle_address(op.u.vcpucontext.ctxt))) {
    const PausedDomain paused(domain);
    rc = arch_set_vcpu_context(vcpu, *context);
    if (rc == 0) vcpu_set_online(vcpu, context->flags & VGCF_online);
  }
  release(context);
  return rc;
}

long get_context(Domain* domain, xen_domctl& op) {
  Vcpu* vcpu = find_vcpu(domain, op.u.vcpucontext.vcpu);
  if (domain == current()->domain || vcpu == nullptr) return -XEN_EINVAL;
  if (!vcpu->initialised) return -XEN_ENODATA;
  auto* context = static_cast<vcpu_guest_context*>(allocate(sizeof(vcpu_guest_context)));
  if (context == nullptr) return -XEN_ENOMEM;
  {
    const PausedDomain paused(domain);
    arch_get_vcpu_context(vcpu, *context);
  }
  const bool ok = copy_to_guest(handle_address(op.u.vcpucontext.ctxt), *context);
  release(context);
  return ok ? 0 : -XEN_EFAULT;
}

long get_info(Domain* domain, xen_domctl& op) {
  xen_domctl_getvcpuinfo& info = op.u.getvcpuinfo;
  Vcpu* vcpu;
  if (const int rc = find_vcpu(domain, info.vcpu, vcpu); rc != 0) return rc;
  info.online = !(vcpu->pause_flags & kVcpuDown);
  info.blocked = (vcpu->pause_flags & kVcpuBlocked) != 0;
  info.running = vcpu->sched.running;
  info.cpu_time = vcpu_running_time(vcpu);
  info.cpu = vcpu->sched.cpu;
  return 0;
}

u64 all_cpus() { return (1ull << cpu_count) - 1; }

bool names_a_map(const xen_domctl_vcpuaffinity& a) {
  if ((a.flags & XEN_VCPUAFFINITY_HARD) && handle_address(a.cpumap_hard.bitmap) == 0) return false;
  if ((a.flags & XEN_VCPUAFFINITY_SOFT) && handle_address(a.cpumap_soft.bitmap) == 0) return false;
  return a.flags != 0;
}

long set_affinity(Domain* domain, xen_domctl& op) {
  xen_domctl_vcpuaffinity& a = op.u.vcpuaffinity;
  Vcpu* vcpu;
  u64 mask;
  if (const int rc = find_vcpu(domain, a.vcpu, vcpu); rc != 0) return rc;
  if (!names_a_map(a)) return -XEN_EINVAL;
  if (!(a.flags & XEN_VCPUAFFINITY_HARD)) return 0;  // a preference, which this scheduler does not have
  if (!bitmap_from_guest(a.cpumap_hard, mask)) return -XEN_EFAULT;
  if ((mask & all_cpus()) == 0) return -XEN_EINVAL;
  vcpu->sched.affinity = mask & all_cpus();
  return bitmap_to_guest(a.cpumap_hard, vcpu->sched.affinity) ? 0 : -XEN_EFAULT;
}

long get_affinity(Domain* domain, xen_domctl& op) {
  const xen_domctl_vcpuaffinity& a = op.u.vcpuaffinity;
  Vcpu* vcpu;
  if (const int rc = find_vcpu(domain, a.vcpu, vcpu); rc != 0) return rc;
  if (!names_a_map(a)) return -XEN_EINVAL;
  if ((a.flags & XEN_VCPUAFFINITY_HARD) && !bitmap_to_guest(a.cpumap_hard, vcpu->sched.affinity & all_cpus()))
    return -XEN_EFAULT;
  if ((a.flags & XEN_VCPUAFFINITY_SOFT) && !bitmap_to_guest(a.cpumap_soft, all_cpus())) return -XEN_EFAULT;
  return 0;
}
}  // namespace

const DomctlHandler domctl_vcpu_handlers[] = {
    {XEN_DOMCTL_max_vcpus, false, make_vcpus},
    {XEN_DOMCTL_setvcpucontext, false, set_context},
    {XEN_DOMCTL_getvcpucontext, false, get_context},
    {XEN_DOMCTL_getvcpuinfo, true, get_info},
    {XEN_DOMCTL_setvcpuaffinity, false, set_affinity},
    {XEN_DOMCTL_getvcpuaffinity, false, get_affinity},
    {0, false, nullptr},
};

bool bitmap_from_guest(const xenctl_bitmap& map, u64& mask) {
  mask = 0;
  const u64 bytes = min_of<u64>((map.nr_bits + u64{7}) / 8, sizeof mask);
  if (!copy_from_guest(&mask, handle_address(map.bitmap), bytes)) return false;
  if (map.nr_bits < 64) mask &= (1ull << map.nr_bits) - 1;
  return true;
}

bool bitmap_to_guest(const xenctl_bitmap& map, u64 mask) {
  const u64 bytes = (map.nr_bits + u64{7}) / 8;
  if (map.nr_bits < 64) mask &= (1ull << map.nr_bits) - 1;
  const u64 own = min_of<u64>(bytes, sizeof mask);
  return copy_to_guest(handle_address(map.bitmap), &mask, own) &&
         clear_guest(handle_address(map.bitmap) + own, bytes - own);
}

}  // namespace hv
