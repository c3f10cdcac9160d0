// domctl that only x86-64 has.
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/domctl.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/page_type.h"

namespace hv {

namespace {
constexpr u32 kAddressBits = 64;
constexpr unsigned kFramesPerMib = (1u << 20) >> kPageShift;

long write_hypercall_page(Domain* domain, xen_domctl& op) {
  MmGuard guard;
  const Mfn mfn = domain->mm.model->frame_of(domain, op.u.hypercall_init.gmfn);
  if (domain->dying || !frame_is_ram(mfn) || frame_owner(mfn) != owner_id(domain)) return -XEN_EINVAL;
  if (frame_and_type_get(mfn, XS_FRAME_WRITABLE, domain) != 0) return -XEN_EPERM;
  arch_write_hypercall_page(frame_to_virt(mfn));
  log_dirty_mark(mfn);
  frame_and_type_put(mfn, domain);
  return 0;
}

long set_address_size(Domain*, xen_domctl& op) {
  return op.u.address_size.size == kAddressBits ? 0 : -XEN_EINVAL;
}

long get_address_size(Domain*, xen_domctl& op) {
  op.u.address_size.size = kAddressBits;
  return 0;
}
}  // namespace

// Size of the pool of shadow tables, in MiB; only domains that need one have it.
long arch_shadow_allocation(Domain* domain, xen_domctl_shadow_op& request) {
  if (!shadows_in_use(domain)) return -XEN_EOPNOTSUPP;
  if (request.op == XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION)
    return shadow_set_allocation(domain, u64{request.mb} * kFramesPerMib);
  request.mb = static_cast<u32>(round_up(shadow_allocation(domain), kFramesPerMib) / kFramesPerMib);
  return 0;
}

const DomctlHandler arch_domctl_handlers[] = {
    {XEN_DOMCTL_hypercall_init, false, write_hypercall_page},
    {XEN_DOMCTL_set_address_size, false, set_address_size},
    {XEN_DOMCTL_get_address_size, true, get_address_size},
    {0, false, nullptr},
};

}  // namespace hv
