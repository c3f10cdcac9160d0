#include "hypervisor/common/devices.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/domctl.h"
#include "hypervisor/common/iommu.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/pirq.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/taps.h"

namespace hv {
namespace {

// A page that has been given away at some time.
struct Given {
  Mfn mfn;
  DomId owner;  ///< DOMID_INVALID: it changes hands
  bool shown;
  volatile u32* registers;
};
constexpr unsigned kMostPages = 16;
Given given[kMostPages];  // written under mm_lock; entries stay
unsigned given_count;
DomId pirq_owners[kPirqCount];  // under event_lock

Given* find(Mfn mfn) {
  const unsigned count = __atomic_load_n(&given_count, __ATOMIC_ACQUIRE);
  for (unsigned i = 0; i < count; i++)
    if (given[i].mfn == mfn) return &given[i];
  return nullptr;
}

DomId owner_of(const Given& page) { return __atomic_load_n(&page.owner, __ATOMIC_ACQUIRE); }
void set_owner(Given& page, DomId owner) { __atomic_store_n(&page.owner, owner, __ATOMIC_SEQ_CST); }

Given* find_or_make(Mfn mfn) {
  if (Given* known = find(mfn)) return known;
  if (given_count == kMostPages) return nullptr;
  given[given_count] = {mfn, dom0->id, false, arch_device_registers(mfn)};
  __atomic_store_n(&given_count, given_count + 1, __ATOMIC_RELEASE);
  return &given[given_count - 1];
}

// What a device has been asked to do must not happen to its next owner. An IOMMU refuses it, but only a reset
// stops it, and that is the device's own affair: of virtio-mmio (VIRTIO 1.2, 4.2.2) a store of 0 to its
// status.
void stop_devices(volatile u32* page) {
  constexpr unsigned kSlotWords = 0x200 / 4;  // as far apart as QEMU's boards have them
  constexpr unsigned kMagicAt = 0, kDeviceIdAt = 0x008 / 4, kStatusAt = 0x070 / 4;
  constexpr u32 kMagic = 0x74726976;  // "virt"
  for (unsigned at = 0; at < kPageSize / 4; at += kSlotWords)
    if (page[at + kMagicAt] == kMagic && page[at + kDeviceIdAt] != 0) page[at + kStatusAt] = 0;
}

// The one place where a page of registers changes hands. mm_lock is held. -XEN_ENOMEM: it is whose it was;
// never when that is to be dom0.
int change_owner(Given& page, Domain* from, Domain* to) {
  page.shown = false;
  set_owner(page, DOMID_INVALID);
  from->mm.model->hide_device(from, page.mfn);
  arch_flush_tlb_everywhere();
  stop_devices(page.registers);
  const int rc = iommu_assign_page(page.mfn, to);
  const DomId owner = rc == 0 ? to->id : from->id;
  mark(XS_MARK_DEVICE, owner, page.mfn);
  set_owner(page, owner);
  return rc;
}

struct Range {
  Mfn first;
  u64 count;
};

int check_pages(const Domain* domain, const Range& range, bool give) {
  if (range.count == 0 || range.count > kMostPages || range.first + range.count < range.first)
    return -XEN_EINVAL;
  for (u64 i = 0; i < range.count; i++) {
    const Given* page = find(range.first + i);
    if (!arch_device_page_may_be_given(range.first + i)) return -XEN_EINVAL;
    if (give && page != nullptr && owner_of(*page) != domain->id && owner_of(*page) != dom0->id)
      return -XEN_EBUSY;
  }
  return 0;
}

int give_pages(Domain* domain, const Range& range) {
  if (domain->dying) return -XEN_EINVAL;
  if (domain->mm.log_dirty != nullptr) return -XEN_EBUSY;  // nobody would see what a device writes
  for (u64 i = 0; i < range.count; i++)
    if (find_or_make(range.first + i) == nullptr) return -XEN_ENOSPC;
  if (domain->mm.model->hides_mfns && domain->mm.identity_count == 0)
    if (const int rc = device_frames_give(domain, domain->mm.max_pages); rc != 0) return rc;
  // All of them, or none.
  int rc = 0;
  u32 changed = 0;
  static_assert(kMostPages <= 32);
  for (u64 i = 0; i < range.count && rc == 0; i++) {
    Given* page = find(range.first + i);
    if (owner_of(*page) == domain->id) continue;
    rc = change_owner(*page, dom0, domain);
    if (rc == 0) changed |= 1u << i;
  }
  for (u64 i = 0; i < range.count && rc != 0; i++)
    if (changed >> i & 1) change_owner(*find(range.first + i), domain, dom0);
  if (rc != 0) return rc;
  return 0;
}

void withdraw_pages(Domain* domain, const Range& range) {
  for (u64 i = 0; i < range.count; i++)
    if (Given* page = find(range.first + i); page != nullptr && owner_of(*page) == domain->id)
      change_owner(*page, domain, dom0);
}

// dom0 has what nobody else has: nothing is given to it or taken from it by name.
long iomem_permission(Domain* domain, xen_domctl& op) {
  const xen_domctl_iomem_permission& request = op.u.iomem_permission;
  const Range range = {request.first_mfn, request.nr_mfns};
  if (domain->privileged) return -XEN_EINVAL;
  MmGuard guard;
  if (const int rc = check_pages(domain, range, request.allow_access != 0); rc != 0) return rc;
  if (request.allow_access) return give_pages(domain, range);
  withdraw_pages(domain, range);
  return 0;
}

long irq_permission(Domain* domain, xen_domctl& op) {
  const xen_domctl_irq_permission& request = op.u.irq_permission;
  if (domain->privileged || request.pirq >= kPirqCount || !arch_pirq_exists(request.pirq)) return -XEN_EINVAL;
  LockGuard guard(event_lock);
  DomId& owner = pirq_owners[request.pirq];
  if (request.allow_access && domain->dying) return -XEN_EINVAL;
  if (request.allow_access && owner != domain->id && owner != dom0->id) return -XEN_EBUSY;
  if ((owner == domain->id) == (request.allow_access != 0)) return 0;
  event_close_pirq(request.pirq);
  owner = request.allow_access ? domain->id : dom0->id;
  return 0;
}

// Registers are at the GFN of their own number, and nowhere else. A domain whose page tables hold MFNs maps
// them itself.
long memory_mapping(Domain* domain, xen_domctl& op) {
  const xen_domctl_memory_mapping& request = op.u.memory_mapping;
  const Range range = {request.first_mfn, request.nr_mfns};
  MmGuard guard;
  if (const int rc = check_pages(domain, range, false); rc != 0) return rc;
  for (u64 i = 0; i < range.count; i++)
    if (!device_page_is_of(domain, range.first + i)) return -XEN_EPERM;
  if (!domain->mm.model->hides_mfns || domain->privileged) return 0;
  if (request.first_gfn != request.first_mfn) return -XEN_EOPNOTSUPP;
  for (u64 i = 0; i < range.count; i++) {
    __atomic_store_n(&find(range.first + i)->shown, request.add_mapping != 0, __ATOMIC_SEQ_CST);
    if (!request.add_mapping) domain->mm.model->hide_device(domain, range.first + i);
  }
  return 0;
}

}  // namespace

const DomctlHandler device_domctl_handlers[] = {
    {XEN_DOMCTL_iomem_permission, false, iomem_permission},
    {XEN_DOMCTL_irq_permission, false, irq_permission},
    {XEN_DOMCTL_memory_mapping, false, memory_mapping},
    {0, false, nullptr},
};

bool device_page_is_of(const Domain* domain, Mfn mfn) {
  const Given* page = find(mfn);
  return page == nullptr ? domain->privileged : owner_of(*page) == domain->id;
}

bool device_page_is_shown(const Domain* domain, Mfn mfn) {
  if (domain->privileged) return device_page_is_of(domain, mfn);
  const Given* page = find(mfn);
  return page != nullptr && owner_of(*page) == domain->id && __atomic_load_n(&page->shown, __ATOMIC_ACQUIRE);
}

bool domain_has_devices(const Domain* domain) {
  if (domain->privileged) return true;
  for (unsigned i = 0; i < given_count; i++)
    if (owner_of(given[i]) == domain->id) return true;
  return false;
}

bool pirq_is_of(const Domain* domain, unsigned pirq) {
  return pirq < kPirqCount && pirq_owners[pirq] == domain->id;
}

void devices_domain_destroy(Domain* domain) {
  {
    LockGuard guard(event_lock);
    for (DomId& owner : pirq_owners)
      if (owner == domain->id) owner = dom0->id;
  }
  if (planted(Bug::device_kept)) return;
  MmGuard guard;
  for (unsigned i = 0; i < given_count; i++)
    if (owner_of(given[i]) == domain->id) change_owner(given[i], domain, dom0);
}

}  // namespace hv
