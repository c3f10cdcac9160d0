#include "sim/mmu/walk_x86/walker.h"

#include "sim/mmu/walk_x86/entry.h"

namespace xs::mmu::x86 {
u64 Walker::read_entry(u64 pa, WalkResult& result) const {
  u64 entry = 0;
  ++result.reads;
  if (!memory_.read(pa, &entry, sizeof entry)) {
    result.aborted = true;
    return 0;
  }
  return entry;
}

void Walker::write_entry(u64 pa, u64 entry, WalkResult& result) {
  ++result.ad_updates;
  if (!memory_.write(pa, &entry, sizeof entry)) result.aborted = true;
}

/// The deepest cached table for va. One cached with XD is useless while EFER.NXE is off: the bit is then
/// reserved and the walk must find the fault.
Walker::Cursor Walker::start(u64 va, const X86Control& control, bool& cache_hit) {
  for (unsigned level = 2; level <= 4; ++level) {
    const TableRef* table = caches_[level - 2].find(va >> shift_of(level));
    if (table == nullptr) continue;
    if ((table->rights & right::no_execute) != 0 && (control.efer & efer::nxe) == 0) continue;
    cache_hit = true;
    return {level - 1, *table};
  }
  return {4, {control.cr3 & pte::address, right::all}};
}

bool Walker::begins_below(u64 va, const X86Control& control, unsigned& level, TableRef& table) const {
  for (level = 1; level <= 3; ++level) {
    const TableRef* cached = caches_[level - 1].peek(va >> shift_of(level + 1));
    if (cached == nullptr) continue;
    if ((cached->rights & right::no_execute) != 0 && (control.efer & efer::nxe) == 0) continue;
    table = *cached;
    return true;
  }
  return false;
}

WalkResult Walker::walk(const Access& access, const X86Control& control) {
  WalkResult result;
  Cursor at = start(access.va, control, result.cache_hit);
  for (;; --at.level) {
    const u64 entry_pa = at.table.pa + 8 * index_of(access.va, at.level);
    const u64 entry = read_entry(entry_pa, result);
    if ((entry & pte::present) == 0) {
      result.error_code = fault_code(0, control, access);
      return result;
    }
    if (reserved_bits(entry, at.level, control) != 0) {
      result.error_code = fault_code(pf::present | pf::reserved, control, access);
      return result;
    }
    const u8 rights = merge(at.table.rights, entry);
    if (is_leaf(entry, at.level)) {
      finish(access, control, at.level, entry_pa, entry, rights, result);
      return result;
    }
    if ((entry & pte::accessed) == 0) write_entry(entry_pa, entry | pte::accessed, result);
    at.table = {entry & pte::address, rights};
    caches_[at.level - 2].insert(access.va >> shift_of(at.level), at.table);
  }
}

void Walker::finish(const Access& access, const X86Control& control, unsigned level, u64 entry_pa, u64 entry,
                    u8 rights, WalkResult& result) {
  if (!decide(rights, control, access)(access.kind)) {
    result.error_code = fault_code(pf::present, control, access);
    return;
  }
  const u64 wanted = pte::accessed | (access.kind == AccessKind::write ? pte::dirty : 0);
  if ((entry & wanted) != wanted) write_entry(entry_pa, entry | wanted, result);
  if (((entry | wanted) & pte::dirty) != 0) rights |= right::dirty;

  result.ok = true;
  result.entry = page_of(access.va, entry, level, rights, control);
}

bool Walker::probe(u64 va, const X86Control& control, u64& pa) const {
  WalkResult ignored;
  u64 table = control.cr3 & pte::address;
  for (unsigned level = 4;; --level) {
    const u64 entry = read_entry(table + 8 * index_of(va, level), ignored);
    if ((entry & pte::present) == 0 || reserved_bits(entry, level, control) != 0) return false;
    if (is_leaf(entry, level)) {
      pa = leaf_address(entry, level) + (va & ((u64{1} << shift_of(level)) - 1));
      return true;
    }
    table = entry & pte::address;
  }
}

void Walker::drop_cached(u64 va) {
  for (unsigned level = 2; level <= 4; ++level) caches_[level - 2].drop(va >> shift_of(level));
}

void Walker::clear_caches() {
  for (WalkCache& cache : caches_) cache.clear();
}

}  // namespace xs::mmu::x86
