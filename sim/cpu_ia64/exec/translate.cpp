#include "sim/cpu_ia64/exec/translate.h"

#include <algorithm>

#include "sim/cpu_ia64/exec/exec_tap.h"

namespace xs::ia64 {
namespace {

constexpr unsigned most_bundles = 32;

// What decoding alone can refuse.

bool illegal_operation(Processor& p, const Slot&) { return p.general_exception(isr::illegal_operation); }
bool privileged_operation(Processor& p, const Slot&) {
  return p.general_exception(isr::privileged_operation);
}
bool virtualization(Processor& p, const Slot&) { return p.refuse({.vector = Vector::virtualization}); }
template <bool high>
bool disabled_fp(Processor& p, const Slot&) {
  return p.disabled_fp(high);
}

Next end_of_block(Processor& p, const Slot* s) {
  p.r.ip = bundle_of(p, s);
  p.last_bundle = p.r.ip - (s->ri == 0 ? 16 : 0);
  return chain(p, s->ri);
}

bool writes_general(Operand o) { return o == Operand::gr_out || o == Operand::gr_inout; }
bool names_general(Operand o) {
  return writes_general(o) || o == Operand::gr || o == Operand::gr_name || o == Operand::gr_low;
}
bool names_float(Operand o) { return o == Operand::fr || o == Operand::fr_out || o == Operand::fr_name; }
unsigned reg(const Decoded& d, unsigned n) { return n == 0 ? d.r1 : n == 1 ? d.r2 : n == 2 ? d.r3 : d.r4; }
u8& place_of(Slot& s, unsigned n) { return n == 0 ? s.r1 : n == 1 ? s.r2 : n == 2 ? s.r3 : s.r4; }

/// Reserved uses of operands (SDM vol. 3, check_target_register and each instruction's page).
bool is_illegal(const Decoded& d) {
  const Row& row = *d.row;
  for (unsigned n = 0; n < 4; ++n) {
    if (writes_general(row.operand[n]) && reg(d, n) == 0) return true;
    if (row.operand[n] == Operand::fr_out && reg(d, n) < 2) return true;
  }
  if (row.has(flag::targets_differ) && d.r1 == d.r4) return true;
  if (row.has(flag::base_differs) && d.r1 == d.r3) return true;
  if (row.has(flag::banks_differ) && ((d.r1 ^ d.r2) & 1) == 0) return true;
  if (row.has(flag::slot2) && d.slot != 2) return true;
  return row.has(flag::predicate_zero) && d.qp != 0;
}

/// Illegal even when PR[qp] is 0 (SDM vol. 3, alloc, br.ia).
bool refused_always(const Decoded& d) {
  return d.reserved == Reserved::illegal || (d.row && d.row->has(flag::predicate_zero));
}

/// A register of a part of the file that PSR.dfl or dfh has switched off: 1 low, 2 high.
unsigned disabled_part(const Decoded& d, u64 mode) {
  unsigned part = 0;
  for (unsigned n = 0; n < 4; ++n) {
    if (!names_float(d.row->operand[n]) || reg(d, n) < 2) continue;
    if (reg(d, n) < 32 && (mode & psr::dfl) != 0) part |= 1;
    if (reg(d, n) >= 32 && (mode & psr::dfh) != 0) part |= 2;
  }
  return part;
}

bool does_nothing(Op op) { return op == Op::nop || op == Op::hint || op == Op::brp; }

/// Its immediate is a distance from its bundle.
bool is_relative(Op op) {
  switch (op) {
    case Op::br_cond:
    case Op::br_call:
    case Op::br_wexit:
    case Op::br_wtop:
    case Op::br_cloop:
    case Op::br_cexit:
    case Op::br_ctop:
    case Op::chk_s:
    case Op::chk_s_fp:
    case Op::chk_a_nc:
    case Op::chk_a_clr:
    case Op::chk_a_nc_fp:
    case Op::chk_a_clr_fp:
    case Op::fchkf:
      return true;
    default:
      return false;
  }
}

/// Bits of PSR that decoded code or the run loop depends on.
constexpr u64 looked_at = psr::be | psr::i | psr::pk | psr::dfl | psr::dfh | psr::db | psr::tb | psr::lp;

/// Behind it other registers have these names, another mode is on, or the run loop must look around. What
/// changes this code or its translation ends the running block by itself (Processor::leave_block).
bool ends_block(const Decoded& d) {
  switch (d.op) {
    case Op::sum:
    case Op::rum:
    case Op::ssm:
    case Op::rsm:
      return (d.imm[0] & looked_at) != 0;
    case Op::mov_to_cr:  // but not what describes an interruption
      return d.r3 < cr::ipsr || d.r3 > cr::iha;
    case Op::mov_to_ar_m:
      return d.r3 == ar::itc;
    case Op::br_wexit:
    case Op::br_wtop:
    case Op::br_cexit:
    case Op::br_ctop:
    case Op::cover:
    case Op::clrrrb:
    case Op::clrrrb_pr:
    case Op::rfi:
    case Op::bsw_0:
    case Op::bsw_1:
    case Op::epc:
    case Op::vmsw_0:
    case Op::vmsw_1:
    case Op::mov_to_psr_l:
    case Op::mov_to_psr_um:
    case Op::srlz_i:
    case Op::mov_to_ibr:
    case Op::mov_to_dbr:
      return true;
    default:
      return false;
  }
}

bool never_returns(Op op) {
  return op == Op::br_cond || op == Op::br_cond_indirect || op == Op::br_call || op == Op::br_call_indirect ||
         op == Op::br_ret || op == Op::break_;
}

class Translation {
 public:
  Translation(Block& block, const CodeSource& source) : block_(block), source_(source) {}
  void run();

 private:
  void bundle(const Bundle& bits);
  void slot(const Decoded& d);
  void instruction(const Decoded& d);
  void operands(const Decoded& d, Slot& s);
  void add(const Slot& s);
  bool tapped(const Decoded& d) const;
  void add_beside(const Decoded& d, const Slot& tapped, Handler does);
  Handler refusal(const Decoded& d) const;
  Handler handler(const Decoded& d) const;
  void finish();

  Block& block_;
  const CodeSource& source_;
  std::vector<u16> index_;  ///< of the slots: instructions in front
  unsigned bundle_ = 0, next_slot_ = 0;
  unsigned sof_ = ~0u;  ///< of the frame since an alloc in this block
  bool ended_ = false;
  bool any_tap_ = false;  ///< in the frame
};

/// Null: it is executed.
Handler Translation::refusal(const Decoded& d) const {
  if (d.row == nullptr || is_illegal(d)) return step<illegal_operation>;
  const u64 sof = d.op == Op::alloc ? d.imm[0] : sof_;
  for (unsigned n = 0; n < 4; ++n)
    if (writes_general(d.row->operand[n]) && reg(d, n) >= 32 + sof) return step<illegal_operation>;
  const bool privileged = d.row->has(flag::privileged);
  if (privileged && (source_.mode & psr::cpl) != 0) return step<privileged_operation>;
  if (privileged && (source_.mode & psr::vm) != 0 && d.op != Op::vmsw_0 && d.op != Op::vmsw_1)
    return step<virtualization>;
  if (const unsigned part = disabled_part(d, source_.mode); part != 0)
    return (part & 2) != 0 ? step<disabled_fp<true>> : step<disabled_fp<false>>;
  return nullptr;
}

Handler plain_move(const Decoded& d) {
  switch (d.op) {
    case Op::mov_to_cr:
    case Op::mov_from_cr:
      return interruption_register_move(d.op == Op::mov_to_cr, d.r3);
    case Op::mov_to_ar_i:
    case Op::mov_from_ar_i:
      return application_register_move(d.op == Op::mov_to_ar_i, true, d.r3);
    case Op::mov_to_ar_m:
    case Op::mov_from_ar_m:
      return application_register_move(d.op == Op::mov_to_ar_m, false, d.r3);
    default:
      return nullptr;
  }
}

Handler Translation::handler(const Decoded& d) const {
  const Handlers::Update update = d.row->has(flag::step_register)    ? Handlers::by_register
                                  : d.row->has(flag::step_immediate) ? Handlers::by_immediate
                                                                     : Handlers::none;
  const Handler move = plain_move(d);
  return move ? move : handlers().get(d.op, update);
}

/// Instructions that clear predicates whatever PR[qp] is are refused only when it is 1, but for equal targets
/// (SDM vol. 3, fcmp, frcpa).
bool refused_by_predicate(const Decoded& d) {
  return d.row && d.row->has(flag::unconditional) && !(d.row->has(flag::targets_differ) && d.r1 == d.r4);
}

/// Numbers as the instruction has them; where rotation may move one, a note.
void Translation::operands(const Decoded& d, Slot& s) {
  s.r1 = d.r1, s.r2 = d.r2, s.r3 = d.r3, s.r4 = d.r4;
  s.imm = d.imm[0];
  s.x = static_cast<u8>(d.imm[1]);
  s.y = static_cast<u16>(d.imm[2]);
  if (is_relative(d.op)) s.imm += u64{bundle_} * 16;
  if (d.row == nullptr) return;
  handlers().prepare(d.op, s);
  for (unsigned n = 0; n < 4; ++n) {
    const Operand o = d.row->operand[n];
    const unsigned r = reg(d, n);
    if (writes_general(o) && d.op != Op::alloc && sof_ == ~0u)
      block_.top = std::max(block_.top, static_cast<u8>(r));
    if ((names_general(o) || names_float(o)) && r >= 32)
      block_.fixups.push_back(
          {static_cast<u16>(block_.slots.size()), static_cast<u8>(n), static_cast<u8>(r), names_float(o)});
    if (names_general(o))
      place_of(s, n) = static_cast<u8>(Registers::place(r, (source_.mode & psr::bn) != 0));
  }
}

void Translation::add(const Slot& s) {
  index_.push_back(block_.count);
  block_.slots.push_back(s);
}

bool Translation::tapped(const Decoded& d) const {
  if (!any_tap_) return false;
  return std::binary_search(source_.taps->begin(), source_.taps->end(),
                            (source_.va + u64{bundle_} * 16) | d.slot);
}

/// A slot in front of a tapped instruction or behind it, with its operands and its predicate.
void Translation::add_beside(const Decoded& d, const Slot& tapped, Handler does) {
  Slot s = tapped;
  if (s.qp != 0) add(guard(s.qp));
  operands(d, s);
  describe_tapped(d.op, s);
  s.run = does;
  add(s);
}

void Translation::instruction(const Decoded& d) {
  Slot s;
  s.qp = refused_always(d) ? u8{0} : d.qp;
  s.offset = static_cast<u16>(bundle_ * bundle_size);
  s.ri = d.slot;
  Handler refused = refusal(d);
  if (refused && refused_by_predicate(d)) {
    s.run = refused;
    if (s.qp != 0) add(guard(s.qp));
    add(s);
    refused = nullptr;
  }
  const bool asks_itself =
      d.row && (d.row->has(flag::unconditional) || d.op == Op::br_wtop || d.op == Op::br_wexit);
  if (asks_itself) s.qp = 0;
  const bool tap = !refused && tapped(d);
  if (tap) add_beside(d, s, tap_handler());
  const Handler looking = refused || s.qp == 0 ? nullptr : handlers().looking(d.op);
  if (s.qp != 0 && !looking) add(guard(s.qp));
  operands(d, s);
  if (asks_itself) s.x = d.qp;
  s.run = refused ? refused : looking ? looking : handler(d);
  add(s);
  if (tap) add_beside(d, s, settle_handler());
  if (d.op == Op::alloc) sof_ = static_cast<unsigned>(d.imm[0]);
  ended_ = (d.row && ends_block(d)) || (s.qp == 0 && (!d.row || never_returns(d.op)));
}

void Translation::slot(const Decoded& d) {
  const bool nothing = d.row ? does_nothing(d.op) : d.reserved == Reserved::ignored;
  if (!nothing) instruction(d);
  ++block_.count;
}

void Translation::bundle(const Bundle& bits) {
  const bool is_long = bits.layout().long_immediate();
  for (unsigned n = next_slot_; n < 3 && !ended_ && block_.count < source_.most; ++n) {
    slot(decode(bits, n));
    if (is_long && n == 1) n = 2;
    next_slot_ = n + 1;
  }
  if (next_slot_ < 3) return;
  next_slot_ = 0;
  ++bundle_;
}

void Translation::finish() {
  Slot end;
  end.run = end_of_block;
  end.offset = static_cast<u16>(bundle_ * bundle_size);
  end.ri = static_cast<u8>(next_slot_);
  for (std::size_t n = 0; n < index_.size(); ++n)
    block_.slots[n].behind = static_cast<u32>((block_.count - index_[n] - 1u) * source_.cycles);
  block_.slots.push_back(end);
  block_.cost = static_cast<u32>(block_.count * source_.cycles);
}

void Translation::run() {
  next_slot_ = source_.first_slot;
  if (source_.taps) {
    const auto first = std::lower_bound(source_.taps->begin(), source_.taps->end(), source_.va);
    any_tap_ = first != source_.taps->end() && *first < source_.va + u64{source_.bundles} * 16;
  }
  const unsigned limit = std::min(source_.bundles, most_bundles);
  while (bundle_ < limit && !ended_ && block_.count < source_.most)
    bundle(Bundle::from_bytes(source_.code + u64{bundle_} * 16));
  finish();
}

Handlers make_handlers() {
  Handlers h;
  add_alu(h);
  add_compare(h);
  add_integer(h);
  add_multimedia(h);
  add_moves(h);
  add_memory(h);
  add_semaphores(h);
  add_float_memory(h);
  add_float_moves(h);
  add_float(h);
  add_branch(h);
  add_system(h);
  add_translation(h);
  return h;
}

}  // namespace

const Handlers& handlers() {
  static const Handlers all = make_handlers();
  return all;
}

void translate(Block& block, const CodeSource& source) {
  block.va = source.va;
  block.mode = source.mode | u64{source.first_slot} << psr::ri_shift;
  Translation(block, source).run();
}

void make_illegal(Block& block) {
  const bool guarded = block.slots.front().run == look_at_predicate;
  block.slots[guarded ? 1 : 0].run = step<illegal_operation>;
}

}  // namespace xs::ia64
