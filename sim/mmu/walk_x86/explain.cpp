#include "sim/mmu/walk_x86/explain.h"

#include <cstring>

#include "sim/mmu/walk_x86/entry.h"

namespace xs::mmu::x86 {
namespace {

u64 machine_address(const FrameOf& frame_of, u64 address) {
  if (!frame_of) return address;
  const u64 mfn = frame_of(address >> frame_shift);
  return mfn == invalid_frame ? invalid_frame : mfn << frame_shift | (address & frame_mask);
}

/// The access is judged, and a write marks the page as dirty.
void end_at_leaf(const Access& access, const X86Control& control, unsigned level, u64 entry, u8 rights,
                 const FrameOf& frame_of, TableWalk& walk) {
  const bool allowed = decide(rights, control, access)(access.kind);
  const bool dirty = (entry & pte::dirty) != 0 || (allowed && access.kind == AccessKind::write);
  if (dirty) rights |= right::dirty;
  walk.page = page_of(access.va, entry, level, rights, control);
  walk.pa = machine_address(frame_of, walk.page.translate(access.va));
  walk.end = allowed ? WalkEnd::page : WalkEnd::refused;
  if (!allowed) walk.error_code = fault_code(pf::present, control, access);
  if (walk.pa != invalid_frame) return;
  walk.end = WalkEnd::no_frame;
  walk.error_code = fault_code(0, control, access);
}

}  // namespace

TableWalk walk_tables(MemoryPort& memory, const X86Control& control, const Access& access,
                      const FrameOf& frame_of) {
  return walk_tables_from(memory, control, access, 4, {control.cr3 & pte::address, right::all}, frame_of);
}

TableWalk walk_tables_from(MemoryPort& memory, const X86Control& control, const Access& access,
                           unsigned level, const TableRef& table, const FrameOf& frame_of) {
  TableWalk walk;
  const auto ends = [&](WalkEnd end, u32 cause) {
    walk.end = end, walk.error_code = fault_code(cause, control, access);
    return walk;
  };
  TableRef at = table;
  for (;; --level) {
    const u64 base = machine_address(frame_of, at.pa);
    if (base == invalid_frame) return ends(WalkEnd::no_frame, 0);
    WalkedEntry& e = walk.entries.emplace_back();
    e.level = level, e.at = base + 8 * index_of(access.va, level);
    if (!memory.read(e.at, &e.entry, sizeof e.entry)) {
      e.entry = 0;
      return ends(WalkEnd::no_memory, 0);
    }
    if ((e.entry & pte::present) == 0) return ends(WalkEnd::absent, 0);
    if (reserved_bits(e.entry, level, control) != 0)
      return ends(WalkEnd::reserved, pf::present | pf::reserved);
    at.rights = merge(at.rights, e.entry);
    if (is_leaf(e.entry, level)) {
      end_at_leaf(access, control, level, e.entry, at.rights, frame_of, walk);
      return walk;
    }
    at.pa = e.entry & pte::address;
  }
}

u8 page_rights(const TlbEntry& page, const X86Control& control, bool user) {
  const Allowed a = decide(page.rights, control, {.va = page.va, .user = user});
  const bool writes = a.write && (page.rights & right::dirty) != 0;
  return static_cast<u8>((a.read ? page_read : 0) | (writes ? page_write : 0) |
                         (a.execute ? page_execute : 0));
}

HeldPage held_page(const TlbSlot& slot, const X86Control& control) {
  HeldPage page;
  page.va = slot.va, page.pa = slot.entry.translate(slot.va), page.shift = slot.shift;
  TlbEntry clean = slot.entry;  // a clean page may be written: the walker marks it then
  clean.rights |= right::dirty;
  for (unsigned level = 0; level < 4; ++level) page.rights[level] = page_rights(clean, control, level == 3);
  page.dirty = (slot.entry.rights & right::dirty) != 0;
  page.global = slot.entry.global;
  page.where = slot.array;
  return page;
}

std::vector<TableEntry> decode_table(std::span<const u8> frame, unsigned level) {
  std::vector<TableEntry> out;
  for (std::size_t i = 0; (i + 1) * sizeof(u64) <= frame.size(); ++i) {
    TableEntry e;
    std::memcpy(&e.value, &frame[i * sizeof(u64)], sizeof e.value);
    if (e.value == 0) continue;
    e.index = static_cast<unsigned>(i);
    e.means = entry_text(e.value, level);
    if ((e.value & pte::present) != 0) {
      const bool leaf = level > 1 && is_leaf(e.value, level);
      e.table = level > 1 && !leaf;
      e.frame = (leaf ? leaf_address(e.value, level) : e.value & pte::address) >> frame_shift;
    }
    out.push_back(std::move(e));
  }
  return out;
}

}  // namespace xs::mmu::x86
