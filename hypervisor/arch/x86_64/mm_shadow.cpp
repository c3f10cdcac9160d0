#include "hypervisor/arch/x86_64/mm_shadow.h"

#include "hypervisor/arch/x86_64/mm_device_memory.h"
#include "hypervisor/arch/x86_64/mm_guest_walk.h"
#include "hypervisor/arch/x86_64/mm_shadow_pool.h"
#include "hypervisor/common/devices.h"
#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/taps.h"

namespace hv {

namespace {
constexpr u64 kFramesPerVcpu = (1ull << 20) >> kPageShift;
constexpr u64 kMemoryPerShadow = 128;
constexpr Pte kTableFlags = kPtePresent | kPteWritable | kPteUser | kPteAccessed;
constexpr unsigned kSuperpageLevel = 2;
// Of an entry of level 2 here, which the CPU ignores (SDM vol. 3 table 4-18): its table has parts of a page
// of the guest's that INVLPG drops as a whole, whatever address inside is named.
constexpr Pte kPteParts = 1u << 9;
constexpr Pte kCacheBits = kPteWriteThrough | kPteCacheDisable;

void tell(const Vcpu* vcpu, xs_shadow_event event, u64 what) {
  mark(XS_MARK_SHADOW, mark_name(vcpu), event, what);
}

// --- filling -------------------------------------------------------------------------------------
// The slot of that level for `va`, tables made on the way; nullptr when the pool is used up. A page of 2 MiB
// makes room for its parts, as a translation may vanish at any time.
Pte* leaf_slot(Shadow& s, Shadow::Root& root, Vaddr va, unsigned lowest) {
  Pte* table = table_at(root.l4);
  for (unsigned level = kTopLevel; level > lowest; level--) {
    const unsigned slot = table_slot(va, level);
    if (!(table[slot] & kPtePresent) || (level == kSuperpageLevel && (table[slot] & kPteLarge))) {
      const Mfn below = take_table(s, root);
      if (below == kInvalidMfn) return nullptr;
      if (level == kTopLevel) root.used_slots[slot / 64] |= 1ull << slot % 64;
      xs_store64(table + slot, make_pte(below, kTableFlags));
    }
    table = table_at(pte_mfn(table[slot]));
  }
  return table + table_slot(va, lowest);
}

// The lowest entry for `va`, and its level: that of a page, of a table of parts, or of nothing.
Pte* lowest_entry(const Shadow::Root& root, Vaddr va, unsigned& level) {
  level = kTopLevel;
  Pte* slot = table_at(root.l4) + table_slot(va, level);
  while (level > 1 && (*slot & kPtePresent) &&
         !(level == kSuperpageLevel && (*slot & (kPteLarge | kPteParts)))) {
    level--;
    slot = table_at(pte_mfn(*slot)) + table_slot(va, level);
  }
  return slot;
}

void note_parts(const Shadow::Root& root, Vaddr va) {
  Pte* slot = table_at(root.l4) + table_slot(va, kTopLevel);
  for (unsigned level = kTopLevel - 1; level >= kSuperpageLevel; level--)
    slot = table_at(pte_mfn(*slot)) + table_slot(va, level);
  if (!(*slot & kPteParts)) xs_store64(slot, *slot | kPteParts);
}

void evict(Vcpu* vcpu) {
  Shadow& s = vcpu->arch.shadow;
  tell(vcpu, XS_SHADOW_EVICT, s.size);
  for (Shadow::Root& root : s.root) empty_root(s, root);
  arch_flush_tlb(1ull << this_cpu().id, kFlushAll);
}

// What the CPU may do with the page: never more than the guest's entry says, and a store only after the
// guest's entry says dirty, so that the first one comes here. `level`: 2 where both the guest's entry and the
// P2M have 2 MiB in one piece.
bool leaf_entry(const Domain* domain, const GuestTranslation& t, u32& access, Pte& entry, unsigned& level) {
  level = 1;
  const u64 backing = domain->mm.model->backing(domain, t.gfn);
  const bool writes = access & kFaultWrite;
  bool writable = t.writable && (t.leaf & kPteDirty);
  const bool logged = domain->mm.log_dirty != nullptr;
  Pte flags = kPtePresent | kPteUser | kPteAccessed | (t.executable ? 0 : kPteNoExecute);
  Mfn mfn = t.gfn;
  if (backing & XS_P2M_PRESENT) {
    mfn = p2m_entry_mfn(backing);
    writable = writable && (backing & XS_P2M_WRITABLE);
    if (logged && writable) writable = log_dirty_may_write(domain, mfn, writes);
    if (t.level >= kSuperpageLevel && domain->mm.model->hides_mfns && !logged &&
        p2m_contiguous(domain->mm.p2m, t.gfn, backing, P2m::kSuperpageOrder) == P2m::kSuperpageOrder) {
      level = kSuperpageLevel;
      mfn &= ~((1ull << P2m::kSuperpageOrder) - 1);
      flags |= kPteLarge;
    }
  } else if (!frame_is_ram(t.gfn) && device_page_is_shown(domain, t.gfn) &&
             device_frame_is_mappable(t.gfn, writes)) {
    // The domain's devices: GFN = MFN, in caches as its own entry says.
    writable = writable && device_frame_is_mappable(t.gfn, true);
    flags |= t.leaf & kCacheBits;
  } else {
    access &= ~kFaultPresent;  // no such memory: as if the page were not there
    return false;
  }
  if (writes && !writable) {
    access |= kFaultPresent;
    return false;
  }
  entry = make_pte(mfn, flags | (writable ? kPteWritable | kPteDirty : 0));
  return true;
}
}  // namespace

int shadow_create(Vcpu* vcpu) {
  if (!shadows_in_use(vcpu->domain)) return 0;
  Shadow& s = vcpu->arch.shadow;
  if (s.size == 0) {
    if (const int rc = make_roots(vcpu); rc != 0) return rc;
    if (!make_pool(s, kLeastTables)) return -XEN_ENOMEM;
  }
  list_direct(vcpu);
  return 0;
}

// A few frames at a time, so that nobody waits long for the lock.
int shadow_prepare(Vcpu* vcpu) {
  constexpr u32 kFramesAtOnce = 16;
  Domain* domain = vcpu->domain;
  Shadow& s = vcpu->arch.shadow;
  const u32 size = share_of(domain, shadow_default_frames(domain, domain->mm.total_pages));
  for (bool first = true;; first = false) {
    MmGuard guard;
    if (domain->dying) return -XEN_EINVAL;
    if (first) {
      if (const int rc = make_roots(vcpu); rc != 0) return rc;
      if (!make_room(s, size)) return -XEN_ENOMEM;
    }
    // A pool that is too small costs time only.
    if (!fill_pool(s, min_of(size, s.size + kFramesAtOnce))) return s.size < kLeastTables ? -XEN_ENOMEM : 0;
    if (s.size == size) return 0;
  }
}

void shadow_destroy(Vcpu* vcpu) {
  Shadow& s = vcpu->arch.shadow;
  unlist_direct(vcpu);
  release_pool(s);
  for (Shadow::Root& root : s.root) {
    if (root.l4 != kInvalidMfn) free_shadow_frame(root.l4);
    root.l4 = kInvalidMfn;
  }
}

u64 shadow_default_frames(const Domain* domain, u64 pages) {
  return pages / kMemoryPerShadow + domain->max_vcpus * kFramesPerVcpu;
}

int shadow_set_allocation(Domain* domain, u64 frames) {
  const u32 size = share_of(domain, frames);
  MmGuard guard;
  if (domain->dying) return -XEN_EINVAL;
  bool complete = true;
  for (Vcpu* vcpu : domain->vcpu) {
    if (vcpu == nullptr || vcpu->arch.shadow.size == size) continue;
    shadow_drop(vcpu, kFlushAll);
    arch_flush_tlb(arch_domain_cpu_mask(domain), kFlushAll);
    unlist_direct(vcpu);  // a frame may be had by a flush that drops all that are listed
    release_pool(vcpu->arch.shadow);
    complete = make_pool(vcpu->arch.shadow, size) && complete;
    list_direct(vcpu);
  }
  return complete ? 0 : -XEN_ENOMEM;
}

u64 shadow_allocation(const Domain* domain) {
  u64 frames = 0;
  for (const Vcpu* vcpu : domain->vcpu)
    if (vcpu != nullptr) frames += vcpu->arch.shadow.size;
  return frames;
}

bool shadow_fill(Vcpu* vcpu, bool kernel_mode, Vaddr va, u32& error_code) {
  if (!is_guest_address(va)) return false;
  MmNestedGuard guard;
  Shadow& s = vcpu->arch.shadow;
  Shadow::Root& root = s.root[kernel_mode ? 0 : 1];
  const Gfn named = kernel_mode ? vcpu->arch.kernel_table : vcpu->arch.user_table;
  GuestTranslation t;
  u32 access = error_code & (kFaultWrite | kFaultFetch);
  Pte entry;
  unsigned level = 1;
  if (named == kInvalidMfn || s.size == 0 || !guest_walk(vcpu->domain, named, va, access, t) ||
      !leaf_entry(vcpu->domain, t, access, entry, level)) {
    error_code = (error_code & ~(kFaultPresent | kFaultReserved)) | access;
    tell(vcpu, XS_SHADOW_REFLECT, va);
    return false;
  }
  const DirectGuard direct(vcpu);
  Pte* slot = leaf_slot(s, root, va, level);
  if (slot == nullptr) {
    evict(vcpu);
    slot = leaf_slot(s, root, va, level);
  }
  if (t.level == kSuperpageLevel && level < t.level) note_parts(root, va);
  root.splits_huge |= t.level > kSuperpageLevel;
  xs_store64(slot, entry);
  tell(vcpu, XS_SHADOW_FILL, va);
  return true;
}

namespace {
void drop_root(Vcpu* vcpu, bool kernel_mode) {
  Shadow& s = vcpu->arch.shadow;
  Shadow::Root& root = s.root[kernel_mode ? 0 : 1];
  if (root.count == 0) return;
  tell(vcpu, XS_SHADOW_DROP, root.count);
  empty_root(s, root);
}

// Returns what the CPU has to flush.
Vaddr drop_page(Vcpu* vcpu, bool kernel_mode, Vaddr va) {
  Shadow::Root& root = vcpu->arch.shadow.root[kernel_mode ? 0 : 1];
  if (root.splits_huge) return drop_root(vcpu, kernel_mode), kFlushAll;
  unsigned level;
  Pte* slot = lowest_entry(root, va, level);
  if (!(*slot & kPtePresent)) return va;
  const bool parts = level == kSuperpageLevel && (*slot & kPteParts);
  xs_store64(slot, 0);
  tell(vcpu, XS_SHADOW_DROP_PAGE, va);
  return parts ? kFlushAll : va;
}
}  // namespace

void shadow_drop_root(Vcpu* vcpu, bool kernel_mode) {
  const DirectGuard direct(vcpu);
  drop_root(vcpu, kernel_mode);
}

// Tables that are in the pool again may be taken at once by a CPU that knows them by what they were: not
// before its flush.
void shadows_forget_direct(void (*flush)()) {
  each_direct(
      [](Vcpu* vcpu) {
        drop_root(vcpu, true);
        drop_root(vcpu, false);
      },
      flush);
}

Vaddr shadow_drop(Vcpu* vcpu, Vaddr va) {
  const DirectGuard direct(vcpu);
  if (vcpu->arch.shadow.size == 0) return va;
  if (va == kFlushAll) {
    drop_root(vcpu, true);
    drop_root(vcpu, false);
    return va;
  }
  const Vaddr kernel = drop_page(vcpu, true, va), user = drop_page(vcpu, false, va);
  return kernel == kFlushAll ? kernel : user;
}

void arch_translations_drop(Domain* domain) {
  if (planted(Bug::shadow_kept)) return;
  // What another CPU has just dropped it may not have flushed yet (shadows_forget_direct).
  bool any = domain->arch.shadowed;
  for (Vcpu* vcpu : domain->vcpu) {
    if (vcpu == nullptr) continue;
    for (const Shadow::Root& root : vcpu->arch.shadow.root) any |= root.count != 0;
    shadow_drop(vcpu, kFlushAll);
  }
  if (any) arch_flush_tlb(arch_domain_cpu_mask(domain), kFlushAll);
}

}  // namespace hv
