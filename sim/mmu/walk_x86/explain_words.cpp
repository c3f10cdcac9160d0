// The x86 explanation in the manual's words (SDM vol. 3A 4.5 to 4.7, 4.10).
#include <fmt/format.h>

#include "sim/mmu/walk_x86/entry.h"
#include "sim/mmu/walk_x86/explain.h"

namespace xs::mmu::x86 {
namespace {

const char* level_name(unsigned level) {
  static constexpr const char* names[] = {"", "PTE", "PDE", "PDPTE", "PML4E"};
  return names[level];
}

AddressUse use_of_kind(AccessKind kind) {
  return kind == AccessKind::fetch   ? AddressUse::fetch
         : kind == AccessKind::write ? AddressUse::write
                                     : AddressUse::read;
}

std::string right_missing(const TableWalk& walk, const X86Control& control, const Access& access) {
  const bool user_page = (walk.page.rights & right::user) != 0;
  const bool user = access.user && !access.implicit;
  if (user && !user_page) return "user mode, but some entry has U clear";
  if (access.kind == AccessKind::write && (walk.page.rights & right::writable) == 0)
    return "a write, but some entry has W clear";
  if (access.kind == AccessKind::fetch && (walk.page.rights & right::no_execute) != 0)
    return "a fetch, but some entry has NX set";
  if (access.kind == AccessKind::fetch && (control.cr4 & cr4::smep) != 0)
    return "a fetch by the supervisor from a user's page (CR4.SMEP)";
  return "an access of the supervisor to a user's page (CR4.SMAP)";
}

std::string reason(const TableWalk& walk, const X86Control& control, const Access& access) {
  const char* where = walk.entries.empty() ? "CR3" : level_name(walk.entries.back().level);
  switch (walk.end) {
    case WalkEnd::page:
      return "";
    case WalkEnd::refused:
      return "#PF: " + right_missing(walk, control, access);
    case WalkEnd::absent:
      return fmt::format("#PF: the {} is not present", where);
    case WalkEnd::reserved:
      return fmt::format("#PF: the {} has reserved bits set", where);
    case WalkEnd::no_frame:
      return fmt::format("#PF: the {} names no frame of the domain's", where);
    case WalkEnd::no_memory:
      return fmt::format("#PF: the {} lies where there is no memory", where);
  }
  return "";
}

u8 right_bits(const Translation& t) {
  return static_cast<u8>((t.read ? page_read : 0) | (t.write ? page_write : 0) |
                         (t.execute ? page_execute : 0));
}

std::string contradiction(const Explained& e) {
  const TableWalk& t = e.tables;
  if (!e.held)
    return e.cache_stale ? "the paging-structure caches name other tables than those in memory" : "";
  const u64 pa = e.held->translate(e.access.va);
  if (!t.mapped()) return "the TLB holds a page that the tables do not have any more";
  if (pa != t.pa)
    return fmt::format("the TLB holds frame {:#x}, the tables say {:#x}", pa >> frame_shift,
                       t.pa >> frame_shift);
  constexpr u8 no_dirty = static_cast<u8>(~right::dirty);
  if (((e.held->rights ^ t.page.rights) & no_dirty) != 0)
    return "the TLB holds other rights than the tables say";
  return e.held->shift == t.page.shift ? "" : "the TLB holds a page of another size than the tables say";
}

TranslationOutcome answer(const Explained& e, const TranslationOutcome& tables) {
  TranslationOutcome out;
  const Translation& t = e.now;
  out.ok = t.ok, out.fault = t.error_code;
  if (t.failure == Failure::non_canonical) out.why = "not canonical: #GP, or #SS by the stack";
  if (t.failure == Failure::unsupported_mode) out.why = "paging of a mode that is not modelled";
  if (t.failure == Failure::page_fault)
    out.why = e.cache_stale ? "#PF by what the paging-structure caches hold" : tables.why;
  if (!t.ok) return out;
  out.pa = t.pa, out.shift = t.page_shift, out.rights = right_bits(t);
  return out;
}

}  // namespace

std::string entry_text(u64 entry, unsigned level) {
  if ((entry & pte::present) == 0) return "not present";
  std::string out = "P";
  const auto add = [&](u64 bit, const char* name) {
    if ((entry & bit) != 0) out += name;
  };
  add(pte::writable, " W");
  add(pte::user, " U");
  add(u64{1} << 3, " PWT");
  add(u64{1} << 4, " PCD");
  add(pte::accessed, " A");
  const bool leaf = level == 0 || is_leaf(entry, level);
  if (leaf) add(pte::dirty, " D");
  add(pte::page_size, level == 1 ? " PAT" : " PS");
  if (leaf) add(pte::global, " G");
  add(pte::no_execute, " NX");
  return out;
}

TranslationOutcome outcome(const TableWalk& walk, const X86Control& control, const Access& access) {
  TranslationOutcome out;
  out.ok = walk.end == WalkEnd::page;
  out.why = reason(walk, control, access);
  if (!out.ok) out.fault = walk.error_code;
  if (!walk.mapped()) return out;
  out.pa = walk.pa, out.shift = walk.page.shift;
  out.rights = page_rights(walk.page, control, access.user && !access.implicit);
  return out;
}

void add_steps(const TableWalk& walk, const X86Control& control, const FrameOf& frame_of, Explanation& out) {
  const auto leads_to = [&](TranslationStep& step, u64 address) {
    const u64 name = address >> frame_shift, mfn = frame_of ? frame_of(name) : name;
    if (frame_of) step.name = name;
    if (mfn != invalid_frame) step.frame = mfn;
  };
  TranslationStep root{.what = "CR3", .at = {}, .value = control.cr3, .means = {}, .frame = {}, .name = {}};
  leads_to(root, control.cr3 & pte::address);
  out.steps.push_back(std::move(root));
  for (const WalkedEntry& e : walk.entries) {
    TranslationStep step;
    step.what = fmt::format("{} {:#x}", level_name(e.level), index_of(out.va, e.level));
    step.at = e.at, step.value = e.entry, step.means = entry_text(e.entry, e.level);
    if (reserved_bits(e.entry, e.level, control) != 0) step.means += ", reserved bits";
    const u64 offset = out.va & ((u64{1} << shift_of(e.level)) - 1) & ~frame_mask;
    if ((e.entry & pte::present) != 0)
      leads_to(step,
               is_leaf(e.entry, e.level) ? leaf_address(e.entry, e.level) | offset : e.entry & pte::address);
    out.steps.push_back(std::move(step));
  }
}

Explanation in_words(const Explained& e) {
  Explanation out;
  out.va = e.access.va, out.use = use_of_kind(e.access.kind);
  out.level = e.access.user && !e.access.implicit ? 3 : 0;
  out.physical = e.unpaged;
  if (e.unpaged) {
    out.steps.push_back({"CR0", {}, e.control.cr0, "PG clear: the address is physical", {}, {}});
    out.now = out.tables = {true, e.access.va, frame_shift, page_read | page_write | page_execute, 0, ""};
    return out;
  }
  if (e.now.failure == Failure::none || e.now.failure == Failure::page_fault) {
    add_steps(e.tables, e.control, {}, out);
    out.tables = outcome(e.tables, e.control, e.access);
  }
  out.now = answer(e, out.tables);
  if (e.now.failure == Failure::non_canonical || e.now.failure == Failure::unsupported_mode)
    out.tables = out.now;
  if (e.held) {
    out.held = held_page({*e.held, "TLB", e.held->va, e.held->shift}, e.control);
    out.hit = e.hit;
  }
  out.stale = contradiction(e);
  return out;
}

}  // namespace xs::mmu::x86
