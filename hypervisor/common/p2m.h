// P2M: which frame backs each guest frame number, for models in which the hypervisor holds that table.
//
//   gfn bits   35..27   26..18   17..9    8..0
//   root ----> page --> page --> page --> leaf page: 512 entries { MFN << 12 | PRESENT WRITABLE FOREIGN
//                                 |       SHARED }
//                                 +-----> superpage: 512 frames of the domain's own that follow each other,
//                                         { first MFN << 12 | PRESENT WRITABLE SUPERPAGE }
//
// Pages are the hypervisor's frames of type XS_FRAME_P2M, made on the first entry below them and kept until
// the domain ends, so that a reader needs no lock to follow them: a leaf whose place a superpage takes is
// kept for the next superpage that is shattered. Writers hold mm_lock. Every store to a page in use is made
// by a tap routine. What a CPU or a VCPU has cached of an entry is the caller's business
// (arch_translations_drop).
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

struct P2m {
  static constexpr unsigned kLevels = 4, kBitsPerLevel = 9, kSuperpageOrder = kBitsPerLevel;
  static constexpr u64 kGfns = 1ull << (kLevels * kBitsPerLevel);  ///< 256 TiB of guest-physical addresses
  Mfn root = kInvalidMfn;
  Mfn spare = kInvalidMfn;  ///< leaves that superpages have taken the place of, chained by their first words
  u64 pages = 0;            ///< spare ones, too
  u64 owed = 0;             ///< leaves that superpages may need, and are not among `pages` yet
  Gfn relinquished = 0;     ///< entries below are empty for good: the domain is being destroyed
};

constexpr u64 p2m_entry_for(Mfn mfn, u64 flags) { return mfn << XS_P2M_MFN_SHIFT | flags | XS_P2M_PRESENT; }
constexpr Mfn p2m_entry_mfn(u64 entry) { return entry >> XS_P2M_MFN_SHIFT; }

/// Whether contiguous memory is kept in superpages; it is until somebody says otherwise (boot).
void p2m_keep_superpages(bool keep);

/// The entry of `gfn`, 0 when there is none. In a superpage it is what a leaf would have.
u64 p2m_get(const P2m& p2m, Gfn gfn);
/// How many GFNs, as a power of two, the aligned block around `gfn` may have, at most `most`, whose entries
/// have the same rights and name frames that follow each other, themselves aligned. Of single entries no more
/// than 2^kMostCompared are looked at.
unsigned p2m_contiguous(const P2m& p2m, Gfn gfn, u64 entry, unsigned most);
constexpr unsigned kMostCompared = 4;
/// -XEN_EINVAL: no such GFN; -XEN_ENOMEM: no page for the table, or sparser than the domain's size warrants.
/// A superpage around it is shattered for `cause`; nothing has changed when there is no memory for that.
int p2m_set(Domain* domain, Gfn gfn, u64 entry, xs_shattered cause = XS_SHATTERED_OTHER);
/// The same for frames that follow each other and GFNs that are empty: [gfn, gfn + count) become the domain's
/// own frames from `first` on, in superpages where they are aligned. All or nothing.
int p2m_set_run(Domain* domain, Gfn gfn, Mfn first, u64 count, u64 rights);
/// A leaf takes the place of the superpage around `gfn`, if there is one; what GFNs have stays the same. 0,
/// or -XEN_ENOMEM.
int p2m_shatter(Domain* domain, Gfn gfn, xs_shattered cause);
/// Takes away the entry of `gfn`, or the superpage that begins there. Returns of how many GFNs.
u64 p2m_clear(Domain* domain, Gfn gfn);
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
