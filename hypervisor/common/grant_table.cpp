// Hypercall grant_table_op: dispatch, and the tables themselves.
#include "hypervisor/common/grant_table.h"

#include "hypervisor/abi/grants.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/taps.h"

namespace hv {

namespace {
constexpr u64 kActiveBytes = kGrantsPerPage * sizeof(ActiveGrant);

void mark_page(const Domain* domain, unsigned page, u64 mfn) {
  mark(XS_MARK_GRANT_TABLE, domain->id, page, mfn);
}

// One page more; the caller holds Domain::lock, against another CPU that does the same or ends the domain.
bool add_page(Domain* domain) {
  DomainGrants& grants = domain->grants;
  if (grants.pages >= grants.page_limit) return false;
  const Mfn mfn = alloc_frame();
  if (mfn == kInvalidMfn) return false;
  void* active = allocate(kActiveBytes);
  if (active == nullptr) {
    free_frame(mfn);
    return false;
  }
  share_frame_with_domain(mfn, domain);
  MmGuard guard;
  grants.shared[grants.pages] = static_cast<grant_entry_v1_t*>(frame_to_virt(mfn));
  grants.active[grants.pages] = static_cast<ActiveGrant*>(active);
  mark_page(domain, grants.pages++, mfn);
  return true;
}

bool grow(Domain* domain, u64 pages) {
  LockGuard guard(domain->lock);
  while (domain->grants.pages < pages)
    if (!add_page(domain)) return false;
  return true;
}

int status_of(const DomainRef& domain) {
  if (!domain) return GNTST_bad_domain;
  return may_act_on(domain) == 0 ? GNTST_okay : GNTST_permission_denied;
}

void setup_table(gnttab_setup_table& op) {
  const DomainRef domain(op.dom);
  op.status = static_cast<int16_t>(status_of(domain));
  if (op.status != GNTST_okay) return;
  op.status = GNTST_general_error;
  if (op.nr_frames > domain->grants.page_limit || !grow(domain.get(), op.nr_frames)) return;
  op.status = GNTST_bad_virt_addr;
  for (u32 i = 0; i < op.nr_frames; i++) {
    xen_pfn_t name;
    {
      MmGuard guard;
      const grant_entry_v1_t* page = domain->grants.shared[i];
      name = page == nullptr ? XS_M2P_INVALID : domain->mm.model->name_of(domain.get(), virt_to_frame(page));
    }
    if (!copy_to_guest_index(handle_address(op.frame_list), i, name)) return;
  }
  op.status = GNTST_okay;
}

void query_size(gnttab_query_size& op) {
  const DomainRef domain(op.dom);
  op.status = static_cast<int16_t>(status_of(domain));
  if (op.status != GNTST_okay) return;
  op.nr_frames = domain->grants.pages;
  op.max_nr_frames = domain->grants.page_limit;
}

void dump_table(gnttab_dump_table& op) {
  const DomainRef domain(op.dom);
  op.status = domain ? GNTST_okay : GNTST_bad_domain;
  if (domain && !current()->domain->privileged) op.status = GNTST_permission_denied;
  if (op.status != GNTST_okay) return;
  MmGuard guard;
  const DomainGrants& grants = domain->grants;
  print("Grant table of d%u: %u of at most %u pages; %lu mappings of others'\n", domain->id, grants.pages,
        grants.page_limit, grants.mappings);
  for (u32 ref = 0; ref < grants.pages * kGrantsPerPage; ref++) {
    const ActiveGrant& active = grant_active(domain.get(), ref);
    if (active.readers + active.writers != 0)
      print("  %u: frame %lx, %u reading, %u writing\n", ref, active.mfn, active.readers, active.writers);
  }
}

int swap_grants(Domain* domain, u32 a, u32 b) {
  if (!grant_exists(domain, a) || !grant_exists(domain, b)) return GNTST_bad_gntref;
  if (a == b) return GNTST_okay;
  const ActiveGrant &first = grant_active(domain, a), &second = grant_active(domain, b);
  if (first.readers + first.writers + second.readers + second.writers != 0) return GNTST_eagain;
  const grant_entry_v1_t was = *grant_entry(domain, a);
  *grant_entry(domain, a) = *grant_entry(domain, b);
  *grant_entry(domain, b) = was;
  return GNTST_okay;
}

void swap_grant_ref(gnttab_swap_grant_ref& op) {
  MmGuard guard;
  op.status = static_cast<int16_t>(swap_grants(current()->domain, op.ref_a, op.ref_b));
}

// --- dispatch --------------------------------------------------------------------------------------------
/// Each element of the guest's list in turn.
template <typename Op>
long each(const HypercallArgs& args, void (*operation)(Op&)) {
  const Vaddr list = args.arg[1];
  const u64 count = static_cast<u32>(args.arg[2]);
  for (u64 i = 0; i < count; i++) {
    if (i != 0 && hypercall_preempt_check())
      return hypercall_continue({{args.arg[0], list + i * sizeof(Op), count - i}});
    Op op;
    if (!copy_from_guest_index(op, list, i)) return -XEN_EFAULT;
    operation(op);
    if (!copy_to_guest_index(list, i, op)) return -XEN_EFAULT;
  }
  return 0;
}

template <typename Op>
long one(const HypercallArgs& args, void (*operation)(Op&)) {
  return static_cast<u32>(args.arg[2]) == 1 ? each(args, operation) : -XEN_EINVAL;
}

/// Elements of the guest's list that are dealt with together.
template <typename Op, unsigned kBatch>
long batches(const HypercallArgs& args, void (*operation)(Op* ops, unsigned count)) {
  const Vaddr list = args.arg[1];
  const u64 count = static_cast<u32>(args.arg[2]);
  for (u64 i = 0; i < count;) {
    if (i != 0 && hypercall_preempt_check())
      return hypercall_continue({{args.arg[0], list + i * sizeof(Op), count - i}});
    Op ops[kBatch];
    unsigned n = 0;
    while (n < min_of<u64>(count - i, kBatch) && copy_from_guest_index(ops[n], list, i + n)) n++;
    if (n == 0) return -XEN_EFAULT;
    operation(ops, n);
    for (unsigned k = 0; k < n; k++, i++)
      if (!copy_to_guest_index(list, i, ops[k])) return -XEN_EFAULT;
  }
  return 0;
}

void donate(gnttab_transfer* ops, unsigned count) { grant_move_batch(ops, count, false); }
void exchange(gnttab_transfer* ops, unsigned count) { grant_move_batch(ops, count, true); }

long set_version(Vaddr arg) {
  gnttab_set_version op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (op.version != 1) return op.version == 2 ? -XEN_ENOSYS : -XEN_EINVAL;
  return copy_to_guest(arg, op) ? 0 : -XEN_EFAULT;
}

long get_version(Vaddr arg) {
  gnttab_get_version op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  const DomainRef domain(op.dom);
  if (const int rc = may_act_on(domain); rc != 0) return rc;
  op.version = 1;
  return copy_to_guest(arg, op) ? 0 : -XEN_EFAULT;
}
}  // namespace

long do_grant_table_op(const HypercallArgs& args) {
  if (static_cast<s32>(args.arg[2]) < 0) return -XEN_EINVAL;
  switch (args.arg[0]) {
    case GNTTABOP_map_grant_ref:
      return each<gnttab_map_grant_ref>(args, grant_map);
    case GNTTABOP_unmap_grant_ref:
      return batches<gnttab_unmap_grant_ref, kUnmapBatch>(args, grant_unmap_batch);
    case GNTTABOP_setup_table:
      return one<gnttab_setup_table>(args, setup_table);
    case GNTTABOP_dump_table:
      return one<gnttab_dump_table>(args, dump_table);
    case GNTTABOP_transfer:
      return each<gnttab_transfer>(args, grant_transfer);
    case GNTTABOP_copy:
      return each<gnttab_copy>(args, grant_copy);
    case GNTTABOP_query_size:
      return one<gnttab_query_size>(args, query_size);
    case GNTTABOP_unmap_and_replace:
      return each<gnttab_unmap_and_replace>(args, grant_unmap_and_replace);
    case GNTTABOP_set_version:
      return set_version(args.arg[1]);
    case GNTTABOP_get_version:
      return get_version(args.arg[1]);
    case GNTTABOP_swap_grant_ref:
      return each<gnttab_swap_grant_ref>(args, swap_grant_ref);
    case XS_GNTTABOP_donate:
      return batches<gnttab_transfer, kMoveBatch>(args, donate);
    case XS_GNTTABOP_exchange:
      return batches<gnttab_transfer, kMoveBatch>(args, exchange);
    default:
      return -XEN_ENOSYS;
  }
}

Mfn grant_table_frame(Domain* domain, u64 index) {
  if (index >= domain->grants.page_limit || !grow(domain, index + 1)) return kInvalidMfn;
  return virt_to_frame(domain->grants.shared[index]);
}

void grants_unshare(Domain* domain) {
  DomainGrants& grants = domain->grants;
  LockGuard guard(domain->lock);
  grants.page_limit = 0;
  for (unsigned i = 0; i < grants.pages; i++) {
    grant_entry_v1_t* page = grants.shared[i];
    {
      MmGuard memory;
      grants.shared[i] = nullptr;
      mark_page(domain, i, ~0ull);
    }
    if (page != nullptr) unshare_frame(virt_to_frame(page));
  }
}

void grants_destroy(Domain* domain) {
  for (ActiveGrant* page : domain->grants.active) release(page);
  for (GrantMapping* page : domain->grants.mapping) release(page);
}

}  // namespace hv
