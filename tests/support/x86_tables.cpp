#include "tests/support/x86_tables.h"

namespace xs::test {
namespace {

constexpr u64 address_bits = 0x000ffffffffff000;

u64 slot(u64 table, u64 va, unsigned level) { return table + 8 * ((va >> (3 + 9 * level)) & 0x1ff); }

}  // namespace

void X86Tables::map(u64 va, u64 pa, u64 flags, unsigned shift, u64 upper) {
  const unsigned leaf_level = shift == 12 ? 1 : shift == 21 ? 2 : 3;
  u64 table = root_;
  for (unsigned level = 4; level > leaf_level; --level) {
    const u64 at = slot(table, va, level);
    if ((memory_.word(at) & address_bits) == 0) {
      memory_.set_word(at, next_ | upper);
      next_ += frame_size;
    }
    table = memory_.word(at) & address_bits;
  }
  memory_.set_word(slot(table, va, leaf_level), pa | flags | (leaf_level > 1 ? pte_ps : 0));
}

std::optional<u64> X86Tables::entry_pa(u64 va, unsigned level) const {
  u64 table = root_;
  for (unsigned at = 4; at > level; --at) {
    const u64 entry = memory_.word(slot(table, va, at));
    if ((entry & address_bits) == 0) return std::nullopt;
    table = entry & address_bits;
  }
  return slot(table, va, level);
}

mmu::X86Control long_mode(u64 cr3) {
  mmu::X86Control control;
  control.cr0 = 0x80010001;
  control.cr3 = cr3;
  control.cr4 = 0xa0;
  control.efer = 0xd00;
  return control;
}

NaiveResult naive_walk(FlatMemory& memory, const mmu::X86Control& c, const mmu::Access& access) {
  const bool wp = c.cr0 >> 16 & 1, smep = c.cr4 >> 20 & 1, smap = c.cr4 >> 21 & 1, nxe = c.efer >> 11 & 1;
  const bool is_user = access.user && !access.implicit;
  const bool is_write = access.kind == mmu::AccessKind::write;
  const bool is_fetch = access.kind == mmu::AccessKind::fetch;

  NaiveResult result;
  auto fault = [&](bool present, bool reserved) {
    result.error_code = (present ? 1 : 0) | (is_write ? 2 : 0) | (is_user ? 4 : 0) | (reserved ? 8 : 0) |
                        (is_fetch && (nxe || smep) ? 16 : 0);
    return result;
  };

  bool all_user = true, all_writable = true, any_nx = false;
  u64 table = c.cr3 & address_bits;
  for (unsigned level = 4;; --level) {
    const u64 at = slot(table, access.va, level);
    u64 entry = at + 8 <= memory.bytes().size() ? memory.word(at) : 0;
    if (!(entry & 1)) return fault(false, false);
    const bool leaf = level == 1 || (level < 4 && (entry & pte_ps));
    if (level == 4 && (entry & pte_ps)) return fault(true, true);
    if (leaf && level == 2 && (entry & 0x1fe000)) return fault(true, true);
    if (leaf && level == 3 && (entry & 0x3fffe000)) return fault(true, true);
    if (!nxe && (entry & pte_nx)) return fault(true, true);
    all_user = all_user && (entry & pte_u);
    all_writable = all_writable && (entry & pte_w);
    any_nx = any_nx || (entry & pte_nx);
    if (!leaf) {
      if (!(entry & pte_a)) memory.set_word(at, entry | pte_a);
      table = entry & address_bits;
      continue;
    }
    bool allowed = true, store_allowed = true;
    if (is_user) {
      if (!all_user) allowed = store_allowed = false;
      if (is_write && !all_writable) allowed = false;
      if (!all_writable) store_allowed = false;
      if (is_fetch && any_nx) allowed = false;
    } else {
      const bool barred = smap && all_user && (access.implicit || !c.ac);
      if (!is_fetch && barred) allowed = false;
      if (is_write && wp && !all_writable) allowed = false;
      if (barred || (wp && !all_writable)) store_allowed = false;
      if (is_fetch && (any_nx || (smep && all_user))) allowed = false;
    }
    if (!allowed) return fault(true, false);
    u64 updated = entry | pte_a | (is_write ? pte_d : 0);
    if (updated != entry) memory.set_word(at, updated);
    const u64 size = level == 1 ? u64{1} << 12 : level == 2 ? u64{1} << 21 : u64{1} << 30;
    result.ok = true;
    result.shift = level == 1 ? 12 : level == 2 ? 21 : 30;
    result.pa = (entry & address_bits & ~(size - 1)) | (access.va & (size - 1));
    result.writable_now = store_allowed && (updated & pte_d);
    return result;
  }
}

}  // namespace xs::test
