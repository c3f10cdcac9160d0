// Unicorn's own translation cache, in place: single pages and non-global ones are forgotten there, where its
// interface knows only all or nothing, and code to be found again afterwards.
//
//     uc_engine +416 ──► CPU object
//                          312     TB jump cache: 4096 pointers, 64 for each hash of a page number
//                        35408     processor state (context_bytes.h)
//                          -2160   one per mode (3), 696 bytes: +32 used entries, +48 victims, 8 entries
//                            -64   one per mode, 16 bytes:      (entries - 1) * 64, table of entries
//
//     entry, 64 bytes:  read, write, code address (flags in the low bits; all ones: none), ...
//
// Offsets are those of Unicorn 2.1.1; prove() sees at start-up that what they name is there. Unproved, every
// forgetting is a full flush by Unicorn.
#pragma once
#include <vector>

#include "sim/core/types.h"

namespace xs::x86 {

class SoftTlb {
 public:
  /// Not usable before prove(). Code was run at `code_va` and nowhere else in its page, data read from
  /// `data_va`, both as supervisor and since the last flush.
  void locate(u8* cpu, u8* state);
  bool prove(u64 code_va, u64 data_va) const;
  void use(bool on) { usable_ = on; }
  bool usable() const { return usable_; }

  /// Unicorn enters a translation that a CR3 load revokes.
  void note_nonglobal(u64 va, bool code) {
    if (usable_ && nonglobal_.size() < most_noted) nonglobal_.push_back(va | code);
  }
  /// Unicorn has flushed everything.
  void flushed() { nonglobal_.clear(); }

  /// One page. Code there is found by its old translation until forget_code().
  void forget(u64 va);
  void forget_code(u64 va);
  /// False when a full flush is needed: too much to remember, or so full that Unicorn, which grows its table
  /// in a flush only, ought to see it.
  bool forget_nonglobal();

 private:
  static constexpr unsigned modes = 3;
  static constexpr std::size_t most_noted = 4096;

  struct Entry {
    u64 read, write, code, rest[5];
    bool maps(u64 page) const;
    bool empty() const { return (read & write & code) == ~u64{0}; }
  };
  struct Table {
    u64 mask;
    Entry* entries;
    Entry& of(u64 va) const { return entries[va >> 12 & mask >> 6]; }
  };
  struct Mode {
    u64 large_page, large_mask, window_begin, window_most, used;
    u64 victim;  ///< victims since the last flush
    Entry victims[8];
    u64 io[17];
  };

  static void clear(Entry& e);
  void forget_entry(u64 va);
  void forget_victims();
  bool crowded() const;
  u64* jumps(u64 va) const;

  bool usable_ = false;
  u64* jump_cache_ = nullptr;
  Mode* mode_ = nullptr;
  Table* table_ = nullptr;
  std::vector<u64> nonglobal_;  ///< bit 0: code
};

}  // namespace xs::x86
