// What happens behind an instruction, and before the next one: single step, taken branch and lower-privilege
// traps with the ISR that tells of all that apply at once, breakpoints and the PSR bits that let one
// instruction pass, the byte order that DCR gives to handlers, and pending interrupts, which must come as
// soon as they may: behind `ssm psr.i`, and behind an rfi whose target is then never begun, even when the
// next interrupt comes by the rfi of the first. Sources: Intel SDM vol. 2 3.3.2, 5.5, 7.1, chapter 8 (table
// 8-3: ISR.code of traps), vol. 3.
#include "guests/ia64/corner/corner.h"

using namespace corner;
using bare::TrapFrame;

extern "C" const u64 step_code[], branch_code[], branch_target[], demoting_branch[], demotion_target[],
    watched_code[];
extern "C" const u64 iipa_handler[], iipa_handler_end[], last_bundle[];
extern "C" void demoted();
extern "C" const u64 order_handler[], order_handler_end[];
extern "C" {
u64 iipa_seen;
u64 order_read = 0x0102030405060708;
alignas(8) u8 order_seen[16];
}

// Returns at privilege level 3. On the way br.ret has a frame without registers on both sides.
asm("        .text\n"
    "        .global demoted, demoting_branch, demotion_target\n"
    "        .proc demoted\n"
    "demoted:\n"
    "        mov r17 = ar.pfs\n"
    "        movl r15 = 3 << 62\n"
    "        movl r16 = demotion_target\n"
    "        ;;\n"
    "        mov ar.pfs = r15\n"
    "        mov b6 = r16\n"
    "        ;;\n"
    "        { .mii\n nop.m 0\n nop.i 0\n break.i 0x100000\n ;; }\n"
    "demoting_branch:\n"
    "        { .bbb\n br.ret.sptk.few b6\n nop.b 0\n nop.b 0\n ;; }\n"
    "demotion_target:\n"
    "        mov ar.pfs = r17\n"
    "        ;;\n"
    "        br.ret.sptk.many b0\n"
    "        .endp demoted\n");

namespace {

constexpr u64 breakpoint_on = u64{1} << 63, all_levels = u64{0xf} << 56, byte_mask = 0x00ffffffffffffff;
alignas(64) u64 watched[8];

#define PLACE(name) ".global " name "\n" name ":\n"

[[gnu::noipa]] void single_step_traps() {
  u64 a = 0, b = 0;
  unsigned steps = 0;
  static unsigned left;
  left = 4;
  react = [](TrapFrame&) { return --left != 0; };
  arm(psr::ss);
  asm volatile(CORNER_ARM PLACE("step_code")
               "{ .mii\n mov %0 = 1\n mov %1 = 2\n nop.i 0\n ;; }\n{ .mlx\n nop.m 0\n movl r14 = 0x123456789abcdef\n ;; }\n"
               : "+r"(a), "+r"(b)
               :
               : "r14", "memory");
  react = nullptr;
  steps = events;
  check(steps == 4 && a == 1 && b == 2, "PSR.ss: a trap behind each instruction, a nop too");
  const u64 at = reinterpret_cast<u64>(step_code);
  bool places = true, codes = true;
  for (unsigned n = 0; n < 4; ++n) {
    const Event& e = event[n];
    codes &= e.vector == single_step && (e.isr & ~(u64{3} << 41)) == isr::ss;
    places &= e.ei() == n % 3 && e.iipa == at + n / 3 * 16;
    places &= e.iip == at + (n + 1) / 3 * 16 && e.slot() == (n + 1) % 3;
  }
  check(codes, "its ISR.code is ss alone");
  check(places, "ISR.ei and IIPA name the instruction, IIP and IPSR.ri the next one");
  events = 0;

  arm(psr::ss);
  asm volatile(CORNER_ARM "ld8 r14 = [%0];;" ::"r"(in_region(1, 0)) : "r14", "memory");
  check(events == 2 && event[0].vector == alternate_data_tlb && event[0].isr == isr::r,
        "an instruction that faults has not completed: the fault alone");
  events = 0;
}

[[gnu::noipa]] void branch_traps() {
  arm(psr::tb);
  asm volatile(CORNER_ARM PLACE("branch_code") "{ .mib\n nop.m 0\n nop.i 0\n br.cond.sptk.few branch_target\n ;; }\n"
               "{ .mii\n nop.m 0\n nop.i 0\n nop.i 0\n ;; }\n" PLACE("branch_target"));
  const Event e = last();
  check(came(taken_branch, isr::tb), "PSR.tb: a taken branch traps, its code is tb alone");
  check(e.iip == reinterpret_cast<u64>(branch_target) && e.slot() == 0 && e.ei() == 2 &&
            e.iipa == reinterpret_cast<u64>(branch_code),
        "IIP is the target, IIPA and ei the branch");
  arm(psr::tb);
  asm volatile(CORNER_ARM "cmp.ne p6, p0 = r0, r0;;\n(p6) br.cond.sptk.few 1f;;\n1:\n" CORNER_CALM ::: "p6");
  check(quiet(), "a branch that is not taken does not");

  arm(psr::tb | psr::ss);
  asm volatile(CORNER_ARM "{ .mib\n nop.m 0\n nop.i 0\n br.cond.sptk.few 1f\n ;; }\n1:\n");
  check(came(single_step, isr::ss), "with PSR.ss as well: a nop steps");
  arm(psr::tb | psr::ss);
  asm volatile(CORNER_ARM "{ .bbb\n br.cond.sptk.few 1f\n nop.b 0\n nop.b 0\n ;; }\n1:\n");
  check(came(taken_branch, isr::tb | isr::ss),
        "a branch traps once, on the taken branch vector, with both bits");
}

[[gnu::noipa]] void lower_privilege_traps() {
  arm(psr::lp);
  demoted();
  Event e = last();
  check(came(lower_privilege, isr::lp), "PSR.lp: br.ret to a less privileged level traps, code lp");
  check(e.iip == reinterpret_cast<u64>(demotion_target) && e.iipa == reinterpret_cast<u64>(demoting_branch) &&
            e.ei() == 0 && (e.ipsr & psr::cpl) == psr::level(3),
        "IIP and IPSR.cpl are those of the target, IIPA the branch");
  set_level(0);
  arm(psr::lp | psr::ss | psr::tb);
  demoted();
  check(came(lower_privilege, isr::lp | isr::tb | isr::ss),
        "with PSR.ss and tb: one trap, code lp, tb and ss");
  set_level(0);
  change_psr(0, psr::lp);
  arm(psr::ss | psr::tb);
  demoted();
  check(came(taken_branch, isr::tb | isr::ss), "without PSR.lp: tb and ss");
  set_level(0);
}

/// 1 + 2^-60 does not fit into a double: inexact, which FPSR lets trap.
[[gnu::noipa]] void floating_point_traps() {
  constexpr u64 inexact_off = 1 << 5, inexact = 1 << 13;  // trap disable; ISR.code: i
  const u64 fpsr = BARE_READ("ar.fpsr");
  const auto inexact_sum = [] {
    asm volatile(
        "movl r14 = 0x3c30000000000000;;\n setf.d f6 = r14;;\n"
        "{ .mfi\n break.m 0x100000\n fma.d.s0 f7 = f6, f1, f1\n nop.i 0\n ;; }\n" ::
            : "r14", "f6", "f7", "memory");
  };
  BARE_WRITE("ar.fpsr", fpsr & ~inexact_off);
  arm(0);
  inexact_sum();
  check(came(fp_trap, isr::fp | inexact), "a floating-point trap: code fp, and which one");
  arm(psr::ss);
  inexact_sum();
  check(came(fp_trap, isr::fp | inexact | isr::ss), "with PSR.ss: one trap, code fp and ss");
  arm(psr::dd | psr::id);
  inexact_sum();
  const u64 left = last().ipsr & (psr::dd | psr::id);
  check(came(fp_trap, isr::fp | inexact) && left == 0,
        "it has completed: PSR bits for one instruction are used up");
  BARE_WRITE("ar.fpsr", fpsr);
}

void set_data_breakpoint(u64 address, u64 control) {
  asm volatile("mov dbr[%0] = %1;;\n mov dbr[%2] = %3;;\n srlz.d;;" ::"r"(u64{0}), "r"(address), "r"(u64{1}),
               "r"(control)
               : "memory");
}
void set_instruction_breakpoint(u64 address, u64 control) {
  asm volatile("mov ibr[%0] = %1;;\n mov ibr[%2] = %3;;\n srlz.i;;" ::"r"(u64{0}), "r"(address), "r"(u64{1}),
               "r"(control)
               : "memory");
}

[[gnu::noipa]] void data_breakpoints() {
  const u64 at = reinterpret_cast<u64>(&watched[4]);
  set_data_breakpoint(at + 2, breakpoint_on | all_levels | byte_mask);
  load(at);
  check(quiet(), "PSR.db clear: data breakpoints are silent");
  change_psr(psr::db, 0);
  load(at);
  const Event e = last();
  check(came(debug, isr::r) && e.ifa == at,
        "a load of 8 bytes that meets a watched byte; IFA is its address");
  load(at - 8);
  load(at + 8);
  store(at, 1);
  check(quiet(), "neighbours, and a store where loads are watched, pass");
  u64 high = 0;
  asm volatile("ld1 %0 = [%1];;" : "=r"(high) : "r"(at + 3));
  check(quiet(), "the byte behind it passes");
  set_data_breakpoint(at, u64{1} << 62 | all_levels | (byte_mask & ~u64{7}));
  store(at, 2);
  check(came(debug, isr::w) && watched[4] == 1, "a watched store does not happen");
  asm volatile("st1 [%0] = r0;;" ::"r"(at + 7) : "memory");
  check(came(debug, isr::w), "the mask widens the watched range");
  u64 old = 0;
  asm volatile("fetchadd8.acq %0 = [%1], 1;;" : "=r"(old) : "r"(at) : "memory");
  check(came(debug, isr::r | isr::w) && watched[4] == 1,
        "a semaphore writes: it is refused whole, ISR.r and w");
  react = [](TrapFrame& f) { return f.ipsr |= psr::dd, true; };
  store(at, 3);
  check(events == 1 && watched[4] == 3, "PSR.dd lets the store pass");
  store(at, 4);
  check(events == 2, "and only that one");
  events = 0;
  react = nullptr;
  set_data_breakpoint(at, u64{3} << 62 | u64{1} << 59 | byte_mask);
  load(at);
  check(quiet(), "a breakpoint for level 3 leaves level 0 alone");
  set_level(3);
  load(at);
  set_level(0);
  check(came(debug, isr::r), "and stops level 3");
  set_data_breakpoint(0, 0);
  change_psr(0, psr::db);
}

[[gnu::noipa]] void instruction_breakpoints() {
  const u64 at = reinterpret_cast<u64>(watched_code);
  u64 a = 0, b = 0, c = 0;
  set_instruction_breakpoint(at, breakpoint_on | all_levels | byte_mask);
  react = [](TrapFrame& f) { return f.ipsr |= psr::id, true; };
  arm(psr::db);
  asm volatile(
      CORNER_ARM PLACE("watched_code") "{ .mii\n add %0 = 1, %0\n add %1 = 1, %1\n add %2 = 1, %2\n ;; }\n"
      : "+r"(a), "+r"(b), "+r"(c)
      :
      : "memory");
  react = nullptr;
  change_psr(0, psr::db);
  const bool once = a == 1 && b == 1 && c == 1;
  check(events == 3 && once, "a watched bundle: PSR.id lets one instruction pass, the next is stopped again");
  bool good = events == 3;
  for (unsigned n = 0; n < 3; ++n)
    good &= event[n].vector == debug && event[n].isr == (isr::x | u64{n} << 41) && event[n].iip == at &&
            event[n].slot() == n;
  check(good, "the debug vector, ISR.x, and ei the instruction's slot");
  events = 0;
  set_instruction_breakpoint(0, 0);
}

// What a handler that keeps collection off leaves of IIPA

/// A handler for break: notes IIPA at break 7, goes on in the next bundle.
asm("        .text\n"
    "        .global iipa_handler, iipa_handler_end\n"
    "        .align 16\n"
    "iipa_handler:\n"
    "        mov r16 = cr.iim\n mov r17 = cr.iip\n mov r18 = pr\n movl r20 = iipa_seen\n ;;\n"
    "        cmp.eq p6, p0 = 7, r16\n add r17 = 16, r17\n ;;\n"
    "        mov r19 = cr.iipa\n mov cr.iip = r17\n ;;\n"
    "(p6)    st8 [r20] = r19\n"
    "        mov pr = r18, -1\n ;;\n"
    "        rfi\n ;;\n"
    "iipa_handler_end:\n");

/// This for break, nothing for all else; returns the table to go back to.
u64 use_handler(const u64* begin, const u64* end) {
  const u64 vectors = frame(200), old = BARE_READ("cr.iva");
  void* const place = reinterpret_cast<void*>(vectors + bare::break_instruction);
  memcpy(place, begin, static_cast<size_t>(end - begin) * sizeof *begin);
  for (u64 at = 0; at < 0x100; at += 32)
    asm volatile("fc.i %0;;" ::"r"(static_cast<u8*>(place) + at) : "memory");
  asm volatile("sync.i;;\n srlz.i;;" ::: "memory");
  BARE_WRITE("cr.iva", vectors);
  return old;
}

[[gnu::noipa]] void previous_instruction() {
  const u64 old = use_handler(iipa_handler, iipa_handler_end);
  asm volatile(PLACE("last_bundle") "{ .mii\n nop.m 0\n nop.i 0\n nop.i 0\n ;; }\n"
               "{ .mii\n break.m 1\n nop.i 0\n nop.i 0\n ;; }\n{ .mii\n break.m 7\n nop.i 0\n nop.i 0\n ;; }\n" ::
                   : "memory");
  BARE_WRITE("cr.iva", old);
  same(iipa_seen, reinterpret_cast<u64>(last_bundle),
       "an rfi with PSR.ic clear does not become IIPA's instruction");
}

// Byte order of handlers

/// A handler for break: loads 8 bytes and notes the highest, notes PSR.be, stores 8 bytes; goes on in the
/// next bundle.
asm("        .text\n"
    "        .global order_handler, order_handler_end\n"
    "        .align 16\n"
    "order_handler:\n"
    "        movl r16 = order_read\n movl r17 = order_seen\n movl r22 = 0x1112131415161718\n ;;\n"
    "        ld8 r18 = [r16]\n mov r19 = psr\n mov r21 = cr.iip\n ;;\n"
    "        shr.u r18 = r18, 56\n extr.u r19 = r19, 1, 1\n add r21 = 16, r21\n ;;\n"
    "        st1 [r17] = r18, 1\n ;;\n st1 [r17] = r19, 7\n ;;\n"
    "        st8 [r17] = r22\n mov cr.iip = r21\n ;;\n"
    "        rfi\n ;;\n"
    "order_handler_end:\n");

/// Whether all that the handler saw was the order that DCR.be names, and PSR.be was back behind it. Between
/// the writes of DCR nothing but the handler may touch memory.
[[gnu::noipa]] bool order_follows_dcr(bool before, bool handler) {
  constexpr u64 dcr_be = 2;
  memset(order_seen, 0xff, sizeof order_seen);
  const u64 old = BARE_READ("cr.dcr"), dcr = handler ? old | dcr_be : old & ~dcr_be;
  u64 after = 0;
  asm volatile(
      "cmp.ne p6, p0 = 0, %3\n mov cr.dcr = %1;;\n srlz.d;;\n (p6) sum 2;;\n"
      "{ .mii\n break.m 7\n nop.i 0\n nop.i 0\n ;; }\n"
      "mov %0 = psr.um\n rum 2\n mov cr.dcr = %2;;\n srlz.d;;"
      : "=&r"(after)
      : "r"(dcr), "r"(old), "r"(u64{before})
      : "p6", "memory");
  const bool stored = order_seen[8] == (handler ? 0x11 : 0x18) && order_seen[15] == (handler ? 0x18 : 0x11);
  return order_seen[0] == (handler ? 0x08 : 0x01) && order_seen[1] == handler && stored &&
         (after & psr::be) == (before ? psr::be : 0);
}

void byte_order() {
  const u64 old = use_handler(order_handler, order_handler_end);
  bool good[2][2];
  for (unsigned n = 0; n < 4; ++n) good[n / 2][n % 2] = order_follows_dcr(n / 2 != 0, n % 2 != 0);
  BARE_WRITE("cr.iva", old);
  check(good[0][1] && good[1][1], "DCR.be set: handlers load and store big-endian, with PSR.be set");
  check(good[0][0] && good[1][0], "DCR.be clear: little-endian, though PSR.be was set; rfi sets it again");
}

// Interrupts

constexpr u64 first_vector = 0xb0, second_vector = 0x40;
volatile u64 arrived;

/// Two requests; each interruption takes one of them, so that the second one waits for the rfi.
void request_two() {
  arrived = 0;
  bare::write<u64>(bare::interrupt_block, second_vector);
  bare::write<u64>(bare::interrupt_block, first_vector);
  react = [](TrapFrame& f) {
    if (f.vector != bare::external_interrupt) return false;
    bare::acknowledge();
    bare::end_of_interrupt();
    arrived = arrived + 1;
    return true;
  };
}

[[gnu::noipa]] void pending_interrupts() {
  u64 seen = 0;
  request_two();
  asm volatile("ld8 %0 = [%1];;\n ssm psr.i;;\n srlz.d;;\n ld8 %0 = [%1];;\n rsm psr.i;;"
               : "=&r"(seen)
               : "r"(&arrived)
               : "memory");
  same(seen, 2, "ssm psr.i, srlz.d: both have come before the next instruction");
  check(events == 2 && event[0].iip == event[1].iip && event[0].slot() == event[1].slot(),
        "the second one by the rfi of the first: no instruction between them");
  events = 0;

  request_two();
  asm volatile(
      "rsm psr.ic;;\n srlz.d;;\n movl r14 = 1f\n mov r15 = psr;;\n movl r16 = %2;;\n or r15 = r15, r16;;\n"
      "mov cr.ipsr = r15\n mov cr.iip = r14\n mov cr.ifs = r0;;\n rfi;;\n"
      "1: ld8 %0 = [%1];;\n rsm psr.i;;"
      : "=r"(seen)
      : "r"(&arrived), "i"(psr::ic | psr::i | psr::bn | psr::it)
      : "r14", "r15", "r16", "memory");
  same(seen, 2, "rfi with IPSR.i set: both have come before its target");
  check(events == 2 && event[0].iip == event[1].iip && event[0].slot() == 0 && event[1].slot() == 0 &&
            (event[1].ipsr & psr::i) != 0,
        "and were taken there, PSR.i set");
  events = 0;
  react = nullptr;
}

}  // namespace

int main() {
  start("corner-traps");
  single_step_traps();
  branch_traps();
  lower_privilege_traps();
  floating_point_traps();
  data_breakpoints();
  instruction_breakpoints();
  previous_instruction();
  byte_order();
  pending_interrupts();
  return report("corner-traps");
}
