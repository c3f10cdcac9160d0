#include "sim/scenario/saved_ia64_control.h"

#include <algorithm>
#include <cstring>

#include "sim/core/ia64_debug.h"
#include "sim/mmu/vhpt_ia64/explain.h"

namespace xs::scenario {

namespace r = ia64_debug;
namespace mmu = xs::mmu::ia64;

u64 SavedIa64Control::application_register(unsigned n) const {
  switch (n) {
    case r::rsc:
      return vcpu_.rsc;
    case r::bsp:
      return vcpu_.bspstore + vcpu_.dirty.size();
    case r::bspstore:
      return vcpu_.bspstore;
    case r::rnat:
      return vcpu_.rnat;
    case r::csd:
      return vcpu_.csd;
    case r::ccv:
      return vcpu_.ccv;
    case r::unat:
      return vcpu_.nats;  // gdb looks there for the NaT bits of r0 to r31
    case r::fpsr:
      return vcpu_.fpsr;
    case r::pfs:
      return vcpu_.pfs;
    case r::lc:
      return vcpu_.lc;
    case r::ec:
      return vcpu_.ec;
    default:
      return n < vcpu_.kernel.size() ? vcpu_.kernel[n] : 0;
  }
}

u64 SavedIa64Control::number(unsigned index) const {
  constexpr u64 frame_bits = (u64{1} << 38) - 1;  // of cr.ifs
  if (r::in(index, r::general + 1, 31)) return vcpu_.general[index - r::general];
  if (r::in(index, r::predicates, 64)) return vcpu_.predicates >> (index - r::predicates) & 1;
  if (r::in(index, r::branches, 8)) return vcpu_.branch[index - r::branches];
  if (index == r::all_predicates) return vcpu_.predicates;
  if (index == r::pointer) return vcpu_.ip;
  if (index == r::status) return vcpu_.psr;
  if (index == r::frame_marker) return vcpu_.cfm & frame_bits;
  return r::in(index, r::application, 128) ? application_register(index - r::application) : 0;
}

void SavedIa64Control::read_register(unsigned index, std::span<u8> out) const {
  std::fill(out.begin(), out.end(), u8{0});
  if (r::in(index, r::floating, 128)) {
    const auto& words = vcpu_.floating[index - r::floating];
    std::memcpy(out.data(), words.data(), std::min(out.size(), sizeof words));
    return;
  }
  const u64 value = number(index);
  std::memcpy(out.data(), &value, std::min(out.size(), sizeof value));
}

bool SavedIa64Control::translate(u64 va, u64& pa) const {
  const Explanation way = explain(va, AddressUse::read);
  pa = way.now.pa;
  return way.now.ok;
}

Explanation SavedIa64Control::explain(u64 va, AddressUse use) const {
  constexpr u64 uncached = u64{1} << 63;
  const auto [name, bit] = use == AddressUse::fetch ? std::pair("PSR.it", 36) : std::pair("PSR.dt", 17);
  Explanation out;
  out.va = va, out.use = use, out.level = static_cast<unsigned>(vcpu_.psr >> 32 & 3);
  u64 pa = 0;
  if (hypervisors_(va, pa)) {
    out.steps.push_back({"hypervisor", {}, {}, "a window that it publishes", pa >> frame_shift, {}});
    out.now.ok = true, out.now.pa = pa;
    out.of_hypervisor = true;
  } else if ((vcpu_.virtual_psr >> bit & 1) == 0) {
    out.steps.push_back({name, {}, vcpu_.virtual_psr, "clear: the address is guest-physical", {}, {}});
    named(va & ~uncached, out);
  } else {
    out.steps.push_back({name, {}, vcpu_.virtual_psr, "set: addresses are translated", {}, {}});
    const unsigned region = mmu::region_of(va);
    const mmu::RegionRegister rr{vcpu_.regions[region]};
    out.steps.push_back({"rr" + std::to_string(region), {}, rr.raw, "the guest's own", {}, {}});
    if (!inserted(out) && !walked(out))
      out.partial = true, out.now.why = "the guest has inserted nothing that is still known";
  }
  out.tables = out.now;
  return out;
}

void SavedIa64Control::named(u64 guest_physical, Explanation& out) const {
  const u64 name = guest_physical >> frame_shift, frame = frame_of_ ? frame_of_(name) : name;
  TranslationStep step{"P2M", {}, {}, "", {}, name};
  if (frame != invalid_frame) step.frame = frame;
  step.means = frame != invalid_frame ? "the frame that the domain calls so" : "the domain has no such frame";
  out.steps.push_back(std::move(step));
  out.now.ok = frame != invalid_frame;
  out.now.pa = frame << frame_shift | (guest_physical & frame_mask);
  if (!out.now.ok) out.now.why = "page not present: " + out.steps.back().means;
}

/// Data translations come last in the list, and first for data.
bool SavedIa64Control::inserted(Explanation& out) const {
  const u64 offset = out.va & mmu::region_offset_mask;
  const u32 rid = mmu::RegionRegister{vcpu_.regions[mmu::region_of(out.va)]}.rid();
  const std::size_t n = vcpu_.translations.size();
  for (std::size_t i = 0; i < n; ++i) {
    const auto& t = vcpu_.translations[out.use == AddressUse::fetch ? i : n - 1 - i];
    const auto page = mmu::make_translation(t.pte, t.itir, t.va, static_cast<u32>(t.rid));
    if (!page.present || mmu::region_of(t.va) != mmu::region_of(out.va) || !page.covers(rid, offset))
      continue;
    const u64 guest_physical = page.translate(offset);
    out.steps.push_back(
        {"inserted", {}, t.pte, mmu::translation_text(page), {}, guest_physical >> frame_shift});
    named(guest_physical, out);
    arrive(out.now.pa, page, out);
    return true;
  }
  return false;
}

/// The entry that the CPU would take: its region registers have the domain's block of identifiers.
bool SavedIa64Control::walked(Explanation& out) const {
  constexpr unsigned rid_bits = 18;
  constexpr u64 walks = 1, long_format = u64{1} << 8;
  const u64 rid =
      u64{vcpu_.rid_block} << rid_bits | mmu::RegionRegister{vcpu_.regions[mmu::region_of(out.va)]}.rid();
  const mmu::RegionRegister rr{rid << 8 | frame_shift << 2 | walks};
  const mmu::PageTableAddress pta{vcpu_.vhpt | long_format | u64{vcpu_.vhpt_shift} << 2 | walks};
  u64 at = 0, entry[3] = {};  // PTE, ITIR, tag
  if (!hypervisors_(mmu::vhpt_hash(out.va, rr, pta), at) || !memory_.host(at)) return false;
  std::memcpy(entry, memory_.host(at), sizeof entry);
  const auto page = mmu::make_translation(entry[0], entry[1], out.va, static_cast<u32>(rid));
  const bool fits = entry[2] == mmu::vhpt_tag(out.va, rr) && page.present;
  const u64 pa = page.translate(out.va & mmu::region_offset_mask);
  TranslationStep step{"VHPT", at, entry[0], fits ? mmu::translation_text(page) : "another page's", {}, {}};
  if (fits) step.frame = pa >> frame_shift;
  out.steps.push_back(std::move(step));
  if (!fits) return false;
  out.now.ok = true;
  arrive(pa, page, out);
  return true;
}

void SavedIa64Control::arrive(u64 pa, const mmu::Translation& page, Explanation& out) const {
  out.now.pa = pa, out.now.shift = page.page_shift;
  out.now.rights = mmu::page_rights(page.ar, page.pl, std::min<unsigned>(out.level, page.pl));
}

std::optional<u64> SavedIa64Control::place(AddressPlace where) const {
  constexpr unsigned stack_pointer = 12;  // Itanium software conventions 3.1
  if (where == AddressPlace::pc) return vcpu_.ip;
  if (where == AddressPlace::stack) return vcpu_.general[stack_pointer];
  if (where == AddressPlace::register_stack) return vcpu_.bspstore;
  return std::nullopt;
}

bool SavedIa64Control::read_held(u64 va, u8& out) const {
  if (va - vcpu_.bspstore >= vcpu_.dirty.size()) return false;
  out = vcpu_.dirty[va - vcpu_.bspstore];
  return true;
}

}  // namespace xs::scenario
