// Which vector each condition of a translation takes, and in which order (SDM vol. 2 tables 5-6, 5-7). Cores
// have lists of their own, with what else their faults need; the compiler holds them against this one.
#pragma once
#include <algorithm>
#include <iterator>

#include "sim/mmu/vhpt_ia64/mmu_ia64.h"

namespace xs::mmu::ia64 {

struct FaultRule {
  u16 condition;
  u32 fetch, data;  ///< offsets in the IVT
  const char* why;
};
/// The most urgent first.
inline constexpr FaultRule fault_rules[] = {
    {alternate_tlb, 0x0c00, 0x1000, "the TLB has nothing, and the VHPT is not asked"},
    {vhpt_miss, 0x0000, 0x0000, "the VHPT entry lies in a page that the data TLB has not"},
    {tlb_miss, 0x0400, 0x0800, "neither the TLB nor the VHPT has a translation"},
    {page_not_present, 0x5000, 0x5000, "the translation says: not present"},
    {nat_page, 0x5600, 0x5600, "the page's memory attribute is NaTPage"},
    {key_miss, 0x1800, 0x1c00, "no protection key register has the page's key"},
    {key_permission, 0x5100, 0x5100, "the protection key register of the page's key denies it"},
    {access_rights, 0x5200, 0x5300, "the page's rights do not allow it at this level"},
    {dirty_bit, 0x2000, 0x2000, "a write, and the page's D bit is clear"},
    {access_bit, 0x2400, 0x2800, "the page's A bit is clear"},
};

/// A core's list ({condition, vector, ...}, the most urgent first) says the same of the conditions above that
/// it has. Other conditions of its own may stand anywhere.
template <class Rules>
consteval bool agrees(const Rules& rules, bool fetch) {
  const auto end = std::end(fault_rules);
  auto from = std::begin(fault_rules);
  for (const auto& rule : rules) {
    const auto is_it = [&](const FaultRule& r) { return r.condition == rule.condition; };
    if (std::none_of(std::begin(fault_rules), end, is_it)) continue;
    from = std::find_if(from, end, is_it);
    if (from == end || static_cast<u32>(rule.vector) != (fetch ? from->fetch : from->data)) return false;
  }
  return true;
}

}  // namespace xs::mmu::ia64
