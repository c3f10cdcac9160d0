#include "sim/mmu/vhpt_ia64/vhpt.h"

namespace xs::mmu::ia64 {

namespace {

constexpr u64 tag_invalid = u64{1} << 63;

u64 page_number(u64 va, RegionRegister rr) { return (va & region_offset_mask) >> rr.page_shift(); }

}  // namespace

u64 vhpt_hash(u64 va, RegionRegister rr, PageTableAddress pta) {
  const u64 offset = pta.long_format() ? (page_number(va, rr) ^ rr.rid()) << 5 : page_number(va, rr) << 3;
  const u64 region = pta.long_format() ? pta.base() : va;
  const u64 mask = pta.size_shift() >= region_shift ? region_offset_mask : (u64{1} << pta.size_shift()) - 1;
  const u64 within = mask | 0x7fff;  // the base names no smaller table
  return (region & ~region_offset_mask) | (pta.base() & region_offset_mask & ~within) |
         (offset & within & region_offset_mask);
}

u64 vhpt_tag(u64 va, RegionRegister rr) {
  return page_number(va, rr) ^ u64 { rr.rid() } << 39;
}

VhptEntry read_vhpt(MemoryPort& memory, u64 pa, u64 va, RegionRegister rr, PageTableAddress pta,
                    bool big_endian) {
  VhptEntry entry;
  u64 words[3] = {0, rr.default_itir(), vhpt_tag(va, rr)};
  for (unsigned i = 0; i < (pta.long_format() ? 3u : 1u); ++i) {
    if (!memory.read(pa + 8 * i, &words[i], 8)) return entry;
    if (big_endian) words[i] = __builtin_bswap64(words[i]);
    ++entry.reads;
  }
  if ((words[2] & tag_invalid) != 0 || words[2] != vhpt_tag(va, rr) || is_reserved(words[0], words[1]))
    return entry;
  entry.usable = true;
  entry.translation = make_translation(words[0], words[1], va, rr.rid());
  return entry;
}

}  // namespace xs::mmu::ia64
