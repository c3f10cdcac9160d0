// What every TLB organisation offers, whatever the architecture: find, insert, drop.
//
//     TlbEntry   one page, as the tables described it when it was walked
//       va ──────► [va, va + 2^shift)
//       pa ──────► [pa, pa + 2^shift)
//       rights     the architecture's own bits (walk_x86/rights.h); never looked at here
//       global     survives drop_nonglobal()
//       user       the least privileged code may use it
#pragma once
#include <vector>

#include "sim/core/types.h"

namespace xs::mmu {

struct TlbEntry {
  u64 va = 0;
  u64 pa = 0;
  u8 shift = 12;  ///< log2 of the page's size
  u8 rights = 0;
  bool global = false;
  bool user = false;

  bool covers(u64 address) const { return (address ^ va) >> shift == 0; }
  u64 translate(u64 address) const { return pa + (address - va); }
};

enum class TlbLevel : u8 { none, first, second };

/// Where a hit notes its time: `*used = ++*clock` is all that finding the same entry again would do, until
/// anything is inserted or dropped. Null where a hit leaves no mark.
struct TlbMark {
  u64* used = nullptr;
  u64* clock = nullptr;
};

/// An entry where it stands: array and, of a page that was broken into pieces, the piece.
struct TlbSlot {
  TlbEntry entry;
  const char* array = "";  ///< "L1D 4K"
  u64 va = 0;              ///< first address that this slot answers for
  u8 shift = 12;           ///< log2 of how many
};

struct TlbLookup {
  const TlbEntry* entry = nullptr;  ///< valid until the next call on the TLB
  TlbLevel level = TlbLevel::none;
  TlbMark mark = {};  ///< of a first-level hit
};

class TlbModel {
 public:
  virtual ~TlbModel() = default;
  /// The entry that translates `va` for this side (instruction or data). When stale entries of several
  /// page sizes cover `va`, the smallest page is taken (the SDM leaves it open; a model must decide).
  virtual TlbLookup find(u64 va, bool fetch) = 0;
  /// The entry that find() would give, with no effect on what is replaced next.
  virtual const TlbEntry* peek(u64 va, bool fetch) const = 0;
  virtual void insert(const TlbEntry& entry, u64 va, bool fetch) = 0;
  /// Before a refill: forgets what this side would have used for `va`.
  virtual void drop_for_refill(u64 va, bool fetch) = 0;
  /// Forgets every entry covering `va`, of any page size, global too, on both sides. Log2 of the largest
  /// forgotten page's size; 0: there was none.
  virtual unsigned drop_page(u64 va) = 0;
  virtual void drop_nonglobal() = 0;
  virtual void clear() = 0;
  /// An entry, or one for user code, maps the frame.
  virtual bool maps_frame(u64 mfn, bool user_only = false) const = 0;
  /// Everything that is held, in no particular order; an entry that several arrays hold, from each.
  virtual std::vector<TlbSlot> list() const = 0;
  /// True when an insertion since the last call pushed out the last copy of some other entry.
  virtual bool take_lost() { return false; }
};

}  // namespace xs::mmu
