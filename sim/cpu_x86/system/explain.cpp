// How the core translates, for whoever looks.
#include "sim/mmu/walk_x86/explain.h"
#include "sim/cpu_x86/system/core.h"

namespace xs::x86 {

Explanation Core::explain(u64 va, AddressUse use) const {
  const mmu::AccessKind kind = use == AddressUse::fetch   ? mmu::AccessKind::fetch
                               : use == AddressUse::write ? mmu::AccessKind::write
                                                          : mmu::AccessKind::read;
  Explanation out = mmu::x86::in_words(mmu_.explain({.va = va, .kind = kind, .user = in_guest()}));
  out.use = use;
  return out;
}

std::vector<HeldPage> Core::held_pages() const {
  std::vector<HeldPage> pages;
  for (const mmu::TlbSlot& slot : mmu_.held_entries())
    pages.push_back(mmu::x86::held_page(slot, mmu_.control()));
  return pages;
}

std::optional<u64> Core::place(AddressPlace where) const {
  switch (where) {
    case AddressPlace::pc:
      return linear_pc();
    case AddressPlace::stack:
      return engine_->reg(Reg::rsp);
    case AddressPlace::last_fault:
      return cr2_ != 0 ? std::optional(cr2_) : std::nullopt;
    case AddressPlace::register_stack:
      break;
  }
  return std::nullopt;
}

std::vector<TableEntry> Core::decode_table(std::span<const u8> frame, unsigned level) const {
  return mmu::x86::decode_table(frame, level);
}

}  // namespace xs::x86
