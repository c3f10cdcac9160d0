// What loads and stores of all register files have in common.
#pragma once
#include <cstring>

#include "sim/cpu_ia64/exec/operands.h"

namespace xs::ia64 {

/// Completers of a load that change what it does.
enum class Kind : u8 { plain, speculative, advanced, speculative_advanced, check_clear, check_keep };

constexpr bool is_speculative(Kind k) { return k == Kind::speculative || k == Kind::speculative_advanced; }
constexpr bool is_advanced(Kind k) { return k == Kind::advanced || k == Kind::speculative_advanced; }
constexpr bool is_check(Kind k) { return k == Kind::check_clear || k == Kind::check_keep; }

/// r3 moves on, when nothing was refused.
template <Handlers::Update update>
[[gnu::always_inline]] inline void move_base(Processor& p, const Slot& s) {
  if constexpr (update == Handlers::by_immediate) p.r.gr[s.r3] += s.imm;
  if constexpr (update == Handlers::by_register) {
    p.r.gr[s.r3] += p.r.gr[s.r2];
    if (p.any_nat) [[unlikely]]
      p.r.nat[s.r3] |= p.r.nat[s.r2];
  }
}

/// Name of a register in the ALAT: physical, so that it stays the same through rotation and calls.
inline Alat::Tag general_tag(const Processor& p, unsigned physical) {
  if (physical >= Registers::bank_0) return u64{1} << 62 | physical;
  return physical < 32 ? physical : 128 + p.stack.position() + (physical - 32);
}
inline Alat::Tag float_tag(unsigned physical) { return u64{1} << 63 | physical; }

/// Whether a check load finds its data still good, so that memory need not be read.
template <Kind kind>
bool still_good(Processor& p, Alat::Tag tag) {
  if (!p.alat.holds(tag)) return false;
  if constexpr (kind == Kind::check_clear) p.alat.drop(tag);
  return true;
}

/// After a load that was granted: the ALAT as its kind says. False: the page allows no speculation, and an
/// advanced load gets 0 instead of data (SDM vol. 3 ld).
template <Kind kind>
bool note_loaded(Processor& p, Alat::Tag tag, unsigned size) {
  if constexpr (is_advanced(kind)) {
    if (!p.last_cacheable) return p.alat.drop(tag), false;
    p.alat.enter(tag, p.last_pa, size);
  }
  if constexpr (kind == Kind::check_keep)
    if (p.last_cacheable) p.alat.enter(tag, p.last_pa, size);
  return true;
}

/// A speculative load need not even try: PSR.ed, or its address is a NaT.
inline bool defers_at_once(const Processor& p, const Slot& s) {
  return (p.r.psr & psr::ed) != 0 || is_nat(p, s.r3);
}

}  // namespace xs::ia64
