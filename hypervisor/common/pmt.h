// The PMT: what a reader sees of a domain's P2M (hypervisor/abi/pmt.h).
//
//   domain --pmt--> Pmt --reader--> whose P2M shows the frames, by read-only SHARED entries, each frame's M2P
//                                   naming the place
//     with attributes   the frames are the P2M's own leaves
//     plain             a copy: copies[i] = frame of 1024 entries, written with each change of the P2M
//     writable          the same, of frames that the hypervisor shares with the reader. What the reader
//                       writes is a proposal: nothing but pmt_commit() looks at it
//     tree              directory frames besides
//
// All under mm_lock. The reader is dom0, which outlives everybody, or the domain itself.
#pragma once
#include "hypervisor/abi/pmt.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

struct Pmt {
  static constexpr u64 kMostLeaves = 4096, kMostDirectories = kMostLeaves * sizeof(u64) / kPageSize;
  static constexpr unsigned kCopiesOrder = 3;
  Domain* reader = nullptr;
  u32 form = 0;
  Gfn place = 0;
  u64 leaves = 0;  ///< that the GFNs asked for have
  u64 frames = 0;  ///< at `place`
  u64 placed = 0;  ///< leaves that have got a place (tree)
  Mfn directory[kMostDirectories] = {};
  Mfn copies_table = kInvalidMfn;  ///< 2^kCopiesOrder frames: Mfn[leaves], kInvalidMfn where there is no copy
};

/// What option `pmt` of the command line says: words of linear, tree, attributes, plain. Panics at others.
void pmt_choose(const char* words);
/// XS_XENMEM_expose_p2m.
long pmt_expose(Vaddr arg);
/// XS_XENMEM_commit_p2m (pmt_commit.cpp).
long pmt_commit(Vaddr arg);
/// The domain may have its own table shown.
bool pmt_reads_own(const Domain* domain);
/// A leaf of the domain's P2M has been made for the GFNs from `first` on.
void pmt_leaf_made(Domain* domain, Gfn first, Mfn leaf);
/// The leaf for `gfn` is or will be read by its own frame: form `attributes`.
bool pmt_shows_leaf(const Domain* domain, Gfn gfn);
void pmt_entry_changed(Domain* domain, Gfn gfn, u64 entry);
/// What a plain table has for an entry of the P2M.
u32 pmt_plain_entry(u64 entry);
/// The table that the domain may write, nullptr: none.
Pmt* pmt_written(const Domain* domain);
/// The place of a GFN in a plain table, nullptr where there is none.
u32* pmt_place(const Pmt& pmt, Gfn gfn);
/// Nobody reads it any more.
void pmt_end(Domain* domain);

}  // namespace hv
