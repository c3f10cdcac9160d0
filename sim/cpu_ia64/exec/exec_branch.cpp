// Branches and what the B unit does beside them: formats B1 to B9, and the checks that branch (SDM vol. 3). A
// handler runs only when its predicate is 1; br.wtop and br.wexit, which look at it themselves, find it in x.
#include <algorithm>

#include "sim/cpu_ia64/exec/access.h"
#include "sim/cpu_ia64/system/delivery.h"

namespace xs::ia64 {
namespace {

constexpr unsigned ec_shift = 52, ppl_shift = 62;
constexpr u64 frame_bits = (u64{1} << FrameMarker::bits) - 1;

/// Target of a relative branch: imm counts from the block's first bundle.
u64 target(const Processor& p, const Slot* s) { return p.block->va + s->imm; }

Next br_cond(Processor& p, const Slot* s) {
  p.r.ip = target(p, s);
  return taken(p, s);
}

Next br_indirect(Processor& p, const Slot* s) {
  p.r.ip = p.r.br[s->r2] & ~u64{15};
  return taken(p, s);
}

/// The caller's frame marker, EC and level go to ar.pfs; its outputs become the frame.
void enter_callee(Processor& p, const Slot* s) {
  p.r.br[s->r1] = bundle_of(p, s) + 16;
  const u64 cfm = p.stack.frame().raw;
  p.r.pfs = cfm | p.r.ec << ec_shift | u64{p.r.cpl()} << ppl_shift;
  if (p.rotation != 0 || p.stack.frame().rrb_pr() != 0) p.rotate_predicates(p.stack.frame().rrb_pr(), 0);
  p.stack.call();
  p.frame_changed();
}

Next br_call(Processor& p, const Slot* s) {
  p.r.ip = target(p, s);
  enter_callee(p, s);
  return taken(p, s);
}

Next br_call_indirect(Processor& p, const Slot* s) {
  p.r.ip = p.r.br[s->r2] & ~u64{15};
  enter_callee(p, s);
  return taken(p, s);
}

/// To a less privileged level, when ar.pfs names one; never to a more privileged one.
bool lower_privilege(Processor& p, const Slot* s, unsigned level) {
  const bool trap = (p.r.psr & psr::lp) != 0;
  p.set_psr((p.r.psr & ~psr::cpl) | u64{level} << psr::cpl_shift);
  if (!trap) return true;
  return p.refuse(
      {.vector = Vector::lower_privilege_transfer, .isr = 2, .manner = Manner::trap, .slot = s->ri});
}

Next br_ret(Processor& p, const Slot* s) {
  p.r.ip = p.r.br[s->r2] & ~u64{15};
  const FrameMarker to{p.r.pfs & frame_bits};
  const unsigned from = p.stack.frame().rrb_pr();
  p.r.ec = p.r.pfs >> ec_shift & 0x3f;
  p.stack.back(to, to.sol());
  if (p.stack.incomplete()) p.stack.complete_quickly();
  if (from != p.stack.frame().rrb_pr()) p.rotate_predicates(from, p.stack.frame().rrb_pr());
  p.frame_changed();
  const unsigned level = static_cast<unsigned>(p.r.pfs >> ppl_shift);
  if (level > p.r.cpl() && !lower_privilege(p, s, level)) {
    p.branched = true;
    return stop(p, s);
  }
  return taken(p, s);
}

/// IA-32 is not there to branch to.
bool br_ia(Processor& p, const Slot&) { return p.general_exception(isr::disabled_transition); }

/// One step of all rotating bases; `p63` is what rotates into p16.
void rotate_registers(Processor& p, bool p63) {
  FrameMarker f = p.stack.frame();
  const unsigned gr = f.sor() == 0 ? 0 : (f.rrb_gr() + f.sor() - 1) % f.sor();
  const unsigned fr = (f.rrb_fr() + 95) % 96, pr = (f.rrb_pr() + 47) % 48;
  f.raw = (f.raw & 0x3ffff) | u64{gr} << 18 | u64{fr} << 25 | u64{pr} << 32;
  const u64 rotating = p.r.pr >> 16 & ((u64{1} << 47) - 1);
  p.r.pr = (p.r.pr & 0xffff) | u64{p63} << 16 | rotating << 17;
  p.stack.set_frame(f);
  p.frame_changed();
}

void clear_p63(Processor& p) { p.r.pr &= ~(u64{1} << 63); }

/// Counted loops: LC rounds, then EC - 1 rounds that drain the pipeline.
bool count_and_rotate(Processor& p) {
  const bool again = p.r.lc != 0 || p.r.ec > 1;
  if (p.r.lc != 0) {
    --p.r.lc;
    rotate_registers(p, true);
  } else if (p.r.ec != 0) {
    --p.r.ec;
    rotate_registers(p, false);
  } else {
    clear_p63(p);
  }
  return again;
}

bool test_and_rotate(Processor& p, bool predicate) {
  const bool again = predicate || p.r.ec > 1;
  if (!predicate && p.r.ec != 0)
    --p.r.ec, rotate_registers(p, false);
  else if (predicate)
    rotate_registers(p, false);
  else
    clear_p63(p);
  return again;
}

[[gnu::always_inline]] inline Next branch_if(Processor& p, const Slot* s, bool take) {
  if (take) return br_cond(p, s);
  return go_on(p, s + 1);
}

Next br_cloop(Processor& p, const Slot* s) {
  if (p.r.lc == 0) return go_on(p, s + 1);
  --p.r.lc;
  return br_cond(p, s);
}
Next br_ctop(Processor& p, const Slot* s) { return branch_if(p, s, count_and_rotate(p)); }
Next br_cexit(Processor& p, const Slot* s) { return branch_if(p, s, !count_and_rotate(p)); }
Next br_wtop(Processor& p, const Slot* s) {
  return branch_if(p, s, test_and_rotate(p, (p.r.pr >> s->x & 1) != 0));
}
Next br_wexit(Processor& p, const Slot* s) {
  return branch_if(p, s, !test_and_rotate(p, (p.r.pr >> s->x & 1) != 0));
}

/// With collection off this is part of an interruption handler, and the frame is what it will return to.
void cover(Processor& p, const Slot&) {
  const FrameMarker f = p.stack.frame();
  p.rotate_predicates(f.rrb_pr(), 0);
  p.stack.cover();
  if ((p.r.psr & psr::ic) == 0) p.r.ifs = u64{1} << 63 | f.raw;
  p.frame_changed();
}

void clrrrb(Processor& p, const Slot&) {
  FrameMarker f = p.stack.frame();
  f.raw &= 0x3ffff;
  p.set_frame(f);
}

void clrrrb_pr(Processor& p, const Slot&) {
  FrameMarker f = p.stack.frame();
  f.raw &= 0xffff'ffff;
  p.set_frame(f);
}

[[gnu::always_inline]] inline Next return_to_interrupted(Processor& p, const Slot* s) {
  // With collection off nothing has updated IIPA (3.3.5.6).
  p.last_bundle = (p.r.psr & psr::ic) != 0 ? bundle_of(p, s) : p.r.iipa;
  p.branched = true;
  return chain(p, p.return_from_interruption());
}
[[gnu::noinline]] Next rfi_uncovering(Processor& p, const Slot* s) {
  if (!p.uncover()) return stop(p, s);
  return return_to_interrupted(p, s);
}
Next rfi(Processor& p, const Slot* s) {
  if ((p.r.ipsr & psr::is) != 0 || p.r.ifs >> 63 != 0) [[unlikely]]
    return rfi_uncovering(p, s);
  return return_to_interrupted(p, s);
}

template <bool one>
void bsw(Processor& p, const Slot&) {
  p.set_psr(one ? p.r.psr | psr::bn : p.r.psr & ~psr::bn);
}

/// Promotes to the level of a page with access rights 7; without translation to level 0.
bool epc(Processor& p, const Slot& s) {
  const unsigned previous = static_cast<unsigned>(p.r.pfs >> ppl_shift);
  if (previous < p.r.cpl()) return p.general_exception(isr::illegal_operation);
  unsigned level = 0;
  if ((p.r.psr & psr::it) != 0) {
    const mmu::ia64::Access ask{.va = bundle_of(p, &s), .fetch = true, .rights = 0, .walk = true};
    const mmu::ia64::Answer answer = p.mmu.translate(ask);
    level = answer.page.ar == 7 ? std::min<unsigned>(p.r.cpl(), answer.page.pl) : p.r.cpl();
  }
  p.set_psr((p.r.psr & ~psr::cpl) | u64{level} << psr::cpl_shift);
  return true;
}

template <bool on>
void vmsw(Processor& p, const Slot&) {
  p.set_psr(on ? p.r.psr | psr::vm : p.r.psr & ~psr::vm);
}

Next break_(Processor& p, const Slot* s) {
  p.refuse({.vector = Vector::break_instruction, .iim = s->imm, .immediate = true});
  return stop(p, s);
}

// Checks: the branch goes to code that does again what speculation did not.

Next chk_s(Processor& p, const Slot* s) { return branch_if(p, s, is_nat(p, s->r2)); }
Next chk_s_fp(Processor& p, const Slot* s) { return branch_if(p, s, fp::is_nat(p.r.fr[s->r2])); }

template <bool clear>
Next check_advanced(Processor& p, const Slot* s, Alat::Tag tag) {
  if (!p.alat.holds(tag)) return br_cond(p, s);
  if constexpr (clear) p.alat.drop(tag);
  return go_on(p, s + 1);
}
template <bool clear>
Next chk_a(Processor& p, const Slot* s) {
  return check_advanced<clear>(p, s, general_tag(p, s->r1));
}
template <bool clear>
Next chk_a_fp(Processor& p, const Slot* s) {
  return check_advanced<clear>(p, s, float_tag(s->r1));
}

Next fchkf(Processor& p, const Slot* s) { return branch_if(p, s, fp::fchkf(p.r.fpsr, s->x)); }

}  // namespace

void add_branch(Handlers& h) {
  h.set(Op::br_cond, br_cond, if_predicated<br_cond>);
  h.set(Op::br_cond_indirect, br_indirect, if_predicated<br_indirect>);
  h.set(Op::br_call, br_call, if_predicated<br_call>);
  h.set(Op::br_call_indirect, br_call_indirect);
  h.set(Op::br_ret, br_ret, if_predicated<br_ret>);
  h.set(Op::br_ia, step<br_ia>);
  h.set(Op::br_cloop, br_cloop);
  h.set(Op::br_ctop, br_ctop);
  h.set(Op::br_cexit, br_cexit);
  h.set(Op::br_wtop, br_wtop);
  h.set(Op::br_wexit, br_wexit);
  h.set(Op::cover, step<cover>);
  h.set(Op::clrrrb, step<clrrrb>);
  h.set(Op::clrrrb_pr, step<clrrrb_pr>);
  h.set(Op::rfi, rfi);
  h.set(Op::bsw_0, step<bsw<false>>);
  h.set(Op::bsw_1, step<bsw<true>>);
  h.set(Op::epc, step<epc>);
  h.set(Op::vmsw_0, step<vmsw<false>>);
  h.set(Op::vmsw_1, step<vmsw<true>>);
  h.set(Op::break_, break_);
  h.set(Op::chk_s, chk_s);
  h.set(Op::chk_s_fp, chk_s_fp);
  h.set(Op::chk_a_nc, chk_a<false>);
  h.set(Op::chk_a_clr, chk_a<true>);
  h.set(Op::chk_a_nc_fp, chk_a_fp<false>);
  h.set(Op::chk_a_clr_fp, chk_a_fp<true>);
  h.set(Op::fchkf, fchkf);
}

}  // namespace xs::ia64
