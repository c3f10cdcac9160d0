// Hypercalls that place frames at GFNs of a domain whose P2M the hypervisor holds: hypervisor pages shared
// with it, and for a privileged caller frames of other domains. Other models refuse with EOPNOTSUPP.
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/memory_op.h"

namespace hv {

namespace {
constexpr u32 kGroup = 128;  // of entries that one drop of cached translations is for

struct ForeignGroup {
  u64 names[kGroup];
  Gfn gfns[kGroup];
  int rcs[kGroup];
};

// Entries [first, first + wanted) of the lists, as far as they can be read; how many these are. Before
// anything is changed: what the guest's translations of the lists cost is then paid once.
u32 read_group(const xen_add_to_physmap_batch& batch, u32 first, u32 wanted, ForeignGroup& group) {
  u32 n = 0;
  while (n < wanted && copy_from_guest_index(group.names[n], handle_address(batch.idxs), first + n) &&
         copy_from_guest_index(group.gfns[n], handle_address(batch.gpfns), first + n))
    n++;
  return n;
}

void add_foreign(Domain* domain, const DomainRef& owner, ForeignGroup& group, u32 count) {
  MmGuard guard;
  const MemoryModel& model = *domain->mm.model;
  u64 replaced[kGroup];
  unsigned gone = 0;
  for (u32 i = 0; i < count; i++) {
    u64 before = 0;
    group.rcs[i] = domain->dying || owner->dying
                       ? -XEN_EINVAL
                       : model.map_foreign(domain, group.gfns[i], owner.get(), group.names[i], before);
    if (before & XS_P2M_PRESENT) replaced[gone++] = before;
  }
  if (gone != 0) model.replaced_end(domain, replaced, gone);
}

void remove(Domain* domain, Gfn gfn) {
  MmGuard guard;
  if (!domain->dying) domain->mm.model->unmap(domain, gfn);
}

// What became of each; false: that cannot be written.
bool tell_group(const xen_add_to_physmap_batch& batch, u32 first, Domain* domain, const ForeignGroup& group,
                u32 count) {
  const bool stays = domain->mm.model->names_stay;
  bool told = true;
  for (u32 i = 0; i < count; i++) {
    told = told && (!stays || copy_to_guest_index(handle_address(batch.gpfns), first + i, group.gfns[i]));
    if (!told && stays && group.rcs[i] == 0) remove(domain, group.gfns[i]);  // it does not know where it is
    told = told && copy_to_guest_index(handle_address(batch.errs), first + i, group.rcs[i]);
  }
  return told;
}

// `errs` receives what became of each; the call itself fails only when the lists cannot be read or written.
long add_foreign_list(const HypercallArgs& args, xen_add_to_physmap_batch& batch, Domain* domain,
                      const DomainRef& owner) {
  for (u32 i = 0; i < batch.size;) {
    if (i != 0 && hypercall_preempt_check()) {
      batch.size = static_cast<u16>(batch.size - i);
      batch.idxs.p += i;
      batch.gpfns.p += i;
      batch.errs.p += i;
      return copy_to_guest(args.arg[1], batch) ? hypercall_continue(args) : -XEN_EFAULT;
    }
    ForeignGroup group;
    const u32 wanted = min_of(batch.size - i, kGroup), count = read_group(batch, i, wanted, group);
    add_foreign(domain, owner, group, count);
    if (!tell_group(batch, i, domain, group, count) || count < wanted) return -XEN_EFAULT;
    i += count;
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
