// What the MMU would answer and why, for whoever looks: it reads what a walk reads and has no effect.
//
//     Mmu::explain ──> Explained { held: the TLB's entry; tables: the walk from the root; now: what
//                                  Mmu::translate would answer }
//     walk_tables ──> TableWalk of any root; names that are no machine frames go through FrameOf
//     in_words ──> xs::Explanation, the same in words (sim/core/translation.h)
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "sim/core/translation.h"
#include "sim/mmu/mmu.h"
#include "sim/mmu/tlb/tlb_model.h"
#include "sim/mmu/walk_x86/walk_cache.h"

namespace xs::mmu::x86 {

/// Where a table's frame is that an entry names so; invalid_frame: nowhere. Empty: names are MFNs.
using FrameOf = std::function<u64(u64 name)>;

enum class WalkEnd : u8 {
  page,       ///< there is one, and the access is allowed
  refused,    ///< there is one
  absent,     ///< an entry is not present
  reserved,   ///< has a reserved bit
  no_frame,   ///< what it names is no frame of the domain's (FrameOf)
  no_memory,  ///< a table lies where nothing answers: read as zero, so not present
};

struct WalkedEntry {
  unsigned level = 4;
  u64 at = 0;     ///< physical address
  u64 entry = 0;  ///< as memory has it
};

struct TableWalk {
  std::vector<WalkedEntry> entries;  ///< from the root down
  WalkEnd end = WalkEnd::absent;
  TlbEntry page;       ///< with `page` and `refused`; pa as the leaf names it
  u64 pa = 0;          ///< of the address itself, with the same and by FrameOf
  u32 error_code = 0;  ///< of the #PF
  bool mapped() const { return end == WalkEnd::page || end == WalkEnd::refused; }
  /// Both get to the same page with the same rights, or neither to any for the same cause.
  bool same_end(const TableWalk& other) const {
    if (end != other.end) return false;
    return !mapped() ||
           (pa == other.pa && page.rights == other.page.rights && page.shift == other.page.shift);
  }
};

/// From CR3 down. The page's D bit is set by a write, as the walker would.
TableWalk walk_tables(MemoryPort& memory, const X86Control& control, const Access& access,
                      const FrameOf& frame_of = {});

/// From a table that a cache has led to.
TableWalk walk_tables_from(MemoryPort& memory, const X86Control& control, const Access& access,
                           unsigned level, const TableRef& table, const FrameOf& frame_of = {});

struct Explained {
  Access access;
  X86Control control;
  bool unpaged = false;
  std::optional<TlbEntry> held;  ///< what the TLB would be asked for, whether or not it grants
  bool hit = false;              ///< it grants this access
  TableWalk tables;              ///< none of it when unpaged or not canonical
  unsigned cached_level =
      0;  ///< a walk now begins with the table of this level (paging-structure caches); 0: root
  bool cache_stale = false;  ///< with another one than the tables in memory name
  Translation now;           ///< as Mmu::translate would answer
};

Explanation in_words(const Explained& explained);
/// The steps of a walk; `frame_of` as it was walked with.
void add_steps(const TableWalk& walk, const X86Control& control, const FrameOf& frame_of, Explanation& out);
/// Where a walk got to, or why it did not.
TranslationOutcome outcome(const TableWalk& walk, const X86Control& control, const Access& access);

/// PageRight bits at a privilege level (3: user), by the control state.
u8 page_rights(const TlbEntry& page, const X86Control& control, bool user);
HeldPage held_page(const TlbSlot& slot, const X86Control& control);

/// "P W U A D G"; level 0: not known.
std::string entry_text(u64 entry, unsigned level);
std::vector<TableEntry> decode_table(std::span<const u8> frame, unsigned level);

}  // namespace xs::mmu::x86
