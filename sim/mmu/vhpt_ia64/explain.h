// What the MMU would answer and why, for whoever looks: it reads what a translation reads and has no effect.
//
//     Mmu::explain ──> Explained { region register; held: TR or TC; bucket: the VHPT entry that the walker
//                                  looks at; now: what Mmu::translate would answer }
//     in_words ──> xs::Explanation, the same in words (sim/core/translation.h)
#pragma once
#include <optional>
#include <span>

#include "sim/core/translation.h"
#include "sim/mmu/vhpt_ia64/mmu_ia64.h"

namespace xs::mmu::ia64 {

/// The place in the VHPT where the translation of an address would stand.
struct Bucket {
  bool enabled = false;     ///< PTA.ve and the region's ve
  u64 address = 0;          ///< virtual (thash)
  bool mapped = false;      ///< the data TLB has the page that it lies in
  bool readable = false;    ///< and the walker may read there
  u64 pa = 0;               ///< of the entry, with `mapped`
  unsigned words = 0;       ///< of it that were read: 3 in the long format, 1 in the short one
  u64 word[3] = {};         ///< PTE, ITIR, tag
  u64 wanted_tag = 0;       ///< ttag
  bool usable = false;      ///< the tag fits, no reserved field is set
  bool insertable = false;  ///< and no TR is in the way
  Translation page;         ///< with `usable`
};

struct Explained {
  Access access;
  RegionRegister region;
  PageTableAddress table;
  std::optional<HeldTranslation> held;
  Bucket bucket;
  std::optional<u64> key_register;  ///< that has the key of the page that is used
  Answer now;                       ///< as Mmu::translate would answer, but for cycles
  Answer by_table;                  ///< by the bucket alone, where it is usable
};

/// Vector that the most urgent condition leads to: offset in the IVT.
u32 fault_vector(u16 refused, bool fetch);

Explanation in_words(const Explained& explained, AddressUse use);
/// An address that is not translated.
Explanation physical_in_words(u64 va, AddressUse use, unsigned level);

/// "pl 3 ar 3 WB A D, 16 KiB, key 0x7"
std::string translation_text(const Translation& page);
/// `region`: bits 63:61 of its addresses; none: no region register has its identifier.
HeldPage held_page(const HeldTranslation& held, bool fetch, std::optional<unsigned> region);
std::vector<TableEntry> decode_vhpt(std::span<const u8> frame, bool long_format);

}  // namespace xs::mmu::ia64
