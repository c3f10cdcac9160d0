#include "sim/cpu_x86/engine/soft_tlb.h"

#include <algorithm>
#include <cstring>

#include "sim/cpu_x86/engine/safe_read.h"

namespace xs::x86 {

namespace {

constexpr std::size_t jump_cache_offset = 312;
constexpr std::ptrdiff_t modes_offset = -2160, tables_offset = -64;

constexpr u64 page_size = 4096, page_mask = ~(page_size - 1);
/// Set in an address that maps nothing: all ones is no page.
constexpr u64 invalid_bit = 1u << 11;

constexpr unsigned jumps_per_page = 64;

}  // namespace

bool SoftTlb::Entry::maps(u64 page) const {
  constexpr u64 mask = page_mask | invalid_bit;
  return (read & mask) == page || (write & mask) == page || (code & mask) == page;
}

void SoftTlb::locate(u8* cpu, u8* state) {
  static_assert(sizeof(Entry) == 64 && sizeof(Mode) == 696);
  jump_cache_ = reinterpret_cast<u64*>(cpu + jump_cache_offset);
  mode_ = reinterpret_cast<Mode*>(state + modes_offset);
  table_ = reinterpret_cast<Table*>(state + tables_offset);
}

/// The place of an address in the jump cache; those of a page are neighbours.
u64* SoftTlb::jumps(u64 va) const {
  const u64 mixed = va ^ va >> 6;
  return jump_cache_ + ((mixed >> 6 & 0xfc0) | (mixed & 0x3f));
}

bool SoftTlb::prove(u64 code_va, u64 data_va) const {
  Table tables[modes];
  Mode all[modes];
  if (!safe_read(table_, tables, sizeof tables) || !safe_read(mode_, all, sizeof all)) return false;
  unsigned found = 0;
  for (unsigned m = 0; m < modes; ++m) {
    const u64 entries = (tables[m].mask >> 6) + 1;
    if (tables[m].mask % 64 != 0 || (entries & (entries - 1)) != 0 || all[m].used > entries) return false;
    for (const Entry& v : all[m].victims)
      if (!v.empty()) return false;
    Entry code, data;
    if (!safe_read(&tables[m].of(code_va), &code, sizeof code)) return false;
    if (!safe_read(&tables[m].of(data_va), &data, sizeof data)) return false;
    const bool there = code.code == (code_va & page_mask) && data.read == (data_va & page_mask);
    if (there && all[m].used == 0) return false;
    found += there;
  }
  u64 block = 0, address = 0;
  if (!safe_read(jumps(code_va), &block, sizeof block)) return false;
  if (!safe_read(reinterpret_cast<const void*>(block), &address, sizeof address)) return false;
  return found == 1 && address == code_va;
}

void SoftTlb::clear(Entry& e) { std::memset(&e, 0xff, sizeof e); }

void SoftTlb::forget_entry(u64 va) {
  const u64 page = va & page_mask;
  for (unsigned m = 0; m < modes; ++m) {
    Entry& e = table_[m].of(page);
    if (!e.maps(page)) continue;
    clear(e);
    mode_[m].used -= mode_[m].used != 0;
  }
}

void SoftTlb::forget(u64 va) {
  const u64 page = va & page_mask;
  forget_entry(page);
  for (unsigned m = 0; m < modes; ++m) {
    if (mode_[m].victim == 0) continue;
    for (Entry& v : mode_[m].victims)
      if (v.maps(page)) clear(v);
  }
}

void SoftTlb::forget_victims() {
  for (unsigned m = 0; m < modes; ++m) {
    if (mode_[m].victim == 0) continue;
    std::memset(mode_[m].victims, 0xff, sizeof mode_[m].victims);
    mode_[m].victim = 0;
  }
}

bool SoftTlb::forget_nonglobal() {
  if (!usable_ || nonglobal_.size() >= most_noted || crowded()) return false;
  forget_victims();
  for (const u64 page : nonglobal_) {
    forget_entry(page);
    if (page & 1) forget_code(page);
  }
  nonglobal_.clear();
  return true;
}

/// Blocks may begin in the page before.
void SoftTlb::forget_code(u64 va) {
  for (const u64 page : {va & page_mask, (va & page_mask) - page_size}) {
    u64* const first = jumps(page) - (jumps(page) - jump_cache_) % jumps_per_page;
    std::fill_n(first, jumps_per_page, u64{0});
  }
}

bool SoftTlb::crowded() const {
  for (unsigned m = 0; m < modes; ++m)
    if (mode_[m].used * 10 > ((table_[m].mask >> 6) + 1) * 7) return true;
  return false;
}

}  // namespace xs::x86
