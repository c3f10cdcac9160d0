// Integer loads, stores and prefetches: formats M1 to M5, M13 to M15 (SDM vol. 3). Each has a fast way, one
// comparison with DataCache, and a careful one for everything else.
#include "sim/cpu_ia64/exec/access.h"

namespace xs::ia64 {
namespace {

using mmu::ia64::right_write;

template <unsigned size>
u64 read_host(const u8* at) {
  u64 value = 0;
  std::memcpy(&value, at, size);
  return value;
}

template <unsigned size, Kind kind, Handlers::Update update>
bool load_carefully(Processor& p, const Slot& s) {
  const Alat::Tag tag = general_tag(p, s.r1);
  if (is_nat(p, s.r3) && !is_speculative(kind)) return p.nat_consumption(isr::r);
  if constexpr (is_check(kind))
    if (still_good<kind>(p, tag)) return move_base<update>(p, s), true;
  const DataAccess access{.va = p.r.gr[s.r3], .size = size, .speculative = is_speculative(kind)};
  u64 value = 0;
  Reach reached = Reach::deferred;
  if (!is_speculative(kind) || !defers_at_once(p, s)) reached = p.load(access, value);
  if (reached == Reach::refused) return false;
  move_base<update>(p, s);
  if (reached == Reach::deferred) {
    if constexpr (is_advanced(kind)) p.alat.drop(tag);
    write_gr(p, s.r1, 0, 1);
    return true;
  }
  write_gr(p, s.r1, note_loaded<kind>(p, tag, size) ? value : 0);
  return true;
}

template <unsigned size, Kind kind, Handlers::Update update>
Next load(Processor& p, const Slot* s) {
  if constexpr (kind == Kind::plain) {
    const u64 va = p.r.gr[s->r3];
    const DataCache::Entry& e = p.data.at(va);
    if (e.read == DataCache::key(va, size, p.data_mode) && !p.any_nat) [[likely]] {
      const u64 value = read_host<size>(e.place(va));
      move_base<update>(p, *s);
      p.r.gr[s->r1] = value;
      return go_on(p, s + 1);
    }
  }
  return step<load_carefully<size, kind, update>>(p, s);
}

template <Handlers::Update update>
bool fill(Processor& p, const Slot& s) {
  if (is_nat(p, s.r3)) return p.nat_consumption(isr::r);
  const u64 va = p.r.gr[s.r3];
  u64 value = 0;
  if (p.load(DataAccess{.va = va}, value) != Reach::granted) return false;
  move_base<update>(p, s);
  write_gr(p, s.r1, value, p.r.unat >> (va >> 3 & 63) & 1);
  return true;
}

/// ar.csd gets the upper half.
bool load16(Processor& p, const Slot& s) {
  if (is_nat(p, s.r3)) return p.nat_consumption(isr::r);
  const DataAccess access{.va = p.r.gr[s.r3], .size = 16, .element = 8, .aligned = true, .cacheable = true};
  u64 low = 0, high = 0;
  if (p.load_wide(access, low, high) != Reach::granted) return false;
  write_gr(p, s.r1, low);
  p.r.csd = high;
  return true;
}

template <unsigned size, Handlers::Update update>
bool store_carefully(Processor& p, const Slot& s) {
  if (is_nat(p, s.r3) || is_nat(p, s.r2)) return p.nat_consumption(isr::w);
  const DataAccess access{.va = p.r.gr[s.r3], .size = size, .rights = right_write};
  if (!p.store(access, p.r.gr[s.r2])) return false;
  move_base<update>(p, s);
  return true;
}

template <unsigned size, Handlers::Update update>
Next store(Processor& p, const Slot* s) {
  const u64 va = p.r.gr[s->r3];
  const DataCache::Entry& e = p.data.at(va);
  if (e.write == DataCache::key(va, size, p.data_mode) && !p.any_nat && p.alat.empty()) [[likely]] {
    std::memcpy(e.place(va), &p.r.gr[s->r2], size);
    move_base<update>(p, *s);
    return go_on(p, s + 1);
  }
  return step<store_carefully<size, update>>(p, s);
}

template <Handlers::Update update>
bool spill(Processor& p, const Slot& s) {
  if (is_nat(p, s.r3)) return p.nat_consumption(isr::w);
  const u64 va = p.r.gr[s.r3], bit = u64{1} << (va >> 3 & 63);
  if (!p.store(DataAccess{.va = va, .rights = right_write}, p.r.gr[s.r2])) return false;
  p.r.unat = is_nat(p, s.r2) ? p.r.unat | bit : p.r.unat & ~bit;
  move_base<update>(p, s);
  return true;
}

bool store16(Processor& p, const Slot& s) {
  if (is_nat(p, s.r3) || is_nat(p, s.r2)) return p.nat_consumption(isr::w);
  DataAccess access{.va = p.r.gr[s.r3], .size = 16, .element = 8, .rights = right_write};
  access.aligned = access.cacheable = true;
  return p.store_wide(access, p.r.gr[s.r2], p.r.csd);
}

/// A prefetch without .fault is a hint: nothing to do but the base.
template <Handlers::Update update>
void prefetch(Processor& p, const Slot& s) {
  move_base<update>(p, s);
}

template <Handlers::Update update>
bool prefetch_fault(Processor& p, const Slot& s) {
  if (is_nat(p, s.r3)) return p.nat_consumption(isr::na | isr::r | isr::lfetch);
  DataAccess access{.va = p.r.gr[s.r3], .size = 1, .non_access = true, .code = isr::lfetch};
  u64 pa = 0;
  u8* host = nullptr;
  if (p.reach(access, pa, host) == Reach::refused) return false;
  move_base<update>(p, s);
  return true;
}

template <unsigned size, Kind kind>
void set_load(Handlers& h, Op op) {
  h.set(op, load<size, kind, Handlers::none>, Handlers::none);
  h.set(op, load<size, kind, Handlers::by_register>, Handlers::by_register);
  h.set(op, load<size, kind, Handlers::by_immediate>, Handlers::by_immediate);
}

/// The four sizes of a completer follow each other in Op.
template <Kind kind>
void set_loads(Handlers& h, Op first) {
  const auto nth = [&](unsigned n) { return static_cast<Op>(static_cast<unsigned>(first) + n); };
  set_load<1, kind>(h, nth(0));
  set_load<2, kind>(h, nth(1));
  set_load<4, kind>(h, nth(2));
  set_load<8, kind>(h, nth(3));
}

template <unsigned size>
void set_store(Handlers& h, Op op) {
  h.set(op, store<size, Handlers::none>, Handlers::none);
  h.set(op, store<size, Handlers::by_immediate>, Handlers::by_immediate);
}

void set_stores(Handlers& h, Op first) {
  const auto nth = [&](unsigned n) { return static_cast<Op>(static_cast<unsigned>(first) + n); };
  set_store<1>(h, nth(0));
  set_store<2>(h, nth(1));
  set_store<4>(h, nth(2));
  set_store<8>(h, nth(3));
}

}  // namespace

void add_memory(Handlers& h) {
  set_loads<Kind::plain>(h, Op::ld1);
  set_loads<Kind::speculative>(h, Op::ld1_s);
  set_loads<Kind::advanced>(h, Op::ld1_a);
  set_loads<Kind::speculative_advanced>(h, Op::ld1_sa);
  set_loads<Kind::plain>(h, Op::ld1_acq);
  set_loads<Kind::check_clear>(h, Op::ld1_c_clr);
  set_loads<Kind::check_keep>(h, Op::ld1_c_nc);
  set_loads<Kind::check_clear>(h, Op::ld1_c_clr_acq);
  set_stores(h, Op::st1);
  set_stores(h, Op::st1_rel);
  h.set(Op::ld8_fill, step<fill<Handlers::none>>, Handlers::none);
  h.set(Op::ld8_fill, step<fill<Handlers::by_register>>, Handlers::by_register);
  h.set(Op::ld8_fill, step<fill<Handlers::by_immediate>>, Handlers::by_immediate);
  h.set(Op::st8_spill, step<spill<Handlers::none>>, Handlers::none);
  h.set(Op::st8_spill, step<spill<Handlers::by_immediate>>, Handlers::by_immediate);
  h.set(Op::ld16, step<load16>);
  h.set(Op::ld16_acq, step<load16>);
  h.set(Op::st16, step<store16>);
  h.set(Op::st16_rel, step<store16>);
  h.set(Op::lfetch, step<prefetch<Handlers::none>>, Handlers::none);
  h.set(Op::lfetch, step<prefetch<Handlers::by_register>>, Handlers::by_register);
  h.set(Op::lfetch, step<prefetch<Handlers::by_immediate>>, Handlers::by_immediate);
  h.set(Op::lfetch_fault, step<prefetch_fault<Handlers::none>>, Handlers::none);
  h.set(Op::lfetch_fault, step<prefetch_fault<Handlers::by_register>>, Handlers::by_register);
  h.set(Op::lfetch_fault, step<prefetch_fault<Handlers::by_immediate>>, Handlers::by_immediate);
}

}  // namespace xs::ia64
