// How the core translates, for whoever looks.
#include "sim/mmu/vhpt_ia64/explain.h"

#include <algorithm>

#include "sim/cpu_ia64/core/core.h"

namespace xs::ia64 {
namespace {

namespace tlb = mmu::ia64;

/// The bit that has accesses of this use translated.
struct Translator {
  const char* name;
  u64 bit;
};
Translator translator(AddressUse use) {
  if (use == AddressUse::fetch) return {"PSR.it", psr::it};
  return use == AddressUse::register_stack ? Translator{"PSR.rt", psr::rt} : Translator{"PSR.dt", psr::dt};
}

}  // namespace

/// As Processor::fetch and Processor::ask put it.
mmu::ia64::Access Core::access_for(u64 va, AddressUse use) const {
  const Registers& r = p_.r;
  tlb::Access a{.va = va, .fetch = use == AddressUse::fetch};
  a.rights = a.fetch ? tlb::right_execute : use == AddressUse::write ? tlb::right_write : tlb::right_read;
  a.cpl = static_cast<u8>(use == AddressUse::register_stack ? r.rsc >> 2 & 3 : r.cpl());
  a.walk = a.fetch ? (r.psr & psr::ic) != 0 : (r.psr & translator(use).bit) != 0;
  a.protection_keys = (r.psr & psr::pk) != 0;
  a.ignore_accessed_dirty = (r.psr & (a.fetch ? psr::ia : psr::da)) != 0;
  a.big_endian_table = (r.dcr & dcr::be) != 0;
  return a;
}

Explanation Core::explain(u64 va, AddressUse use) const {
  const tlb::Access access = access_for(va, use);
  const Translator by = translator(use);
  const bool translated = (p_.r.psr & by.bit) != 0;
  Explanation out =
      translated ? tlb::in_words(p_.mmu.explain(access), use) : tlb::physical_in_words(va, use, access.cpl);
  const char* means = translated ? "set: addresses are translated" : "clear: the address is physical";
  out.steps.insert(out.steps.begin(), TranslationStep{by.name, {}, p_.r.psr, means, {}, {}});
  const bool missed = translated && !out.now.ok && !out.held;
  if (missed && use != AddressUse::fetch && (p_.r.psr & psr::ic) == 0) {
    out.now.fault = static_cast<u32>(Vector::data_nested_tlb);
    out.now.why = "data nested TLB: PSR.ic is clear, and " + out.now.why;
  }
  return out;
}

/// One page for each region that has its identifier.
std::vector<HeldPage> Core::held_pages() const {
  std::vector<HeldPage> pages;
  for (const bool fetch : {true, false})
    for (const tlb::HeldTranslation& held : p_.mmu.held_translations(fetch)) {
      const std::size_t before = pages.size();
      for (unsigned region = 0; region < 8; ++region)
        if (tlb::RegionRegister{p_.mmu.region(region)}.rid() == held.page.rid)
          pages.push_back(tlb::held_page(held, fetch, region));
      if (pages.size() == before) pages.push_back(tlb::held_page(held, fetch, std::nullopt));
    }
  std::ranges::stable_sort(pages, {}, [](const HeldPage& p) { return std::pair(!p.reachable, p.va); });
  return pages;
}

std::optional<u64> Core::place(AddressPlace where) const {
  constexpr unsigned stack_pointer = 12;  // Itanium software conventions 3.1
  switch (where) {
    case AddressPlace::pc:
      return p_.r.ip;
    case AddressPlace::stack:
      return general_reg(stack_pointer);
    case AddressPlace::register_stack:
      return p_.stack.bspstore();
    case AddressPlace::last_fault:
      break;
  }
  for (const PastInterruption& past : past_interruptions())
    if (past.trap.kind == Trap::Kind::translation) return past.trap.address;
  return std::nullopt;
}

std::vector<TableEntry> Core::decode_table(std::span<const u8> frame, unsigned) const {
  return tlb::decode_vhpt(frame, tlb::PageTableAddress{p_.mmu.table()}.long_format());
}

}  // namespace xs::ia64
