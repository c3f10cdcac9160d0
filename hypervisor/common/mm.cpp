// Frames of domains: reference counts, ownership, limits.
#include "hypervisor/common/mm.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/heap.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/page_type.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/tlb_epoch.h"

namespace hv {

Spinlock mm_lock;

namespace {
Domain* owners;    // under mm_lock
Domain* released;  // domains that lost their last frame in this critical section
u64 claimed;       // sum over domains
unsigned holder;   // of mm_lock: CPU + 1, 0 nobody; read by the holder itself for certain
constexpr u64 kMaxRefs = 0x7fffffff;

void release_later(Domain* domain) {
  if (domain->mm.releases++ != 0) return;
  domain->mm.next_released = released;
  released = domain;
}

// Enough is free for `wanted` frames without what is set aside for other domains.
bool leaves_claims(const Domain* domain, u64 wanted) {
  const u64 free = heap_free_frames(), of_others = claimed - domain->mm.claimed;
  return free >= of_others && wanted <= free - of_others;
}

void use_claim(Domain* domain, u64 frames) {
  const u64 used = min_of(frames, domain->mm.claimed);
  domain->mm.claimed -= used;
  claimed -= used;
}

void forget_shared(Mfn mfn) {
  m2p_set(mfn, XS_M2P_INVALID);
  frame_set_type_info(mfn, 0);
  frame_set_count_info(mfn, 0);
  heap_free(mfn, 0);
}

void return_frame(Mfn mfn) {
  Domain* domain = owner_domain(frame_owner(mfn));
  HV_ASSERT(domain != nullptr);
  frame_list_remove(domain->mm.frames, mfn);
  domain->mm.total_pages--;
  if (!planted(Bug::m2p_kept)) m2p_set(mfn, XS_M2P_INVALID);
  frame_set_type_info(mfn, 0);
  if (!planted(Bug::count_kept)) frame_set_count_info(mfn, 0);
  heap_free(mfn, 0);
  if (domain->mm.total_pages == 0) release_later(domain);
}
}  // namespace

namespace {
void lock_memory() {
  mm_lock.lock();
  __atomic_store_n(&holder, this_cpu().id + 1, __ATOMIC_RELAXED);
}
void unlock_memory() {
  __atomic_store_n(&holder, 0, __ATOMIC_RELAXED);
  mm_lock.unlock();
}
}  // namespace

namespace {
bool held_here() { return __atomic_load_n(&holder, __ATOMIC_RELAXED) == this_cpu().id + 1; }
}  // namespace

MmNestedGuard::MmNestedGuard() : outer_(!held_here()) {
  if (outer_) lock_memory();
}
MmNestedGuard::~MmNestedGuard() {
  if (outer_) unlock_memory();
}

MmGuard::MmGuard() { lock_memory(); }

MmGuard::~MmGuard() {
  Domain* domain = released;
  released = nullptr;
  unlock_memory();
  while (domain != nullptr) {
    Domain* next = domain->mm.next_released;
    unsigned releases = domain->mm.releases;
    domain->mm.releases = 0;
    while (releases-- != 0) domain_put(domain);
    domain = next;
  }
}

Domain* owner_domain(u32 owner) {
  Domain* domain = owners;
  while (domain != nullptr && domain->id != owner) domain = domain->mm.next_owner;
  return domain;
}

const Domain* first_owner() { return owners; }
u32 owner_id(const Domain* domain) { return domain->id; }

bool frame_get(Mfn mfn, u32 owner) {
  if (!frame_is_ram(mfn) || frame_owner(mfn) != owner) return false;
  const u64 info = frame_count_info(mfn);
  const u64 refs = info & XS_COUNT_REFS;
  if (refs == 0 || refs >= kMaxRefs) return false;
  frame_set_count_info(mfn, info + 1);
  return true;
}

void frame_put(Mfn mfn) {
  const u64 info = frame_count_info(mfn);
  HV_ASSERT((info & XS_COUNT_REFS) != 0);
  if ((info & XS_COUNT_REFS) > 1) return frame_set_count_info(mfn, info - 1);
  HV_ASSERT((info & XS_COUNT_ALLOCATED) == 0);
  if (type_of(frame_type_info(mfn)) == XS_FRAME_SHARED)
    forget_shared(mfn);
  else
    return_frame(mfn);
}

bool frame_drop_allocation(Mfn mfn) {
  const u64 info = frame_count_info(mfn);
  if ((info & XS_COUNT_ALLOCATED) == 0) return false;
  frame_set_count_info(mfn, info & ~XS_COUNT_ALLOCATED);
  frame_put(mfn);
  return true;
}

void domain_own_frames(Domain* domain, Mfn first, unsigned order) {
  if (domain->mm.total_pages == 0) domain_keep(domain);
  for (Mfn mfn = first; mfn < first + (1ull << order); mfn++) {
    frame_list_push(domain->mm.frames, mfn);
    frame_set_count_info(mfn, XS_COUNT_ALLOCATED | 1);
  }
  domain->mm.total_pages += 1ull << order;
}

bool frame_may_leave(const Domain* domain, Mfn mfn) {
  return frame_is_ram(mfn) && frame_owner(mfn) == owner_id(domain) &&
         frame_count_info(mfn) == (XS_COUNT_ALLOCATED | 1) &&
         type_of(frame_type_info(mfn)) != XS_FRAME_SHARED;
}

void frame_change_owner(Domain* from, Domain* to, Mfn mfn) {
  tlb_flush_since(frame_shadow(mfn) >> 8);
  if (from == to) return;
  frame_list_remove(from->mm.frames, mfn);
  if (--from->mm.total_pages == 0) release_later(from);
  frame_set_type_info(mfn, 0);
  frame_set_owner(mfn, owner_id(to));
  if (to->mm.total_pages++ == 0) domain_keep(to);
  frame_list_push(to->mm.frames, mfn);
}

int domain_alloc_frames(Domain* domain, unsigned order, unsigned address_bits, Mfn& first) {
  if (domain->dying) return -XEN_EINVAL;
  const u64 room = domain->mm.max_pages - min_of(domain->mm.max_pages, domain->mm.total_pages);
  if (order > kMaxHeapOrder || (1ull << order) > room || !leaves_claims(domain, 1ull << order))
    return -XEN_ENOMEM;
  first = heap_alloc(order, domain->id, address_bits);
  if (first == kInvalidMfn) return -XEN_ENOMEM;
  domain_own_frames(domain, first, order);
  use_claim(domain, 1ull << order);
  return 0;
}

int domain_claim(Domain* domain, u64 pages) {
  if (pages == 0) {
    use_claim(domain, domain->mm.claimed);
    return 0;
  }
  if (domain->dying || domain->mm.claimed != 0 || pages <= domain->mm.total_pages ||
      pages > domain->mm.max_pages)
    return -XEN_EINVAL;
  const u64 wanted = pages - domain->mm.total_pages;
  if (!leaves_claims(domain, wanted)) return -XEN_ENOMEM;
  domain->mm.claimed = wanted;
  claimed += wanted;
  return 0;
}

u64 claimed_frames() { return claimed; }

// --- the hypervisor's own frames -----------------------------------------------------------------
Mfn alloc_frames(unsigned order) { return heap_alloc(order, XS_OWNER_XEN); }
void free_frames(Mfn mfn, unsigned order) { heap_free(mfn, order); }
Mfn alloc_frame() { return alloc_frames(0); }
void free_frame(Mfn mfn) { free_frames(mfn, 0); }
u64 free_frame_count() { return heap_free_frames(); }

void share_frame_with_domain(Mfn mfn, Domain* domain) {
  const MmNestedGuard guard;
  frame_set_type_info(mfn, type_bits(XS_FRAME_SHARED) | XS_TYPE_VALIDATED | 1);
  frame_set_count_info(mfn, XS_COUNT_ALLOCATED | 1);
  frame_set_owner(mfn, domain->id);
  domain->mm.shared_pages++;
}

namespace {

void unshare_locked(Mfn mfn) {
  if (Domain* domain = owner_domain(frame_owner(mfn))) domain->mm.shared_pages--;
  type_put(mfn, nullptr);
  frame_drop_allocation(mfn);
}

}  // namespace

void unshare_frame(Mfn mfn) {
  if (held_here()) return unshare_locked(mfn);  // part of a domain's end
  MmGuard guard;
  unshare_locked(mfn);
}

bool get_writable_frame(Domain* domain, u64 name, Mfn& mfn) {
  MmGuard guard;
  mfn = domain->mm.model->frame_of(domain, name);
  if (mfn == kInvalidMfn || !frame_get(mfn, domain->id)) return false;
  if (type_get(mfn, XS_FRAME_WRITABLE, domain) == 0) return true;
  frame_put(mfn);
  return false;
}

void put_writable_frame(Mfn mfn) {
  MmGuard guard;
  type_put(mfn, owner_domain(frame_owner(mfn)));
  frame_put(mfn);
}

// --- life cycle ----------------------------------------------------------------------------------
int mm_domain_init(Domain* domain) {
  const MemoryModel* model = memory_model(domain->model);
  if (model == nullptr) {
    print("memory model '%s' is not supported\n", memory_model_name(domain->model));
    return -XEN_EOPNOTSUPP;
  }
  MmGuard guard;
  domain->mm.model = model;
  const int rc = model->domain_init(domain);
  if (rc != 0) return rc;
  domain->mm.next_owner = owners;
  owners = domain;
  return 0;
}

int mm_domain_relinquish(Domain* domain) {
  MmGuard guard;
  use_claim(domain, domain->mm.claimed);
  log_dirty_domain_ends(domain);
  return domain->mm.model->relinquish(domain);
}

void mm_domain_destroy(Domain* domain) {
  release(domain->mm.map);
  domain->mm.map = nullptr;
  MmGuard guard;
  for (Domain** p = &owners; *p != nullptr; p = &(*p)->mm.next_owner)
    if (*p == domain) {
      *p = domain->mm.next_owner;
      return;
    }
}

}  // namespace hv
