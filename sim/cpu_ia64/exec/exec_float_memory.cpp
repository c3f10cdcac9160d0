// Floating-point loads and stores: formats M6 to M12 (SDM vol. 3). A deferred load writes NaTVal.
#include "sim/cpu_ia64/exec/access.h"

namespace xs::ia64 {
namespace {

using mmu::ia64::right_write;

/// What lies in memory: its size, and how it becomes a register and back.
enum class Format : u8 { single, real_double, integer, extended, spill };

constexpr unsigned size_of(Format f) {
  return f == Format::single ? 4 : f == Format::extended ? 10 : f == Format::spill ? 16 : 8;
}
template <Format f>
fp::Register to_register(u64 low, u64 high) {
  if constexpr (f == Format::single) return fp::from_single(static_cast<u32>(low));
  if constexpr (f == Format::real_double) return fp::from_double(low);
  if constexpr (f == Format::integer) return fp::integer(low);
  if constexpr (f == Format::extended) return fp::from_extended(low, static_cast<u16>(high));
  if constexpr (f == Format::spill) return fp::from_spill(low, high);
}

template <Format f, Kind kind, Handlers::Update update>
bool load_carefully(Processor& p, const Slot& s) {
  const Alat::Tag tag = float_tag(s.r1);
  if (is_nat(p, s.r3) && !is_speculative(kind)) return p.nat_consumption(isr::r);
  if constexpr (is_check(kind))
    if (still_good<kind>(p, tag)) return move_base<update>(p, s), true;
  const DataAccess access{.va = p.r.gr[s.r3], .size = size_of(f), .speculative = is_speculative(kind)};
  u64 low = 0, high = 0;
  Reach reached = Reach::deferred;
  if (!is_speculative(kind) || !defers_at_once(p, s)) reached = p.load_wide(access, low, high);
  if (reached == Reach::refused) return false;
  move_base<update>(p, s);
  if (reached == Reach::deferred) {
    if constexpr (is_advanced(kind)) p.alat.drop(tag);
    write_fr(p, s.r1, fp::nat_value);
  } else {
    const bool speculation = note_loaded<kind>(p, tag, size_of(f) == 10 ? 16 : size_of(f));
    write_fr(p, s.r1, speculation ? to_register<f>(low, high) : fp::zero());
  }
  return true;
}

template <Format f, Kind kind, Handlers::Update update>
Next load(Processor& p, const Slot* s) {
  if constexpr (kind == Kind::plain && size_of(f) <= 8) {
    const u64 va = p.r.gr[s->r3];
    const DataCache::Entry& e = p.data.at(va);
    if (e.read == DataCache::key(va, size_of(f), p.data_mode) && !p.any_nat) [[likely]] {
      u64 value = 0;
      std::memcpy(&value, e.place(va), size_of(f));
      move_base<update>(p, *s);
      write_fr(p, s->r1, to_register<f>(value, 0));
      return go_on(p, s + 1);
    }
  }
  return step<load_carefully<f, kind, update>>(p, s);
}

/// Two neighbours in memory, the first into f1 whatever the byte order.
template <Format f, Kind kind, Handlers::Update update>
bool load_pair(Processor& p, const Slot& s) {
  constexpr unsigned half = size_of(f);
  const Alat::Tag tag = float_tag(s.r1);
  if (is_nat(p, s.r3) && !is_speculative(kind)) return p.nat_consumption(isr::r);
  if constexpr (is_check(kind))
    if (still_good<kind>(p, tag)) return move_base<update>(p, s), true;
  DataAccess access{.va = p.r.gr[s.r3], .size = 2 * half, .element = half};
  access.speculative = is_speculative(kind);
  u64 low = 0, high = 0;
  Reach reached = Reach::deferred;
  if (!is_speculative(kind) || !defers_at_once(p, s)) reached = p.load_wide(access, low, high);
  if (reached == Reach::refused) return false;
  move_base<update>(p, s);
  if (half == 4) high = low >> 32;
  fp::Register first = to_register<f>(low, 0), second = to_register<f>(high, 0);
  if (reached == Reach::deferred) {
    if constexpr (is_advanced(kind)) p.alat.drop(tag);
    first = second = fp::nat_value;
  } else if (!note_loaded<kind>(p, tag, 2 * half)) {
    first = second = fp::zero();
  }
  write_fr(p, s.r1, first);
  write_fr(p, s.r2, second);
  return true;
}

template <Format f>
void to_memory(fp::Register value, u64& low, u64& high) {
  low = value.significand;
  if constexpr (f == Format::single) low = fp::to_single(value);
  if constexpr (f == Format::real_double) low = fp::to_double(value);
  if constexpr (f == Format::extended) high = fp::to_extended_sign_exponent(value);
  if constexpr (f == Format::spill) high = value.sign_exponent;
}

template <Format f, Handlers::Update update>
bool store(Processor& p, const Slot& s) {
  const fp::Register value = p.r.fr[s.r2];
  if (is_nat(p, s.r3) || (f != Format::spill && fp::is_nat(value))) return p.nat_consumption(isr::w);
  u64 low = 0, high = 0;
  to_memory<f>(value, low, high);
  const u64 va = p.r.gr[s.r3];
  const DataCache::Entry& e = p.data.at(va);
  if (size_of(f) <= 8 && e.write == DataCache::key(va, size_of(f) & 15, p.data_mode) && p.alat.empty())
    std::memcpy(e.place(va), &low, std::min(size_of(f), 8u));
  else if (!p.store_wide(DataAccess{.va = va, .size = size_of(f), .rights = right_write}, low, high))
    return false;
  move_base<update>(p, s);
  return true;
}

constexpr Op nth(Op first, unsigned n) { return static_cast<Op>(static_cast<unsigned>(first) + n); }

template <Format f, Kind kind>
void set_load(Handlers& h, Op op) {
  h.set(op, load<f, kind, Handlers::none>, Handlers::none);
  h.set(op, load<f, kind, Handlers::by_register>, Handlers::by_register);
  h.set(op, load<f, kind, Handlers::by_immediate>, Handlers::by_immediate);
}

/// s, d, 8, e follow each other in Op.
template <Kind kind>
void set_loads(Handlers& h, Op first) {
  set_load<Format::single, kind>(h, nth(first, 0));
  set_load<Format::real_double, kind>(h, nth(first, 1));
  set_load<Format::integer, kind>(h, nth(first, 2));
  set_load<Format::extended, kind>(h, nth(first, 3));
}

template <Format f, Kind kind>
void set_pair(Handlers& h, Op op) {
  h.set(op, step<load_pair<f, kind, Handlers::none>>, Handlers::none);
  h.set(op, step<load_pair<f, kind, Handlers::by_immediate>>, Handlers::by_immediate);
}

template <Kind kind>
void set_pairs(Handlers& h, Op first) {
  set_pair<Format::single, kind>(h, nth(first, 0));
  set_pair<Format::real_double, kind>(h, nth(first, 1));
  set_pair<Format::integer, kind>(h, nth(first, 2));
}

template <Format f>
void set_store(Handlers& h, Op op) {
  h.set(op, step<store<f, Handlers::none>>, Handlers::none);
  h.set(op, step<store<f, Handlers::by_immediate>>, Handlers::by_immediate);
}

}  // namespace

void add_float_memory(Handlers& h) {
  set_loads<Kind::plain>(h, Op::ldfs);
  set_loads<Kind::speculative>(h, Op::ldfs_s);
  set_loads<Kind::advanced>(h, Op::ldfs_a);
  set_loads<Kind::speculative_advanced>(h, Op::ldfs_sa);
  set_loads<Kind::check_clear>(h, Op::ldfs_c_clr);
  set_loads<Kind::check_keep>(h, Op::ldfs_c_nc);
  set_load<Format::spill, Kind::plain>(h, Op::ldf_fill);
  set_pairs<Kind::plain>(h, Op::ldfps);
  set_pairs<Kind::speculative>(h, Op::ldfps_s);
  set_pairs<Kind::advanced>(h, Op::ldfps_a);
  set_pairs<Kind::speculative_advanced>(h, Op::ldfps_sa);
  set_pairs<Kind::check_clear>(h, Op::ldfps_c_clr);
  set_pairs<Kind::check_keep>(h, Op::ldfps_c_nc);
  set_store<Format::single>(h, Op::stfs);
  set_store<Format::real_double>(h, Op::stfd);
  set_store<Format::integer>(h, Op::stf8);
  set_store<Format::extended>(h, Op::stfe);
  set_store<Format::spill>(h, Op::stf_spill);
}

}  // namespace xs::ia64
