// Hypercall memory_op: domains get and give back frames.
//
// Operations on extents answer with the number of extents done, also when something is wrong with one of
// them. They are preemptible: the command word of a continuation carries that number above the sub-operation
// (as Xen's does, so that a guest cannot tell the two apart).
#include "hypervisor/common/memory_op.h"

#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/heap.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/pmt.h"

namespace hv {

namespace {
constexpr unsigned kCommandBits = 6;
constexpr u64 kExtentsPerGroup = 32;
constexpr unsigned kMaxOrderOfGuests = 9;  // a privileged domain may ask for what the heap has

struct Extents {
  const xen_memory_reservation& reservation;
  Domain* domain;
  Vaddr list;
  unsigned address_bits;
};

// Extents [i, i + count) of the list, as far as it can be read; returns how many. Before the first of them
// changes anything: what the guest's translations of the list cost is then paid once.
u64 read_extents(const Extents& e, u64 i, u64 count, u64* frames) {
  u64 offset, address;
  if (!__builtin_mul_overflow(i, sizeof *frames, &offset) &&
      !__builtin_add_overflow(e.list, offset, &address) &&
      copy_from_guest(frames, address, count * sizeof *frames))
    return count;
  u64 n = 0;
  while (n < count && copy_from_guest_index(frames[n], e.list, i + n)) n++;
  return n;
}

// One extent, under mm_lock; false ends the operation.
bool populate_one(const Extents& e, u64 i, Gfn gfn) {
  Mfn mfn;
  if (domain_alloc_frames(e.domain, e.reservation.extent_order, e.address_bits, mfn) != 0) return false;
  const MemoryModel& model = *e.domain->mm.model;
  if (model.populate(e.domain, gfn, mfn, e.reservation.extent_order) != 0) {
    for (u64 n = 0; n < 1ull << e.reservation.extent_order; n++) frame_drop_allocation(mfn + n);
    return false;
  }
  // When the list cannot be written the frames are the domain's all the same; it just is not told.
  if (planted(Bug::frame_told) && e.domain == current()->domain) return copy_to_guest_index(e.list, i, mfn);
  return model.hides_mfns || copy_to_guest_index(e.list, i, mfn);
}

bool increase_one(const Extents& e, u64 i, u64) {
  if (e.domain->mm.model->hides_mfns) return false;  // a frame without a name is of no use
  Mfn mfn;
  if (domain_alloc_frames(e.domain, e.reservation.extent_order, e.address_bits, mfn) != 0) return false;
  const MemoryModel& model = *e.domain->mm.model;
  if (model.names_stay) model.populate(e.domain, mfn, mfn, e.reservation.extent_order);
  return e.list == 0 || copy_to_guest_index(e.list, i, mfn);
}

bool decrease_one(const Extents& e, u64, Gfn gfn) {
  if (e.domain->dying) return false;
  for (u64 n = 0; n < 1ull << e.reservation.extent_order; n++)
    if (e.domain->mm.model->remove(e.domain, gfn + n) != 0) return false;
  return true;
}

bool reservation_is_sane(const xen_memory_reservation& r, unsigned command) {
  if (r.nr_extents > ~0ull >> kCommandBits) return false;
  const unsigned most = current()->domain->privileged ? kMaxHeapOrder : kMaxOrderOfGuests;
  if (r.extent_order > most) return false;
  return command != XENMEM_populate_physmap || !(r.mem_flags & XENMEMF_populate_on_demand);
}

unsigned limit_of(u32 mem_flags) {
  const unsigned bits = XENMEMF_get_address_bits(mem_flags);
  return bits == 0 ? kAnyAddressBits : bits;
}

long change_reservation(const HypercallArgs& args, unsigned command, u64 start) {
  xen_memory_reservation r;
  if (!copy_from_guest(r, args.arg[1]) || !reservation_is_sane(r, command) || start >= r.nr_extents)
    return start;
  const DomainRef domain(r.domid);
  if (may_act_on(domain) != 0) return start;
  const Extents extents{r, domain.get(), handle_address(r.extent_start), limit_of(r.mem_flags)};
  const auto one = command == XENMEM_populate_physmap       ? populate_one
                   : command == XENMEM_increase_reservation ? increase_one
                                                            : decrease_one;
  for (u64 i = start; i < r.nr_extents;) {
    if (i != start && hypercall_preempt_check()) {
      HypercallArgs rest = args;
      rest.arg[0] = command | i << kCommandBits;
      return hypercall_continue(rest);
    }
    u64 frames[kExtentsPerGroup] = {};
    const u64 wanted = min_of(r.nr_extents - i, kExtentsPerGroup);
    const u64 count =
        command == XENMEM_increase_reservation ? wanted : read_extents(extents, i, wanted, frames);
    // In groups, so that CPUs which do the same do not hand the lock to and fro for every frame.
    MmGuard guard;
    for (u64 n = 0; n < count; n++, i++)
      if (!one(extents, i, frames[n])) return i;
    if (count < wanted) return i;
  }
  return r.nr_extents;
}

long maximum_ram_page(const Domain* domain) {
  if (domain->mm.model->hides_mfns && !planted(Bug::last_frame_told)) return -XEN_EPERM;
  return static_cast<long>(max_ram_mfn());
}

long claim_pages(Vaddr arg) {
  xen_memory_reservation r;
  if (!copy_from_guest(r, arg)) return -XEN_EFAULT;
  if (handle_address(r.extent_start) != 0 || r.extent_order != 0 || r.mem_flags != 0) return -XEN_EINVAL;
  const DomainRef domain(r.domid);
  if (!domain) return -XEN_EINVAL;
  if (!current()->domain->privileged) return -XEN_EPERM;
  MmGuard guard;
  return domain_claim(domain.get(), r.nr_extents);
}

long domain_figure(Vaddr arg, u64 DomainMm::*figure) {
  xen_memory_domain request;
  if (!copy_from_guest(request, arg)) return -XEN_EFAULT;
  const DomainRef domain(request.domid);
  if (const int rc = may_act_on(domain); rc != 0) return rc;
  return domain->mm.*figure;
}

}  // namespace

long do_memory_op(const HypercallArgs& args) {
  const unsigned command = args.arg[0] & ((1u << kCommandBits) - 1);
  const u64 start = args.arg[0] >> kCommandBits;
  const Vaddr arg = args.arg[1];
  switch (command) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
      return change_reservation(args, command, start);
    default:
      break;
  }
  if (start != 0) return -XEN_EINVAL;
  switch (command) {
    case XENMEM_maximum_ram_page:
      return maximum_ram_page(current()->domain);
    case XENMEM_current_reservation:
      return domain_figure(arg, &DomainMm::total_pages);
    case XENMEM_maximum_reservation:
      return domain_figure(arg, &DomainMm::max_pages);
    case XENMEM_claim_pages:
      return claim_pages(arg);
    case XENMEM_add_to_physmap:
      return physmap_add(arg);
    case XENMEM_add_to_physmap_batch:
      return physmap_add_batch(args);
    case XENMEM_remove_from_physmap:
      return physmap_remove(arg);
    case XENMEM_reserved_device_memory_map:
      return memory_map_reserved(arg);
    case XENMEM_memory_map:
      return memory_map_get(arg);
    case XENMEM_set_memory_map:
      return memory_map_set(arg);
    case XENMEM_machine_memory_map:
      return memory_map_machine(arg);
    case XS_XENMEM_expose_p2m:
      return pmt_expose(arg);
    case XS_XENMEM_commit_p2m:
      return pmt_commit(arg);
    case XENMEM_exchange:
      return memory_exchange(args);
    default:
      return arch_memory_op(command, arg);
  }
}

}  // namespace hv
