// A PV guest's own P2M as it publishes it (xen/arch-x86/xen.h, struct arch_shared_info), read from machine
// memory:
//
//     shared_info.arch.max_pfn                    number of entries
//     shared_info.arch.pfn_to_mfn_frame_list_list --MFN--> [ MFN of list page ]* --> [ MFN of P2M page ]*
//     P2M page i: entries of GFN 512*i ..
#pragma once
#include <optional>
#include <unordered_map>
#include <vector>

#include "sim/core/memory_port.h"
#include "sim/core/types.h"

namespace xs::observe {

/// Entry bits that mean "no frame of this domain" (the convention of Linux and Mini-OS).
inline constexpr u64 p2m_identity_bit = u64{1} << 62;
inline constexpr u64 p2m_foreign_bit = u64{1} << 63;
inline bool p2m_entry_valid(u64 entry) { return (entry & (p2m_identity_bit | p2m_foreign_bit)) == 0; }

class GuestP2m {
 public:
  static constexpr u64 entries_per_frame = 512;
  static constexpr u64 max_entries = u64{1} << 24;  ///< 64 GiB of guest memory

  /// Reads the list of P2M frames again. False when the guest has published nothing, or nothing that can be
  /// followed (frames outside RAM, absurd size).
  bool refresh(MemoryPort& memory, u64 shared_info_mfn);
  /// The word that is 0 until the domain publishes: nullptr when there is none.
  static const u8* publication(MemoryPort& memory, u64 shared_info_mfn);
  bool published() const { return !frames_.empty(); }
  u64 entries() const { return entries_; }
  /// How many frames hold entries; the lists that lead to them are not counted.
  u64 pages() const { return frames_.size(); }
  /// The entry for a GFN below entries(), from memory.
  u64 read(MemoryPort& memory, u64 gfn) const;
  /// GFN whose entry lies at machine address `pa`; none when no P2M frame is there.
  std::optional<u64> gfn_at(u64 pa) const;

 private:
  u64 entries_ = 0;
  std::vector<u64> frames_;                     ///< MFN of P2M page i
  std::unordered_map<u64, u64> page_of_frame_;  ///< MFN -> i; looked up only, never walked
};

}  // namespace xs::observe
