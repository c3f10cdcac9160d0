#include "sim/mmu/vhpt_ia64/mmu_ia64.h"

#include <algorithm>

#include "sim/mmu/vhpt_ia64/explain.h"

namespace xs::mmu::ia64 {

namespace {

/// Protection key register (SDM vol. 2 figure 4-3).
struct ProtectionKey {
  u64 raw;
  bool valid() const { return raw & 1; }
  u32 key() const { return static_cast<u32>(bits(raw, 8, key_bits)); }
  u8 denied() const {
    return static_cast<u8>((raw >> 1 & 1 ? right_write : 0) | (raw >> 2 & 1 ? right_read : 0) |
                           (raw >> 3 & 1 ? right_execute : 0));
  }
};

}  // namespace

Mmu::Mmu(MemoryPort& memory, const MmuConfig& config, TlbSink* sink)
    : memory_(memory),
      timing_(config.timing),
      instruction_(config.instruction),
      data_(config.data),
      sink_(sink) {}

void Mmu::note_lost() {
  tell_lost(true, instruction_);
  tell_lost(false, data_);
}

void Mmu::tell_lost(bool fetch, Tlb& tlb) {
  if (!tlb.has_lost()) return;
  const Loss lost = tlb.take_lost();
  if (sink_) sink_->revoked(fetch, lost.va, lost.shift);
}

void Mmu::revoke_all() {
  if (!sink_) return;
  sink_->revoked(true, 0, Loss::everything);
  sink_->revoked(false, 0, Loss::everything);
}

/// The walker reads tables as data at privilege level 0. What it may not read is a miss like any other; a
/// missing translation for the table itself is a fault of its own, so that software can map it (4.1.5.4).
[[gnu::noinline]] void Mmu::walk(const Access& access, Answer& answer) {
  ++counters_.walks;
  const RegionRegister rr = region_at(access.va);
  answer.vhpt_address = vhpt_hash(access.va, rr, pta_);
  answer.refused = tlb_miss;
  const Translation* table = find_data(answer.vhpt_address);
  if (!table) {
    answer.refused = vhpt_miss;
    return;
  }
  if (!table_readable(*table, access.protection_keys)) return;
  const u64 pa = table->translate(answer.vhpt_address & region_offset_mask);
  const VhptEntry entry = read_vhpt(memory_, pa, access.va, rr, pta_, access.big_endian_table);
  counters_.walk_reads += entry.reads;
  answer.cycles += entry.reads * timing_.walk_access;
  if (!entry.usable || !(access.fetch ? instruction_ : data_).insert_cached(entry.translation)) return;
  ++counters_.walk_inserts;
  note_lost();
  note_inserted(access.va, entry.translation);
  answer.refused = 0;
  answer.page = entry.translation;
}

bool Mmu::table_readable(const Translation& t, bool protection_keys) const {
  u8 rights = right_read;
  if (!t.present || !t.accessed || t.ma != ma_wb) return false;
  return !protection_keys || key_conditions(t, right_read, rights) == 0;
}

u16 Mmu::key_conditions(const Translation& t, u8 needed, u8& rights) const {
  for (const u64 raw : keys_) {
    const ProtectionKey k{raw};
    if (!k.valid() || k.key() != t.key) continue;
    rights &= static_cast<u8>(~k.denied());
    return (needed & k.denied()) != 0 ? key_permission : 0;
  }
  rights = 0;
  return key_miss;
}

// look_up and judge become part of translate, their only user.

[[gnu::always_inline]] inline void Mmu::look_up(const Access& access, Answer& answer) {
  Tlb& tlb = access.fetch ? instruction_ : data_;
  if (const Translation* t = tlb.find(rid(access.va), access.va)) {
    ++counters_.hits;
    answer.page = *t;
    return;
  }
  ++counters_.misses;
  answer.architectural = true;
  if (access.walk && pta_.enabled() && region_at(access.va).vhpt_enabled())
    walk(access, answer);
  else
    answer.refused = alternate_tlb;
}

/// A page that is not present has no other property (table 5-6).
[[gnu::always_inline]] inline void Mmu::judge(const Access& access, Answer& answer) const {
  const Translation& t = answer.page;
  answer.pa = t.translate(access.va & region_offset_mask);
  if (!t.present) {
    answer.refused = page_not_present;
    return;
  }
  u8 rights = page_rights(t.ar, t.pl, access.cpl);
  if (t.ma == ma_nat_page) answer.refused |= nat_page;
  if ((access.rights & ~rights) != 0) answer.refused |= access_rights;
  if (access.protection_keys) answer.refused |= key_conditions(t, access.rights, rights);
  if (!access.ignore_accessed_dirty) {
    if ((access.rights & right_write) != 0 && !t.dirty) answer.refused |= dirty_bit;
    if (!t.accessed) answer.refused |= access_bit;
    if (!t.dirty) rights &= static_cast<u8>(~right_write);
    if (!t.accessed) rights = 0;
  }
  answer.rights = t.ma == ma_nat_page ? u8{0} : rights;
}

Answer Mmu::translate(const Access& access) {
  Answer answer;
  ++counters_.accesses;
  look_up(access, answer);
  if ((answer.refused & any_miss) == 0) judge(access, answer);
  if (answer.refused != 0) ++counters_.refused;
  return answer;
}

/// As walk() looks at it.
Bucket Mmu::bucket_of(const Access& access) const {
  const RegionRegister rr = region_at(access.va);
  Bucket b;
  b.enabled = pta_.enabled() && rr.vhpt_enabled();
  b.address = vhpt_hash(access.va, rr, pta_), b.wanted_tag = vhpt_tag(access.va, rr);
  const Translation* table = data_.peek(rid(b.address), b.address);
  b.mapped = b.enabled && table;
  if (!b.mapped) return b;
  b.readable = table_readable(*table, access.protection_keys);
  b.pa = table->translate(b.address & region_offset_mask);
  const VhptEntry entry = read_vhpt(memory_, b.pa, access.va, rr, pta_, access.big_endian_table);
  b.words = entry.reads;
  for (unsigned i = 0; i < b.words; ++i) {
    memory_.read(b.pa + 8 * i, &b.word[i], 8);
    if (access.big_endian_table) b.word[i] = __builtin_bswap64(b.word[i]);
  }
  b.usable = entry.usable, b.page = entry.translation;
  b.insertable = entry.usable && (access.fetch ? instruction_ : data_).would_insert(entry.translation);
  return b;
}

Explained Mmu::explain(const Access& access) const {
  Explained out;
  out.access = access, out.region = region_at(access.va), out.table = pta_;
  out.held = (access.fetch ? instruction_ : data_).held(rid(access.va), access.va);
  out.bucket = bucket_of(access);
  const Bucket& b = out.bucket;
  if (b.usable) {
    out.by_table.page = b.page;
    judge(access, out.by_table);
  }
  if (out.held) {
    out.now.page = out.held->page;
    judge(access, out.now);
  } else {
    out.now.architectural = true;
    if (!access.walk || !b.enabled) {
      out.now.refused = alternate_tlb;
    } else if (!b.mapped) {
      out.now.refused = vhpt_miss;
    } else if (!b.readable || !b.insertable) {
      out.now.refused = tlb_miss;
    } else {
      out.now = out.by_table;
      out.now.architectural = true;
    }
    if (access.walk && b.enabled) out.now.vhpt_address = b.address;
  }
  for (const u64 raw : keys_)
    if (ProtectionKey{raw}.valid() && ProtectionKey{raw}.key() == out.now.page.key) out.key_register = raw;
  return out;
}

bool Mmu::probe(u64 va, bool fetch, u64& pa) const {
  const u64 offset = va & region_offset_mask;
  if (const Translation* t = (fetch ? instruction_ : data_).peek(rid(va), va)) {
    pa = t->translate(offset);
    return t->present;
  }
  const RegionRegister rr = region_at(va);
  if (!pta_.enabled() || !rr.vhpt_enabled()) return false;
  const u64 at = vhpt_hash(va, rr, pta_);
  const Translation* table = data_.peek(rid(at), at);
  if (!table || !table->present) return false;
  const VhptEntry entry = read_vhpt(memory_, table->translate(at & region_offset_mask), va, rr, pta_, false);
  if (!entry.usable || !entry.translation.present) return false;
  pa = entry.translation.translate(offset);
  return true;
}

void Mmu::set_region(unsigned index, u64 value) {
  if (regions_[index].raw == value) return;
  regions_[index].raw = value;
  revoke_all();
}

/// A key in two registers would have two meanings: writing a valid one ends the other (4.1.3).
void Mmu::set_key(unsigned index, u64 value) {
  if (value & 1)
    for (u64& raw : keys_)
      if ((raw & 1) != 0 && bits(raw, 8, key_bits) == bits(value, 8, key_bits)) raw &= ~u64{1};
  keys_[index] = value;
  revoke_all();
}

void Mmu::set_table(u64 pta) { pta_.raw = pta; }

bool Mmu::insert_register(bool fetch, unsigned slot, u64 pte, u64 itir, u64 va) {
  ++counters_.inserts;
  const Translation page = make_translation(pte, itir, va, rid(va));
  const bool ok = (fetch ? instruction_ : data_).insert_register(slot, page);
  note_lost();
  if (ok) note_inserted(va, page);
  return ok;
}

bool Mmu::insert_cached(bool fetch, u64 pte, u64 itir, u64 va) {
  ++counters_.inserts;
  const Translation page = make_translation(pte, itir, va, rid(va));
  const bool ok = (fetch ? instruction_ : data_).insert_cached(page);
  note_lost();
  if (ok) note_inserted(va, page);
  return ok;
}

bool Mmu::purge_cached(u32 rid, u64 va, unsigned shift) {
  ++counters_.purges;
  const bool instruction = instruction_.purge_cached(rid, va, shift);
  const bool data = data_.purge_cached(rid, va, shift);
  note_lost();
  return instruction && data;
}

void Mmu::purge_registers(bool fetch, u64 va, unsigned shift) {
  ++counters_.purges;
  (fetch ? instruction_ : data_).purge_registers(rid(va), va, shift);
  note_lost();
}

void Mmu::purge_all_cached() {
  ++counters_.purges;
  instruction_.purge_all_cached();
  data_.purge_all_cached();
  note_lost();
}

std::vector<ReachablePage> Mmu::reachable_above_level_0() const {
  std::vector<ReachablePage> pages;
  const auto add = [&](const Translation& t) {
    if (!t.present || !t.above_level_0()) return;
    for (u64 region = 0; region < regions_.size(); ++region) {
      if (regions_[region].rid() != t.rid) continue;
      const bool write = (page_rights(t.ar, t.pl, t.pl) & right_write) != 0;
      pages.push_back({region << region_shift | t.va, t.pa, u64{1} << t.page_shift, write});
    }
  };
  instruction_.for_each(add);
  data_.for_each(add);
  std::ranges::sort(pages, {}, &ReachablePage::va);
  return pages;
}

bool Mmu::maps_frame(u64 mfn, bool user_only) const {
  return instruction_.maps_frame(mfn, user_only) || data_.maps_frame(mfn, user_only);
}

}  // namespace xs::mmu::ia64
