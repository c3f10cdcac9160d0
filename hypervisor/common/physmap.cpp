// Hypercalls that place frames at GFNs of a domain whose P2M the hypervisor holds: hypervisor pages shared
// with it, and for a privileged caller frames of other domains. Other models refuse with EOPNOTSUPP.
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/memory_op.h"

namespace hv {

namespace {
int add_foreign(Domain* domain, Gfn& gfn, const DomainRef& owner, u64 name) {
  MmGuard guard;
  if (domain->dying || owner->dying) return -XEN_EINVAL;
  return domain->mm.model->map_foreign(domain, gfn, owner.get(), name);
}

void remove(Domain* domain, Gfn gfn) {
  MmGuard guard;
  if (!domain->dying) domain->mm.model->unmap(domain, gfn);
}

// `errs` receives what became of each; the call itself fails only when the lists cannot be read or written.
long add_foreign_list(const HypercallArgs& args, xen_add_to_physmap_batch& batch, Domain* domain,
                      const DomainRef& owner) {
  for (u16 i = 0; i < batch.size; i++) {
    if (i != 0 && hypercall_preempt_check()) {
      batch.size = static_cast<u16>(batch.size - i);
      batch.idxs.p += i;
      batch.gpfns.p += i;
      batch.errs.p += i;
      return copy_to_guest(args.arg[1], batch) ? hypercall_continue(args) : -XEN_EFAULT;
    }
    u64 name;
    Gfn gfn;
    if (!copy_from_guest_index(name, handle_address(batch.idxs), i) ||
        !copy_from_guest_index(gfn, handle_address(batch.gpfns), i))
      return -XEN_EFAULT;
    const int rc = add_foreign(domain, gfn, owner, name);
    if (domain->mm.model->names_stay && !copy_to_guest_index(handle_address(batch.gpfns), i, gfn)) {
      if (rc == 0) remove(domain, gfn);  // it does not know where it is
      return -XEN_EFAULT;
    }
    if (!copy_to_guest_index(handle_address(batch.errs), i, rc)) return -XEN_EFAULT;
  }
  return 0;
}

int shared_frame(Domain* domain, const xen_add_to_physmap& request, Mfn& mfn) {
  switch (request.space) {
    case XENMAPSPACE_shared_info:
      mfn = domain->shared_mfn;
      return request.idx == 0 ? 0 : -XEN_EINVAL;
    case XENMAPSPACE_grant_table:
      mfn = grant_table_frame(domain, request.idx);
      return mfn == kInvalidMfn ? -XEN_EINVAL : 0;
    default:
      return -XEN_EOPNOTSUPP;
  }
}
}  // namespace

long physmap_add(Vaddr arg) {
  xen_add_to_physmap request;
  if (!copy_from_guest(request, arg)) return -XEN_EFAULT;
  const DomainRef domain(request.domid);
  if (const int rc = may_act_on(domain); rc != 0) return rc;
  Mfn mfn;
  if (const int rc = shared_frame(domain.get(), request, mfn); rc != 0) return rc;
  MmGuard guard;
  return domain->dying ? -XEN_EINVAL : domain->mm.model->map_shared(domain.get(), request.gpfn, mfn);
}

long physmap_add_batch(const HypercallArgs& args) {
  xen_add_to_physmap_batch batch;
  if (!copy_from_guest(batch, args.arg[1])) return -XEN_EFAULT;
  const DomainRef domain(batch.domid);
  if (const int rc = may_act_on(domain); rc != 0) return rc;
  if (batch.space != XENMAPSPACE_gmfn_foreign) return -XEN_EOPNOTSUPP;
  if (!domain->privileged) return -XEN_EPERM;  // nobody else ever sees other domains' frames
  const DomainRef owner(batch.u.foreign_domid);
  if (!owner) return -XEN_ESRCH;
  if (owner.get() == domain.get()) return -XEN_EINVAL;
  return add_foreign_list(args, batch, domain.get(), owner);
}

long physmap_remove(Vaddr arg) {
  xen_remove_from_physmap request;
  if (!copy_from_guest(request, arg)) return -XEN_EFAULT;
  const DomainRef domain(request.domid);
  if (const int rc = may_act_on(domain); rc != 0) return rc;
  MmGuard guard;
  return domain->dying ? -XEN_EINVAL : domain->mm.model->unmap(domain.get(), request.gpfn);
}

}  // namespace hv
