// P2M: which frame backs each guest frame number, for models in which the hypervisor holds that table.
//
//   gfn bits   35..27   26..18   17..9    8..0
//   root ----> page --> page --> page --> leaf page: 512 entries { MFN << 12 | PRESENT WRITABLE FOREIGN
//   SHARED }
//
// Pages are the hypervisor's frames of type XS_FRAME_P2M, made on the first entry below them and kept until
// the domain ends, so that a reader needs no lock to follow them. Writers hold mm_lock. Every store is made
// by a tap routine. What a CPU or a VCPU has cached of an entry is the caller's business
// (arch_translations_drop).
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

struct P2m {
  static constexpr unsigned kLevels = 4, kBitsPerLevel = 9;
  static constexpr u64 kGfns = 1ull << (kLevels * kBitsPerLevel);  ///< 256 TiB of guest-physical addresses
  Mfn root = kInvalidMfn;
  u64 pages = 0;
  Gfn relinquished = 0;  ///< entries below are empty for good: the domain is being destroyed
};

constexpr u64 p2m_entry_for(Mfn mfn, u64 flags) { return mfn << XS_P2M_MFN_SHIFT | flags | XS_P2M_PRESENT; }
constexpr Mfn p2m_entry_mfn(u64 entry) { return entry >> XS_P2M_MFN_SHIFT; }

/// The entry of `gfn`, 0 when there is none.
u64 p2m_get(const P2m& p2m, Gfn gfn);
/// -XEN_EINVAL: no such GFN; -XEN_ENOMEM: no page for the table, or sparser than the domain's size warrants.
int p2m_set(Domain* domain, Gfn gfn, u64 entry);
/// Makes the table's pages for [first, first + count), so that p2m_set() there cannot fail. -XEN_EINVAL,
/// -XEN_ENOMEM.
int p2m_reserve(Domain* domain, Gfn first, u64 count);
/// The leaf page with the entry of `gfn`, kInvalidMfn when there is none.
Mfn p2m_leaf(const P2m& p2m, Gfn gfn);
/// The first present entry at or behind `gfn`; false when there is none.
bool p2m_next(const P2m& p2m, Gfn& gfn, u64& entry);
/// Frees all pages; no entry is present, nobody reads.
void p2m_free(Domain* domain);

}  // namespace hv
