// Registers as gdb numbers them: sim/core/ia64_debug.h.
#include <cstring>

#include "sim/core/ia64_debug.h"
#include "sim/cpu_ia64/core/core.h"

namespace xs::ia64 {

namespace {

using ia64_debug::all_predicates;
using ia64_debug::application;
using ia64_debug::branches;
using ia64_debug::count;
using ia64_debug::floating;
using ia64_debug::frame_marker;
using ia64_debug::general;
using ia64_debug::in;
using ia64_debug::pointer;
using ia64_debug::predicates;
using ia64_debug::status;

u64 nat_bits(const Registers& r) {
  u64 bits = 0;
  for (unsigned n = 0; n < 32; ++n) bits |= u64{r.nat[r.place(n)]} << n;
  return bits;
}

}  // namespace

std::span<const DebugRegister> Core::registers() const {
  static const std::vector<DebugRegister> rows = [] {
    std::vector<DebugRegister> all;
    for (unsigned n = 0; n < count; ++n)
      all.push_back({"", in(n, floating, 128) ? 128u : 64u, "int", nullptr});
    return all;
  }();
  return rows;
}

/// Application registers without what reading them may refuse or change.
static u64 application_register(const Processor& p, unsigned n) {
  switch (n) {
    case ar::rsc:
      return p.r.rsc;
    case ar::bsp:
      return skip_registers(p.stack.bsp(), p.stack.frame().sof());
    case ar::bspstore:
      return p.stack.bspstore();
    case ar::rnat:
      return p.stack.rnat();
    case ar::csd:
      return p.r.csd;
    case ar::ccv:
      return p.r.ccv;
    case ar::unat:
      return nat_bits(p.r);
    case ar::fpsr:
      return p.r.fpsr;
    case ar::itc:
      return p.itc();
    case ar::pfs:
      return p.r.pfs;
    case ar::lc:
      return p.r.lc;
    case ar::ec:
      return p.r.ec;
    default:
      return n <= ar::kr7 ? p.r.kr[n] : 0;
  }
}

void Core::read_register(unsigned index, std::span<u8> out) const {
  u64 value = 0;
  const Registers& r = p_.r;
  if (in(index, general, 32)) value = r.gr[r.place(index)];
  if (in(index, predicates, 64)) value = r.pr >> (index - predicates) & 1;
  if (in(index, branches, 8)) value = r.br[index - branches];
  if (index == all_predicates) value = p_.physical_predicates();
  if (index == pointer) value = r.ip;
  if (index == status) value = r.psr;
  if (index == frame_marker) value = p_.stack.frame().raw;
  if (in(index, application, 128)) value = application_register(p_, index - application);
  std::memset(out.data(), 0, out.size());
  if (in(index, floating, 128)) {
    const fp::Register& f = r.fr[index - floating];
    std::memcpy(out.data(), &f.significand, 8);
    std::memcpy(out.data() + 8, &f.sign_exponent, 4);
    return;
  }
  std::memcpy(out.data(), &value, 8);
}

/// What an instruction could write; PSR's slot is the other half of gdb's pc.
bool Core::write_register(unsigned index, std::span<const u8> in_bytes) {
  u64 value = 0;
  std::memcpy(&value, in_bytes.data(), 8);
  Registers& r = p_.r;
  if (in(index, general + 1, 31)) return r.gr[r.place(index)] = value, true;
  if (in(index, branches, 8)) return r.br[index - branches] = value, true;
  if (index == all_predicates) return p_.set_physical_predicates(value), true;
  if (index == pointer) return r.ip = value & ~u64{15}, true;
  if (index == status) return p_.set_psr(value & psr::implemented), true;
  if (in(index, floating + 2, 126)) {
    u64 high = 0;
    std::memcpy(&high, in_bytes.data() + 8, 8);
    r.fr[index - floating] = fp::from_spill(value, high);
    return true;
  }
  if (!in(index, application, 128)) return false;
  const unsigned n = index - application;
  if (n <= ar::kr7) return r.kr[n] = value, true;  // whatever the level
  return n != ar::unat && p_.write_application(n, value);
}

}  // namespace xs::ia64
