// The ALAT must forget what a store or a semaphore wrote, through whatever address, and its entries go with
// the register when the names rotate, in regions of all sizes; NaT bits of both register banks; the checks
// and hints of the I unit. Sources: Intel SDM vol. 1 4.4.5 (data speculation), 4.5.1 (rotation), vol. 2 3.3.7
// (banks), vol. 3 chk, hint.
#include "guests/ia64/corner/corner.h"

using namespace corner;

// rotate_<n>: a frame of 96 registers of which n rotate; r(32 + k) holds k, two of them by advanced loads
// from r32 and r32 + 8. Result: 1 wrong after one rotation, 2 wrong after n, 4 the first load's new name is
// in the ALAT, 8 its old one is; 16 and 32 the same of the second load, whose register wraps; 64 the first
// load's name is in the ALAT after n rotations.
asm("        .text\n"
    "        .altmacro\n"
    "        .macro SET k, value\n"
    "        mov r\\k = \\value\n"
    "        .endm\n"
    "        .macro DIFFERS k, value\n"
    "        cmp.ne.or p6, p0 = \\value, r\\k\n"
    "        .endm\n"
    "        .macro LOAD k, from\n"
    "        ld8.a r\\k = [\\from]\n"
    "        .endm\n"
    "        .macro HELD k, bit\n"
    "        mov r16 = \\bit\n ;;\n"
    "        chk.a.nc r\\k, 1f\n"
    "        or r8 = r8, r16\n ;;\n"
    "1:\n"
    "        .endm\n"
    "        .macro ALL_OF step, n\n"
    "        cmp.ne p6, p0 = r0, r0\n ;;\n"
    "        .set i, 0\n"
    "        .rept 96\n"
    "        .if i < \\n\n"
    "        DIFFERS %(32 + i), %((i + \\n - \\step) % \\n)\n"
    "        .else\n"
    "        DIFFERS %(32 + i), %i\n"
    "        .endif\n"
    "        .set i, i + 1\n"
    "        .endr\n"
    "        ;;\n"
    "        .endm\n"
    "        .macro ROTATE n\n"
    "        .global rotate_\\n\n"
    "        .proc rotate_\\n\n"
    "rotate_\\n:\n"
    "        alloc r14 = ar.pfs, 1, 95, 0, \\n\n"
    "        mov r15 = r32\n mov r17 = pr\n mov r18 = ar.lc\n mov r20 = ar.ec\n mov r8 = 0\n ;;\n"
    "        .set i, 0\n"
    "        .rept 96\n"
    "        SET %(32 + i), %i\n"
    "        .set i, i + 1\n"
    "        .endr\n"
    "        add r19 = 8, r15\n ;;\n"
    "        LOAD 33, r15\n LOAD %(32 + \\n - 1), r19\n"
    "        mov r21 = \\n - 1\n"
    "        mov ar.ec = 0\n mov ar.lc = 1\n ;;\n"
    "        br.ctop.sptk.few 2f\n ;;\n"
    "2:      HELD 34, 4\n HELD 33, 8\n HELD 32, 16\n HELD %(32 + \\n - 1), 32\n"
    "        ALL_OF 1, \\n\n"
    "(p6)    or r8 = 1, r8\n"
    "        mov ar.lc = r21\n ;;\n"
    "3:      br.ctop.sptk.few 3b\n ;;\n"
    "        HELD 33, 64\n"
    "        ALL_OF 0, \\n\n"
    "(p6)    or r8 = 2, r8\n"
    "        mov ar.lc = r18\n mov ar.ec = r20\n ;;\n"
    "        clrrrb\n ;;\n"
    "        mov pr = r17, -1\n mov ar.pfs = r14\n ;;\n"
    "        br.ret.sptk.many b0\n"
    "        .endp rotate_\\n\n"
    "        .endm\n"
    "        .irp n, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96\n"
    "        ROTATE \\n\n"
    "        .endr\n"
    "        .noaltmacro\n");
extern "C" {
u64 rotate_8(u64*), rotate_16(u64*), rotate_24(u64*), rotate_32(u64*), rotate_40(u64*), rotate_48(u64*);
u64 rotate_56(u64*), rotate_64(u64*), rotate_72(u64*), rotate_80(u64*), rotate_88(u64*), rotate_96(u64*);
}

namespace {

constexpr u64 data(unsigned n) { return in_region(3, n * page); }
alignas(64) u64 memory[16];

// Banks

[[gnu::noipa]] void banks() {
  u64 bank0 = 0, bank1 = 0;
  asm volatile(
      "mov ar.unat = -1;;\n ld8.fill r16 = [%2]\n mov r17 = 1;;\n"
      "bsw.0;;\n mov r16 = 5\n ld8.fill r17 = [%2];;\n tnat.nz p6, p0 = r16\n tnat.nz p7, p0 = r17;;\n"
      "bsw.1;;\n mov ar.unat = r0\n tnat.nz p8, p0 = r16\n tnat.nz p9, p0 = r17;;\n" CORNER_ARM
      "tnat.nz p10, p0 = r16;;\n mov r16 = r0\n mov r17 = r0\n mov %0 = 0\n mov %1 = 0;;\n"
      "(p6) add %0 = 1, %0;;\n(p7) add %0 = 2, %0;;\n(p8) add %1 = 1, %1;;\n(p9) add %1 = 2, %1;;\n"
      "(p10) add %1 = 4, %1;;\n"
      : "=&r"(bank0), "=&r"(bank1)
      : "r"(&memory[0])
      : "r16", "r17", "p6", "p7", "p8", "p9", "p10", "ar.unat", "memory");
  same(bank0, 2, "bank 0 has NaT bits of its own");
  same(bank1, 5, "bank 1 finds its NaT bits again, after bsw and after an interruption");
  // Whether the ALAT tells the banks apart is left open; what it says must be true in either.
  u64 value = 0;
  memory[0] = 1;
  asm volatile(
      "ld8.a r16 = [%1]\n mov r14 = 2;;\n bsw.0;;\n st8 [%1] = r14;;\n bsw.1;;\n ld8.c.clr r16 = [%1];;\n"
      "mov %0 = r16;;"
      : "=r"(value)
      : "r"(&memory[0])
      : "r14", "r16", "memory");
  same(value, 2, "a store made in bank 0 is seen by the check of bank 1's advanced load");
}

// ALAT

#define STILL_THERE(access)                                                                   \
  ([] {                                                                                       \
    u64 there = 0;                                                                            \
    asm volatile("ld4.a r14 = [%1];;\n" access ";;\n chk.a.nc r14, 1f;;\n mov %0 = 1;;\n1:\n" \
                 : "+r"(there)                                                                \
                 : "r"(data(10) + 0x104), "r"(data(20) + 0x100), "r"(data(20) + 0x104),       \
                   "r"(data(20) + 0x108)                                                      \
                 : "r14", "r15", "f6", "ar.ccv", "memory");                                   \
    return there != 0;                                                                        \
  })

/// An entry may go at any time: one try of several must find it, or none may.
template <class Try>
bool ever(Try once) {
  bool found = false;
  for (unsigned n = 0; n < 8; ++n) found |= once();
  return found;
}

void alat() {
  insert_data(data(10), {.pa = frame(10)});
  insert_data(data(20), {.pa = frame(10)});
  check(ever(STILL_THERE("nop.m 0")), "an advanced load is remembered");
  check(ever(STILL_THERE("st4 [%2] = r0")), "a store beside it through another address leaves it");
  check(!ever(STILL_THERE("st4 [%3] = r0")), "a store to the same memory by another address ends it");
  check(!ever(STILL_THERE("fetchadd4.acq r15 = [%3], 1")), "so does fetchadd4");
  check(!ever(STILL_THERE("fetchadd8.rel r15 = [%2], 1")), "fetchadd8, which overlaps it");
  check(!ever(STILL_THERE("xchg4 r15 = [%3], r0")), "xchg4");
  check(!ever(STILL_THERE("xchg8 r15 = [%2], r0")), "xchg8");
  check(!ever(STILL_THERE("ld8 r15 = [%2];;\n mov ar.ccv = r15;;\n cmpxchg8.acq r15 = [%2], r15, ar.ccv")),
        "cmpxchg8 that writes");
  check(!ever(STILL_THERE(
            "ld8 r15 = [%2];;\n mov ar.ccv = r15;;\n cmp8xchg16.acq r15 = [%2], r15, ar.csd, ar.ccv")),
        "cmp8xchg16");
  check(!ever(STILL_THERE("stf8 [%2] = f0")), "a floating-point store");
  check(!ever(STILL_THERE("st16 [%2] = r0, ar.csd")), "a 16-byte store");
  check(!ever(STILL_THERE("invala")), "invala");
  check(!ever(STILL_THERE("invala.e r14")), "invala.e of its register");
  check(ever(STILL_THERE("invala.e r15")), "not of another");
  check(quiet(), "without any interruption");
}

void rotation() {
  using Rotate = u64(u64*);
  static Rotate* const all[] = {rotate_8,  rotate_16, rotate_24, rotate_32, rotate_40, rotate_48,
                                rotate_56, rotate_64, rotate_72, rotate_80, rotate_88, rotate_96};
  u64 any = 0, each = ~u64{0};
  for (unsigned n = 0; n < 12; ++n) {
    memory[0] = 1;
    memory[1] = 8 * (n + 1) - 1;
    u64 seen = 0;
    for (unsigned k = 0; k < 8; ++k) seen |= all[n](memory);
    any |= seen;
    each &= seen;
  }
  check((any & 1) == 0, "regions of 8 to 96 registers rotate by one, the others stay");
  check((any & 2) == 0, "and are back after as many rotations as they have registers");
  check((each & 4) != 0 && (each & 16) != 0,
        "the ALAT knows a register by its new name, across the wrap, too");
  check((any & (8 | 32)) == 0, "and not by its old one");
  check((each & 64) != 0, "after a whole turn by the first again");
}

// Decoding

[[gnu::noipa]] u64 check_in_i_slot(bool nat) {
  u64 value = 0;
  asm volatile(
      "mov ar.unat = %2;;\n ld8.fill r14 = [%1];;\n mov ar.unat = r0;;\n"
      "{ .mii\n nop.m 0\n chk.s.i r14, 1f\n hint.i 0x1\n ;; }\n mov %0 = 1;;\n br.cond.sptk.few 2f;;\n"
      "1: mov %0 = 2;;\n2: mov r14 = r0;;\n"
      : "=&r"(value)
      : "r"(&memory[0]), "r"(nat ? ~u64{0} : u64{0})
      : "r14", "ar.unat", "memory");
  return value;
}

void decoding() {
  same(check_in_i_slot(false), 1, "chk.s.i of a number goes on");
  same(check_in_i_slot(true), 2, "chk.s.i of a NaT branches");
  asm volatile(
      "{ .mib\n hint.m 0x1\n hint.i 0xfffff\n nop.b 0\n ;; }\n{ .mfi\n nop.m 0\n hint.f 0x5\n hint.i 0x0\n "
      ";; }\n"
      "{ .mlx\n nop.m 0\n hint.x 0x7\n ;; }\n");
  check(quiet(), "hints of the units do nothing");
  u64 passed = 0;
  asm volatile(  // { .bbb hint.b 0x0; hint.b 0x1; hint.b 0x1fffff ;; }, which the assembler declines to write
      "{ .mii\n add %0 = 1, %0\n nop.i 0\n nop.i 0\n ;; }\n"
      "data8 0x10080100000017, 0x2805ffffe0100200\n"
      "{ .mii\n add %0 = 1, %0\n nop.i 0\n nop.i 0\n ;; }\n"
      : "+r"(passed));
  check(passed == 2 && quiet(), "nor does hint.b");
}

}  // namespace

int main() {
  start("corner-alat");
  banks();
  alat();
  rotation();
  decoding();
  return report("corner-alat");
}
