#include "hypervisor/common/p2m.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/pmt.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/taps.h"

namespace hv {

namespace {
constexpr u64 kEntries = 1ull << P2m::kBitsPerLevel;
constexpr u64 kSparePages = 64;
bool superpages_kept = true;

u64* page_at(Mfn mfn) { return static_cast<u64*>(frame_to_virt(mfn)); }
constexpr unsigned shift_of(unsigned level) { return (level - 1) * P2m::kBitsPerLevel; }
constexpr unsigned index_at(Gfn gfn, unsigned level) { return gfn >> shift_of(level) & (kEntries - 1); }
constexpr Gfn aligned_to(Gfn gfn, unsigned level) { return gfn >> shift_of(level) << shift_of(level); }
constexpr bool is_superpage(u64 entry) { return (entry & XS_P2M_SUPERPAGE) != 0; }

/// What a leaf would have for `gfn` in place of the superpage.
constexpr u64 part_of(u64 superpage, Gfn gfn) {
  return (superpage & ~XS_P2M_SUPERPAGE) + (u64{index_at(gfn, 1)} << XS_P2M_MFN_SHIFT);
}

u64 load(const u64* entry) { return __atomic_load_n(entry, __ATOMIC_ACQUIRE); }

// Dense memory needs a leaf for 512 frames. A guest that scatters its frames pays with a limit, not the
// machine with its memory.
// One whose frames' names stay cannot choose: its entries are where the machine's frames are.
u64 page_limit(const Domain* domain) {
  const u64 frames = domain->mm.model->names_stay ? total_ram_frames() : domain->mm.max_pages;
  return 2 * (frames / kEntries) + kSparePages;
}

void announce(const Domain* domain, Mfn mfn, unsigned level, Gfn first) {
  mark(XS_MARK_P2M_PAGE, u64{level} << 32 | domain->id, mfn, first);
}

bool has_room(const Domain* domain) {
  return domain->mm.p2m.pages + domain->mm.p2m.owed < page_limit(domain);
}

// A superpage was charged with its leaf when it was made, by the limit of that time.
Mfn allocate_page(Domain* domain, bool owed = false) {
  P2m& p2m = domain->mm.p2m;
  if (!owed && !has_room(domain)) return kInvalidMfn;
  const Mfn mfn = alloc_frame();
  if (mfn == kInvalidMfn) return mfn;
  frame_set_type_info(mfn, type_bits(XS_FRAME_P2M));
  p2m.pages++;
  if (owed) p2m.owed--;
  return mfn;
}

void free_page(Domain* domain, Mfn mfn) {
  mark(XS_MARK_P2M_PAGE, domain->id, mfn);
  frame_set_type_info(mfn, 0);
  free_frame(mfn);
  domain->mm.p2m.pages--;
}

// The link is no entry that is present: a reader that is still on its way through finds nothing there.
void keep_spare(Domain* domain, Mfn leaf) {
  P2m& p2m = domain->mm.p2m;
  mark(XS_MARK_P2M_PAGE, domain->id, leaf);
  page_at(leaf)[0] = p2m.spare == kInvalidMfn ? 0 : p2m.spare << XS_P2M_MFN_SHIFT;
  p2m.spare = leaf;
}

Mfn take_spare(P2m& p2m) {
  const Mfn leaf = p2m.spare;
  if (leaf == kInvalidMfn) return leaf;
  const u64 next = page_at(leaf)[0];
  p2m.spare = next == 0 ? kInvalidMfn : p2m_entry_mfn(next);
  page_at(leaf)[0] = 0;
  return leaf;
}

// A spare leaf may have a reader that came for GFNs it stood for before: what that makes of it has to go.
int shatter(Domain* domain, u64* entry, Gfn first, xs_shattered cause) {
  Mfn leaf = take_spare(domain->mm.p2m);
  const bool used_before = leaf != kInvalidMfn;
  if (!used_before) leaf = allocate_page(domain, true);
  if (leaf == kInvalidMfn) return -XEN_ENOMEM;
  for (u64 i = 0; i < kEntries; i++)
    __atomic_store_n(page_at(leaf) + i, part_of(*entry, first + i), __ATOMIC_RELAXED);
  announce(domain, leaf, 1, first);
  xs_store64(entry, p2m_entry_for(leaf, u64{cause} << XS_P2M_SHATTERED_SHIFT));
  if (used_before) arch_translations_drop(domain);
  pmt_leaf_made(domain, first, leaf);
  return 0;
}

// The entry of that level; makes the pages above it. nullptr: no memory.
u64* entry_for(Domain* domain, Gfn gfn, unsigned lowest, xs_shattered cause) {
  P2m& p2m = domain->mm.p2m;
  if (p2m.root == kInvalidMfn && (p2m.root = allocate_page(domain)) != kInvalidMfn)
    announce(domain, p2m.root, P2m::kLevels, 0);
  if (p2m.root == kInvalidMfn) return nullptr;
  u64* page = page_at(p2m.root);
  for (unsigned level = P2m::kLevels; level > lowest; level--) {
    u64* entry = page + index_at(gfn, level);
    if (is_superpage(*entry)) {
      if (shatter(domain, entry, aligned_to(gfn, level), cause) != 0) return nullptr;
    } else if (!(*entry & XS_P2M_PRESENT)) {
      const Mfn below = allocate_page(domain);
      if (below == kInvalidMfn) return nullptr;
      announce(domain, below, level - 1, aligned_to(gfn, level));
      xs_store64(entry, p2m_entry_for(below, 0));
      if (level == 2) pmt_leaf_made(domain, aligned_to(gfn, level), below);
    }
    page = page_at(p2m_entry_mfn(*entry));
  }
  return page + index_at(gfn, lowest);
}

// The entry of level 2 that stands for `gfn`, nullptr when there is no page for it.
u64* find_level_2(const P2m& p2m, Gfn gfn) {
  Mfn mfn = gfn < P2m::kGfns ? __atomic_load_n(&p2m.root, __ATOMIC_ACQUIRE) : kInvalidMfn;
  for (unsigned level = P2m::kLevels; level > 2 && mfn != kInvalidMfn; level--) {
    const u64 entry = load(page_at(mfn) + index_at(gfn, level));
    mfn = entry & XS_P2M_PRESENT ? p2m_entry_mfn(entry) : kInvalidMfn;
  }
  return mfn == kInvalidMfn ? nullptr : page_at(mfn) + index_at(gfn, 2);
}

u64 level_2(const P2m& p2m, Gfn gfn) {
  const u64* entry = find_level_2(p2m, gfn);
  return entry == nullptr ? 0 : load(entry);
}

// Nobody reads the leaf, if there is one, by its frame.
bool may_be_superpage(Domain* domain, Gfn gfn, Mfn mfn, u64 count) {
  return superpages_kept && count >= kEntries && (gfn | mfn) % kEntries == 0 && !pmt_shows_leaf(domain, gfn);
}

int set_superpage(Domain* domain, Gfn gfn, Mfn mfn, u64 rights) {
  u64* entry = entry_for(domain, gfn, 2, XS_SHATTERED_OTHER);
  if (entry == nullptr) return -XEN_ENOMEM;
  const u64 before = *entry;
  if (!(before & XS_P2M_PRESENT)) {
    if (!has_room(domain)) return -XEN_ENOMEM;
    domain->mm.p2m.owed++;
  }
  const u64 superpage = p2m_entry_for(mfn, rights | XS_P2M_SUPERPAGE);
  xs_store64(entry, superpage);
  if (before & XS_P2M_PRESENT) keep_spare(domain, p2m_entry_mfn(before));
  for (u64 i = 0; domain->mm.pmt != nullptr && i < kEntries; i++)
    pmt_entry_changed(domain, gfn + i, part_of(superpage, gfn + i));
  return 0;
}

// From `gfn` on in what this page covers. When there is nothing, `gfn` ends up behind that.
bool next_in(const u64* page, unsigned level, Gfn& gfn, u64& entry) {
  for (u64 i = index_at(gfn, level); i < kEntries; i++) {
    const u64 e = load(page + i);
    if (!(e & XS_P2M_PRESENT)) {
      gfn = aligned_to(gfn, level) + (1ull << shift_of(level));
    } else if (level == 1 || is_superpage(e)) {
      entry = level == 1 ? e : part_of(e, gfn);
      return true;
    } else if (next_in(page_at(p2m_entry_mfn(e)), level - 1, gfn, entry)) {
      return true;
    }
  }
  return false;
}

void free_below(Domain* domain, Mfn mfn, unsigned level) {
  const u64* page = page_at(mfn);
  for (u64 i = 0; level > 1 && i < kEntries; i++)
    if (page[i] & XS_P2M_PRESENT) free_below(domain, p2m_entry_mfn(page[i]), level - 1);
  free_page(domain, mfn);
}

// Entries [first, first + 2^order) of a leaf or of level 2, each `frames` from the one before, all the same
// but for that; the first one's frame aligned to all of them.
bool follow_each_other(const u64* first, u64 begin, unsigned order, u64 frames) {
  if (!(begin & XS_P2M_PRESENT) || p2m_entry_mfn(begin) % (frames << order) != 0) return false;
  for (u64 i = 0; i < 1ull << order; i++)
    if (load(first + i) != begin + (i * frames << XS_P2M_MFN_SHIFT)) return false;
  return true;
}

const u64* block_of(const u64* entry, unsigned order) {
  return reinterpret_cast<const u64*>(reinterpret_cast<u64>(entry) & ~((sizeof(u64) << order) - 1));
}
}  // namespace

void p2m_keep_superpages(bool keep) { superpages_kept = keep; }

Mfn p2m_leaf(const P2m& p2m, Gfn gfn) {
  const u64 entry = level_2(p2m, gfn);
  return (entry & XS_P2M_PRESENT) && !is_superpage(entry) ? p2m_entry_mfn(entry) : kInvalidMfn;
}

u64 p2m_get(const P2m& p2m, Gfn gfn) {
  const u64 entry = level_2(p2m, gfn);
  if (is_superpage(entry)) return part_of(entry, gfn);
  return entry & XS_P2M_PRESENT ? load(page_at(p2m_entry_mfn(entry)) + index_at(gfn, 1)) : 0;
}

// Another CPU may change the table meanwhile: what is found has to fit `entry`, which is what will be used.
unsigned p2m_contiguous(const P2m& p2m, Gfn gfn, u64 entry, unsigned most) {
  const u64* above = find_level_2(p2m, gfn);
  const u64 level2 = above == nullptr ? 0 : load(above);
  unsigned order = 0;
  if (is_superpage(level2)) {
    if (part_of(level2, gfn) != entry) return 0;
    order = min_of(most, P2m::kSuperpageOrder);
    const unsigned largest = min_of(most, 2 * P2m::kSuperpageOrder);
    while (order >= P2m::kSuperpageOrder && order < largest) {
      const unsigned pages = order + 1 - P2m::kSuperpageOrder;
      const u64* first = block_of(above, pages);
      const u64 before = static_cast<u64>(above - first) * kEntries;
      if (!follow_each_other(first, level2 - (before << XS_P2M_MFN_SHIFT), pages, kEntries)) break;
      order++;
    }
  } else if (level2 & XS_P2M_PRESENT) {
    const u64* at = page_at(p2m_entry_mfn(level2)) + index_at(gfn, 1);
    for (; order < min_of(most, kMostCompared); order++) {
      const u64* first = block_of(at, order + 1);
      const u64 begin = entry - (static_cast<u64>(at - first) << XS_P2M_MFN_SHIFT);
      if (!follow_each_other(first, begin, order + 1, 1)) break;
    }
  }
  return order;
}

int p2m_reserve(Domain* domain, Gfn first, u64 count) {
  if (first >= P2m::kGfns || count > P2m::kGfns - first) return -XEN_EINVAL;
  for (Gfn gfn = aligned_to(first, 2); gfn < first + count; gfn += kEntries)
    if (entry_for(domain, gfn, 1, XS_SHATTERED_OTHER) == nullptr) return -XEN_ENOMEM;
  return 0;
}

int p2m_set(Domain* domain, Gfn gfn, u64 entry, xs_shattered cause) {
  if (gfn >= P2m::kGfns) return -XEN_EINVAL;
  u64* at = entry_for(domain, gfn, 1, cause);
  if (at == nullptr) return -XEN_ENOMEM;
  if (*at == entry) return 0;
  xs_store64(at, entry);
  pmt_entry_changed(domain, gfn, entry);
  return 0;
}

int p2m_set_run(Domain* domain, Gfn gfn, Mfn first, u64 count, u64 rights) {
  for (u64 i = 0; i < count;) {
    const bool large = may_be_superpage(domain, gfn + i, first + i, count - i);
    const int rc = large ? set_superpage(domain, gfn + i, first + i, rights)
                         : p2m_set(domain, gfn + i, p2m_entry_for(first + i, rights));
    if (rc != 0) {
      for (u64 undone = 0; undone < i;) undone += p2m_clear(domain, gfn + undone);
      return rc;
    }
    i += large ? kEntries : 1;
  }
  return 0;
}

int p2m_shatter(Domain* domain, Gfn gfn, xs_shattered cause) {
  u64* entry = find_level_2(domain->mm.p2m, gfn);
  return entry != nullptr && is_superpage(*entry) ? shatter(domain, entry, aligned_to(gfn, 2), cause) : 0;
}

u64 p2m_clear(Domain* domain, Gfn gfn) {
  u64* entry = find_level_2(domain->mm.p2m, gfn);
  if (entry == nullptr || !is_superpage(*entry) || index_at(gfn, 1) != 0) {
    if (p2m_set(domain, gfn, 0) != 0) panic("P2M of d%u: a part of a superpage is cleared", domain->id);
    return 1;
  }
  xs_store64(entry, 0);
  if (domain->mm.p2m.owed != 0) domain->mm.p2m.owed--;
  for (u64 i = 0; domain->mm.pmt != nullptr && i < kEntries; i++) pmt_entry_changed(domain, gfn + i, 0);
  return kEntries;
}

bool p2m_next(const P2m& p2m, Gfn& gfn, u64& entry) {
  return p2m.root != kInvalidMfn && gfn < P2m::kGfns && next_in(page_at(p2m.root), P2m::kLevels, gfn, entry);
}

void p2m_free(Domain* domain) {
  P2m& p2m = domain->mm.p2m;
  for (Mfn leaf = take_spare(p2m); leaf != kInvalidMfn; leaf = take_spare(p2m)) free_page(domain, leaf);
  if (p2m.root == kInvalidMfn) return;
  free_below(domain, p2m.root, P2m::kLevels);
  p2m.root = kInvalidMfn;
}

}  // namespace hv
