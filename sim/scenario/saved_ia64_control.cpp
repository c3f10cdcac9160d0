#include "sim/scenario/saved_ia64_control.h"

#include <algorithm>
#include <cstring>

#include "sim/core/ia64_debug.h"

namespace xs::scenario {

namespace r = ia64_debug;

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

bool SavedIa64Control::read_held(u64 va, u8& out) const {
  if (va - vcpu_.bspstore >= vcpu_.dirty.size()) return false;
  out = vcpu_.dirty[va - vcpu_.bspstore];
  return true;
}

}  // namespace xs::scenario
