#include "sim/scenario/saved_ia64_control.h"

#include <algorithm>
#include <cstring>

#include "sim/core/ia64_debug.h"
#include "sim/mmu/vhpt_ia64/vhpt.h"

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
  if (hypervisors_(va, pa)) return true;
  constexpr u64 uncached = u64{1} << 63, translated = u64{1} << 17;  // PSR.dt
  if (!(vcpu_.virtual_psr & translated)) return named(va & ~uncached, pa);
  return inserted(va, pa) || walked(va, pa);
}

bool SavedIa64Control::named(u64 guest_physical, u64& pa) const {
  const u64 frame = frame_of_(guest_physical >> frame_shift);
  pa = frame << frame_shift | (guest_physical & frame_mask);
  return frame != invalid_frame;
}

/// Data translations come last in the list, and first here.
bool SavedIa64Control::inserted(u64 va, u64& pa) const {
  const u64 rid = mmu::RegionRegister{vcpu_.regions[mmu::region_of(va)]}.rid();
  for (auto t = vcpu_.translations.rbegin(); t != vcpu_.translations.rend(); ++t) {
    const auto page = mmu::make_translation(t->pte, t->itir, t->va, static_cast<u32>(t->rid));
    const bool same_region = mmu::region_of(t->va) == mmu::region_of(va);
    if (page.present && same_region && page.covers(static_cast<u32>(rid), va & mmu::region_offset_mask))
      return named(page.translate(va & mmu::region_offset_mask), pa);
  }
  return false;
}

/// The entry that the CPU would take: its region registers have the domain's block of identifiers.
bool SavedIa64Control::walked(u64 va, u64& pa) const {
  constexpr unsigned rid_bits = 18;
  constexpr u64 walks = 1, long_format = u64{1} << 8;
  const u64 rid =
      u64{vcpu_.rid_block} << rid_bits | mmu::RegionRegister{vcpu_.regions[mmu::region_of(va)]}.rid();
  const mmu::RegionRegister rr{rid << 8 | frame_shift << 2 | walks};
  const mmu::PageTableAddress pta{vcpu_.vhpt | long_format | u64{vcpu_.vhpt_shift} << 2 | walks};
  u64 at = 0, entry[3] = {};  // PTE, ITIR, tag
  if (!hypervisors_(mmu::vhpt_hash(va, rr, pta), at) || !memory_.host(at)) return false;
  std::memcpy(entry, memory_.host(at), sizeof entry);
  const auto page = mmu::make_translation(entry[0], entry[1], va, static_cast<u32>(rid));
  pa = page.translate(va & mmu::region_offset_mask);
  return entry[2] == mmu::vhpt_tag(va, rr) && page.present;
}

bool SavedIa64Control::read_held(u64 va, u8& out) const {
  if (va - vcpu_.bspstore >= vcpu_.dirty.size()) return false;
  out = vcpu_.dirty[va - vcpu_.bspstore];
  return true;
}

}  // namespace xs::scenario
