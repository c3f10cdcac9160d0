// The IA-64 explanation in the manual's words (SDM vol. 2 4.1, 5.5).
#include "sim/mmu/vhpt_ia64/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "sim/core/ia64_vectors.h"
#include "sim/mmu/vhpt_ia64/fault_rules.h"

namespace xs::mmu::ia64 {
namespace {

static_assert(u8{right_read} == page_read && u8{right_write} == page_write &&
              u8{right_execute} == page_execute);

const FaultRule& rule_of(u16 refused) {
  return *std::find_if(std::begin(fault_rules), std::end(fault_rules),
                       [&](const FaultRule& r) { return (refused & r.condition) != 0; });
}

const char* attribute_name(u8 ma) {
  static constexpr const char* names[] = {"WB", "ma 1", "ma 2", "ma 3", "UC", "UCE", "WC", "NaTPage"};
  return names[ma & 7];
}

std::string size_text(unsigned shift) {
  return shift < 10   ? fmt::format("{} B", 1u << shift)
         : shift < 20 ? fmt::format("{} KiB", 1u << (shift - 10))
         : shift < 30 ? fmt::format("{} MiB", 1u << (shift - 20))
                      : fmt::format("{} GiB", u64{1} << (shift - 30));
}

TranslationOutcome outcome(const Answer& a, bool fetch) {
  TranslationOutcome out;
  out.ok = a.refused == 0;
  if (!out.ok) {
    out.fault = fault_vector(a.refused, fetch);
    out.why = fmt::format("{}: {}", ia64_vector_name(out.fault), rule_of(a.refused).why);
  }
  if ((a.refused & any_miss) != 0) return out;
  out.pa = a.pa, out.shift = a.page.page_shift, out.rights = a.rights;
  return out;
}

TranslationStep held_step(const Explained& e) {
  TranslationStep step;
  const char* side = e.access.fetch ? "I" : "D";
  if (!e.held) {
    step.what = fmt::format("{}TLB", side), step.means = "no TR and no TC entry matches";
    return step;
  }
  step.what = e.held->slot ? fmt::format("{}TR {}", side, *e.held->slot) : fmt::format("{}TC", side);
  step.means = translation_text(e.held->page);
  if (e.held->page.present)
    step.frame = e.held->page.translate(e.access.va & region_offset_mask) >> frame_shift;
  return step;
}

std::string bucket_text(const Bucket& b) {
  if (b.words == 0) return "no memory answers there";
  if (b.words == 3 && b.word[2] >> 63 != 0) return "tag: invalid";
  if (b.words == 3 && b.word[2] != b.wanted_tag)
    return fmt::format("tag {:#x}: another page's, wanted is {:#x}", b.word[2], b.wanted_tag);
  if (!b.usable) return "reserved fields are set";
  return (b.words == 3 ? "tag fits: " : "") + translation_text(b.page) +
         (b.insertable ? "" : "; a TR is in its way");
}

void add_table_steps(const Explained& e, Explanation& out) {
  const Bucket& b = e.bucket;
  out.steps.push_back({"PTA",
                       {},
                       e.table.raw,
                       fmt::format("{}, {} format at {:#x}", size_text(e.table.size_shift()),
                                   e.table.long_format() ? "long" : "short", e.table.base()),
                       {},
                       {}});
  if (!b.enabled) {
    out.steps.back().means =
        e.table.enabled() ? "the region's walker is off (rr.ve)" : "the walker is off (ve)";
    return;
  }
  TranslationStep step{fmt::format("VHPT {:#x}", b.address), {}, {}, "", {}, {}};
  if (!e.access.walk) step.means = "not asked with PSR as it is; ";
  if (!b.mapped) {
    step.means += "the data TLB has not the page that it lies in";
  } else {
    step.at = b.pa, step.value = b.word[0];
    step.means += b.readable ? bucket_text(b) : "the walker may not read there";
    if (b.usable && b.page.present)
      step.frame = b.page.translate(e.access.va & region_offset_mask) >> frame_shift;
  }
  out.steps.push_back(std::move(step));
}

std::string contradiction(const Explained& e) {
  if (!e.held || !e.bucket.usable) return "";
  const Translation &tlb = e.held->page, &table = e.bucket.page;
  const u64 offset = e.access.va & region_offset_mask;
  if (tlb.present != table.present) return "TLB and VHPT disagree on whether the page is present";
  if (!tlb.present) return "";
  if (tlb.translate(offset) != table.translate(offset))
    return fmt::format("the TLB holds frame {:#x}, the VHPT says {:#x}", tlb.translate(offset) >> frame_shift,
                       table.translate(offset) >> frame_shift);
  const bool same = tlb.ar == table.ar && tlb.pl == table.pl && tlb.key == table.key && tlb.ma == table.ma;
  return same ? "" : "the TLB holds other rights than the VHPT says";
}

}  // namespace

u32 fault_vector(u16 refused, bool fetch) {
  const FaultRule& rule = rule_of(refused);
  return fetch ? rule.fetch : rule.data;
}

std::string translation_text(const Translation& t) {
  if (!t.present) return "not present, " + size_text(t.page_shift);
  return fmt::format("pl {} ar {} {}{}{}, {}, key {:#x}", t.pl, t.ar, attribute_name(t.ma),
                     t.accessed ? " A" : "", t.dirty ? " D" : "", size_text(t.page_shift), t.key);
}

Explanation physical_in_words(u64 va, AddressUse use, unsigned level) {
  constexpr u64 uncached = u64{1} << 63;
  Explanation out;
  out.va = va, out.use = use, out.level = level, out.physical = true;
  const u64 pa = va & ~uncached;
  out.now.pa = out.tables.pa = pa;
  out.now.ok = out.tables.ok = pa <= physical_mask;
  out.now.rights = out.tables.rights = page_read | page_write | page_execute;
  if (out.now.ok) return out;
  constexpr u32 general_exception = 0x5400;
  out.now.fault = general_exception;
  out.now.why = "general exception: the physical address is not implemented";
  out.tables = out.now;
  return out;
}

Explanation in_words(const Explained& e, AddressUse use) {
  Explanation out;
  out.va = e.access.va, out.use = use, out.level = e.access.cpl;
  const unsigned region = region_of(e.access.va);
  out.steps.push_back({fmt::format("rr{}", region),
                       {},
                       e.region.raw,
                       fmt::format("RID {:#x}, {}, walker {}", e.region.rid(),
                                   size_text(e.region.page_shift()), e.region.vhpt_enabled() ? "on" : "off"),
                       {},
                       {}});
  out.steps.push_back(held_step(e));
  if (e.access.protection_keys && (e.now.refused & any_miss) == 0)
    out.steps.push_back({"PKR",
                         {},
                         e.key_register,
                         e.key_register ? fmt::format("has key {:#x}", e.now.page.key)
                                        : fmt::format("none has key {:#x}", e.now.page.key),
                         {},
                         {}});
  add_table_steps(e, out);
  out.now = outcome(e.now, e.access.fetch);
  if (e.bucket.usable)
    out.tables = outcome(e.by_table, e.access.fetch);
  else
    out.tables.why = "the VHPT has no translation";
  if (e.held) {
    out.held = held_page(*e.held, e.access.fetch, region);
    out.hit = e.now.refused == 0;
  }
  out.stale = contradiction(e);
  return out;
}

HeldPage held_page(const HeldTranslation& h, bool fetch, std::optional<unsigned> region) {
  HeldPage out;
  const Translation& t = h.page;
  out.va = u64{region.value_or(0)} << region_shift | t.va, out.pa = t.pa, out.shift = t.page_shift;
  out.reachable = region.has_value();
  for (unsigned level = 0; level < out.rights.size(); ++level)
    out.rights[level] = page_rights(t.ar, t.pl, level);
  out.present = t.present, out.accessed = t.accessed, out.dirty = t.dirty;
  out.where = fetch ? (h.slot ? "ITR" : "ITC") : (h.slot ? "DTR" : "DTC");
  out.number = h.slot, out.rid = t.rid, out.key = t.key;
  return out;
}

std::vector<TableEntry> decode_vhpt(std::span<const u8> frame, bool long_format) {
  const std::size_t size = long_format ? 32 : 8;
  std::vector<TableEntry> out;
  for (std::size_t i = 0; (i + 1) * size <= frame.size(); ++i) {
    u64 word[3] = {0, u64{frame_shift} << 2, 0};
    std::memcpy(word, &frame[i * size], long_format ? sizeof word : 8);
    if (word[0] == 0 || word[2] >> 63 != 0 || is_reserved(word[0], word[1])) continue;
    const Translation t = make_translation(word[0], word[1], 0, 0);
    TableEntry e{static_cast<unsigned>(i), word[0], translation_text(t), {}};
    if (long_format) e.means += fmt::format(", tag {:#x}", word[2]);
    if (t.present) e.frame = t.pa >> frame_shift;
    out.push_back(std::move(e));
  }
  return out;
}

}  // namespace xs::mmu::ia64
