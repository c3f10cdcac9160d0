#include "hypervisor/common/p2m.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/pmt.h"
#include "hypervisor/common/taps.h"

namespace hv {

namespace {
constexpr u64 kEntries = 1ull << P2m::kBitsPerLevel;
constexpr u64 kSparePages = 64;

u64* page_at(Mfn mfn) { return static_cast<u64*>(frame_to_virt(mfn)); }
constexpr unsigned shift_of(unsigned level) { return (level - 1) * P2m::kBitsPerLevel; }
constexpr unsigned index_at(Gfn gfn, unsigned level) { return gfn >> shift_of(level) & (kEntries - 1); }
constexpr Gfn aligned_to(Gfn gfn, unsigned level) { return gfn >> shift_of(level) << shift_of(level); }

u64 load(const u64* entry) { return __atomic_load_n(entry, __ATOMIC_ACQUIRE); }

// Dense memory needs a leaf for 512 frames. A guest that scatters its frames pays with a limit, not the
// machine with its memory.
// One whose frames' names stay cannot choose: its entries are where the machine's frames are.
u64 page_limit(const Domain* domain) {
  const u64 frames = domain->mm.model->names_stay ? total_ram_frames() : domain->mm.max_pages;
  return 2 * (frames / kEntries) + kSparePages;
}

Mfn new_page(Domain* domain, unsigned level, Gfn first) {
  P2m& p2m = domain->mm.p2m;
  if (p2m.pages >= page_limit(domain)) return kInvalidMfn;
  const Mfn mfn = alloc_frame();
  if (mfn == kInvalidMfn) return mfn;
  frame_set_type_info(mfn, type_bits(XS_FRAME_P2M));
  p2m.pages++;
  mark(XS_MARK_P2M_PAGE, u64{level} << 32 | domain->id, mfn, first);
  return mfn;
}

void free_page(Domain* domain, Mfn mfn) {
  mark(XS_MARK_P2M_PAGE, domain->id, mfn);
  frame_set_type_info(mfn, 0);
  free_frame(mfn);
  domain->mm.p2m.pages--;
}

// The leaf's entry; makes the pages above it. nullptr: no memory.
u64* entry_for(Domain* domain, Gfn gfn) {
  P2m& p2m = domain->mm.p2m;
  if (p2m.root == kInvalidMfn) p2m.root = new_page(domain, P2m::kLevels, 0);
  if (p2m.root == kInvalidMfn) return nullptr;
  u64* page = page_at(p2m.root);
  for (unsigned level = P2m::kLevels; level > 1; level--) {
    u64* entry = page + index_at(gfn, level);
    if (!(*entry & XS_P2M_PRESENT)) {
      const Mfn below = new_page(domain, level - 1, aligned_to(gfn, level));
      if (below == kInvalidMfn) return nullptr;
      xs_store64(entry, p2m_entry_for(below, 0));
      if (level == 2) pmt_leaf_made(domain, aligned_to(gfn, level), below);
    }
    page = page_at(p2m_entry_mfn(*entry));
  }
  return page + index_at(gfn, 1);
}

// From `gfn` on in what this page covers. When there is nothing, `gfn` ends up behind that.
bool next_in(const u64* page, unsigned level, Gfn& gfn, u64& entry) {
  for (u64 i = index_at(gfn, level); i < kEntries; i++) {
    const u64 e = load(page + i);
    if (!(e & XS_P2M_PRESENT)) {
      gfn = aligned_to(gfn, level) + (1ull << shift_of(level));
    } else if (level == 1) {
      entry = e;
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
}  // namespace

Mfn p2m_leaf(const P2m& p2m, Gfn gfn) {
  Mfn mfn = __atomic_load_n(&p2m.root, __ATOMIC_ACQUIRE);
  if (gfn >= P2m::kGfns) return kInvalidMfn;
  for (unsigned level = P2m::kLevels; level > 1 && mfn != kInvalidMfn; level--) {
    const u64 entry = load(page_at(mfn) + index_at(gfn, level));
    mfn = entry & XS_P2M_PRESENT ? p2m_entry_mfn(entry) : kInvalidMfn;
  }
  return mfn;
}

u64 p2m_get(const P2m& p2m, Gfn gfn) {
  const Mfn leaf = p2m_leaf(p2m, gfn);
  return leaf == kInvalidMfn ? 0 : load(page_at(leaf) + index_at(gfn, 1));
}

int p2m_reserve(Domain* domain, Gfn first, u64 count) {
  if (first >= P2m::kGfns || count > P2m::kGfns - first) return -XEN_EINVAL;
  for (Gfn gfn = aligned_to(first, 2); gfn < first + count; gfn += kEntries)
    if (entry_for(domain, gfn) == nullptr) return -XEN_ENOMEM;
  return 0;
}

int p2m_set(Domain* domain, Gfn gfn, u64 entry) {
  if (gfn >= P2m::kGfns) return -XEN_EINVAL;
  u64* at = entry_for(domain, gfn);
  if (at == nullptr) return -XEN_ENOMEM;
  if (*at == entry) return 0;
  xs_store64(at, entry);
  pmt_entry_changed(domain, gfn, entry);
  return 0;
}

bool p2m_next(const P2m& p2m, Gfn& gfn, u64& entry) {
  return p2m.root != kInvalidMfn && gfn < P2m::kGfns && next_in(page_at(p2m.root), P2m::kLevels, gfn, entry);
}

void p2m_free(Domain* domain) {
  P2m& p2m = domain->mm.p2m;
  if (p2m.root == kInvalidMfn) return;
  free_below(domain, p2m.root, P2m::kLevels);
  p2m.root = kInvalidMfn;
}

}  // namespace hv
