// XENMEM_exchange: a domain gives frames and gets as many others in larger (or smaller) contiguous runs.
//
// Done in groups of the larger of the two extents; a group is exchanged completely or not at all:
//   new frames first (over the limit for a moment) -> old ones given up -> M2P and the list of new MFNs
//
// Where the hypervisor holds the P2M names are GFNs, and a group's places stay the group's: each new frame
// has a place that an old one had. Nothing is answered but how much was done, as Xen answers such guests; who
// may exchange may read its P2M, and that tells it.
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/heap.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/memory_op.h"
#include "hypervisor/common/p2m.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/pmt.h"

namespace hv {

namespace {
constexpr unsigned kMaxGroupOrder = 9;

struct Exchange {
  xen_memory_exchange request;
  Domain* domain;
  unsigned group_order, address_bits;
  u64 in_per_group() const { return 1ull << (group_order - request.in.extent_order); }
  u64 out_per_group() const { return 1ull << (group_order - request.out.extent_order); }
};

bool is_sane(const xen_memory_exchange& r) {
  if (r.in.domid != r.out.domid || r.nr_exchanged > r.in.nr_extents) return false;
  if (r.in.extent_order > kMaxGroupOrder || r.out.extent_order > kMaxGroupOrder) return false;
  if (r.in.nr_extents > ~0ull >> kMaxGroupOrder || r.out.nr_extents > ~0ull >> kMaxGroupOrder) return false;
  return r.in.nr_extents << r.in.extent_order == r.out.nr_extents << r.out.extent_order;
}

bool may_leave(const Exchange& x, u64 first) {
  for (u64 n = 0; n < 1ull << x.request.in.extent_order; n++)
    if (!frame_may_leave(x.domain, x.domain->mm.model->frame_of(x.domain, first + n))) return false;
  return true;
}

// No frame is named twice among `count` extents.
bool are_distinct(const u64* extents, u64 count, unsigned order) {
  for (u64 i = 0; i < count; i++)
    for (u64 j = 0; j < i; j++)
      if ((extents[i] - extents[j]) >> order == 0 || (extents[j] - extents[i]) >> order == 0) return false;
  return true;
}

struct Group {
  Mfn in[1u << kMaxGroupOrder], out[1u << kMaxGroupOrder];
  Gfn gfn[1u << kMaxGroupOrder];
  Mfn old[1u << kMaxGroupOrder];  // what was at each place
};

bool was_named(const Exchange& x, const Group& g, Gfn gfn) {
  for (u64 i = 0; i < x.in_per_group(); i++)
    if ((gfn - g.in[i]) >> x.request.in.extent_order == 0) return true;
  return false;
}

bool keeps_places(const Exchange& x, const Group& g) {
  const unsigned order = x.request.out.extent_order;
  for (u64 i = 0; i < x.out_per_group(); i++)
    for (u64 n = 0; n < 1ull << order; n++)
      if (!was_named(x, g, g.gfn[i] + n)) return false;
  return are_distinct(g.gfn, x.out_per_group(), order);
}

bool read_group(const Exchange& x, u64 group, Group& g) {
  for (u64 i = 0; i < x.in_per_group(); i++)
    if (!copy_from_guest_index(g.in[i], handle_address(x.request.in.extent_start),
                               group * x.in_per_group() + i))
      return false;
  for (u64 i = 0; i < x.out_per_group(); i++)
    if (!copy_from_guest_index(g.gfn[i], handle_address(x.request.out.extent_start),
                               group * x.out_per_group() + i))
      return false;
  return true;
}

bool allocate_group(const Exchange& x, Group& g) {
  for (u64 i = 0; i < x.out_per_group(); i++) {
    g.out[i] = heap_alloc(x.request.out.extent_order, owner_id(x.domain), x.address_bits);
    if (g.out[i] != kInvalidMfn) continue;
    while (i-- > 0) heap_free(g.out[i], x.request.out.extent_order);
    return false;
  }
  return true;
}

// The new ones are the domain's already. What was cached of all places goes at once, before anybody can have
// one of the old frames.
void change_places(const Exchange& x, Group& g) {
  const MemoryModel& model = *x.domain->mm.model;
  u64 given = 0;
  Gfn place;
  for (u64 i = 0; i < x.in_per_group(); i++)
    for (u64 n = 0; n < 1ull << x.request.in.extent_order; n++)
      model.take_out(x.domain, g.in[i] + n, g.old[given++], place);
  for (u64 i = 0; i < x.out_per_group(); i++)
    for (u64 n = 0; n < 1ull << x.request.out.extent_order; n++)
      model.put_in(x.domain, g.gfn[i] + n, g.out[i] + n);
  if (!planted(Bug::exchange_undropped)) arch_translations_drop(x.domain);
  while (given-- > 0) frame_drop_allocation(g.old[given]);
}

void change_names(const Exchange& x, const Group& g) {
  for (u64 i = 0; i < x.out_per_group(); i++)
    x.domain->mm.model->populate(x.domain, g.gfn[i], g.out[i], x.request.out.extent_order);
  for (u64 i = 0; i < x.in_per_group(); i++)
    for (u64 n = 0; n < 1ull << x.request.in.extent_order; n++) frame_drop_allocation(g.in[i] + n);
}

// Single frames will leave the superpages around them; without memory for that, nothing has changed.
bool shatter_places(const Exchange& x, const Group& g) {
  for (u64 i = 0; i < x.in_per_group(); i++)
    for (u64 n = 0; n < 1ull << x.request.in.extent_order; n++)
      if (p2m_shatter(x.domain, g.in[i] + n, XS_SHATTERED_OTHER) != 0) return false;
  return true;
}

int exchange_group(const Exchange& x, Group& g) {
  MmGuard guard;
  const bool by_places = x.domain->mm.model->plain_tables, by_names = x.domain->mm.model->hides_mfns;
  if (x.domain->dying) return -XEN_EINVAL;
  if (!are_distinct(g.in, x.in_per_group(), x.request.in.extent_order)) return -XEN_EINVAL;
  for (u64 i = 0; i < x.in_per_group(); i++)
    if (!may_leave(x, g.in[i])) return -XEN_EINVAL;
  if (by_names && !keeps_places(x, g)) return -XEN_EINVAL;
  if (by_names && !shatter_places(x, g)) return -XEN_ENOMEM;
  if (!allocate_group(x, g)) return -XEN_ENOMEM;
  // The new ones enter first: a domain never owns nothing while it is alive.
  for (u64 i = 0; i < x.out_per_group(); i++)
    domain_own_frames(x.domain, g.out[i], x.request.out.extent_order);
  by_places ? change_places(x, g) : change_names(x, g);
  return 0;
}

bool tell_group(const Exchange& x, u64 group, const Group& g) {
  if (x.domain->mm.model->hides_mfns) return true;
  for (u64 i = 0; i < x.out_per_group(); i++)
    if (!copy_to_guest_index(handle_address(x.request.out.extent_start), group * x.out_per_group() + i,
                             g.out[i]))
      return false;
  return true;
}

// Groups are the unit of progress; `nr_exchanged` counts input extents.
long run(Exchange& x, Group& g, const HypercallArgs& args) {
  const u64 groups = x.request.in.nr_extents / x.in_per_group();
  if (x.request.in.nr_extents % x.in_per_group() != 0 || x.request.nr_exchanged % x.in_per_group() != 0)
    return -XEN_EINVAL;
  long rc = 0;
  bool preempted = false;
  u64 group = x.request.nr_exchanged / x.in_per_group();
  while (group < groups && rc == 0 && !preempted) {
    rc = read_group(x, group, g) ? exchange_group(x, g) : -XEN_EFAULT;
    if (rc != 0) break;
    if (!tell_group(x, group, g)) rc = -XEN_EFAULT;
    group++;
    preempted = group < groups && hypercall_preempt_check();
  }
  x.request.nr_exchanged = group * x.in_per_group();
  if (!copy_to_guest(args.arg[1], x.request)) return -XEN_EFAULT;
  return rc == 0 && preempted ? hypercall_continue(args) : rc;
}
}  // namespace

long memory_exchange(const HypercallArgs& args) {
  Exchange x{};
  if (!copy_from_guest(x.request, args.arg[1])) return -XEN_EFAULT;
  if (!is_sane(x.request)) return -XEN_EINVAL;
  const DomainRef domain(x.request.in.domid);
  if (const int rc = may_act_on(domain); rc != 0) return rc;
  // Elsewhere contiguity is nothing it could see.
  if (domain->mm.model->hides_mfns && !pmt_reads_own(domain.get())) return -XEN_EOPNOTSUPP;
  x.domain = domain.get();
  x.group_order = max_of(x.request.in.extent_order, x.request.out.extent_order);
  x.address_bits = XENMEMF_get_address_bits(x.request.out.mem_flags);
  if (x.address_bits == 0) x.address_bits = kAnyAddressBits;
  Group* group = make<Group>();
  if (group == nullptr) return -XEN_ENOMEM;
  const long rc = run(x, *group, args);
  release(group);
  return rc;
}

}  // namespace hv
