// Floating-point registers that a kernel has disabled: who faults with which code, and who does not; which
// writes set PSR.mfl and mfh; fclrf, which clears the flags of one status field and nothing else.
// Sources: Intel SDM vol. 2 3.3.2 (PSR), chapter 8 (disabled floating-point register vector), vol. 1 5.2
// and 5.3, vol. 3 fclrf, fsetc, fchkf.
#include "guests/ia64/corner/corner.h"

using namespace corner;

namespace {

constexpr u64 low = 1, high = 2;  // ISR.code
alignas(16) u64 memory[4];

#define FLOATING(text) asm volatile(text ";;" ::"r"(memory) : "r14", "f6", "f7", "p6", "p7", "memory")

void disabled_registers() {
  change_psr(psr::dfh, 0);
  FLOATING("fma.s0 f6 = f7, f1, f0");
  check(quiet(), "PSR.dfh: f2 to f31 work");
  FLOATING("fma.s0 f6 = f32, f1, f0");
  check(came(disabled_fp, high), "a source beyond f31 faults, code 2");
  FLOATING("fma.s0 f127 = f6, f1, f0");
  check(came(disabled_fp, high), "a target beyond f31");
  FLOATING("ldfd f32 = [%0]");
  check(came(disabled_fp, high), "a load");
  FLOATING("stfd [%0] = f32");
  check(came(disabled_fp, high), "a store, though it writes no register");
  FLOATING("setf.sig f32 = r0");
  check(came(disabled_fp, high), "setf");
  FLOATING("getf.sig r14 = f32");
  check(came(disabled_fp, high), "getf");
  FLOATING("cmp.ne p6, p7 = r0, r0;;\n(p6) fma.s0 f32 = f6, f1, f0");
  check(quiet(), "predicated off: none");
  FLOATING("cmp.ne p6, p7 = r0, r0;;\n(p6) ldfd f32 = [%0]");
  check(quiet(), "nor of a load");
  FLOATING("fclrf.s0;;\n fsetc.s0 0x7f, 0");
  check(quiet(), "fclrf and fsetc name no register");
  FLOATING("lfetch [%0]");
  check(quiet(), "lfetch neither");
  change_psr(psr::dfl, psr::dfh);
  FLOATING("fma.s0 f6 = f0, f1, f0");
  check(came(disabled_fp, low), "PSR.dfl: f2 to f31 fault, code 1");
  FLOATING("fcmp.eq.s0 p6, p7 = f0, f1");
  check(quiet(), "f0 and f1 are never disabled");
  FLOATING("fma.s0 f32 = f33, f1, f0");
  check(quiet(), "nor are those beyond f31 by dfl");
  asm volatile("ld8.s r14 = [%0];;\n ldfd.s f6 = [%1];;" ::"r"(in_region(3, 0)), "r"(in_region(3, 0))
               : "r14", "f6", "memory");
  check(events == 2 && event[1].vector == disabled_fp, "a speculative load faults too: it is never deferred");
  events = 0;
  change_psr(0, psr::dfl | psr::dfh);
}

void modified_bits() {
  u64 bits[4] = {};
  asm volatile(
      "rum 0x30;;\n mov %0 = psr;;\n fma.s0 f6 = f0, f1, f0;;\n mov %1 = psr;;\n rum 0x30;;\n"
      "setf.sig f32 = r0;;\n mov %2 = psr;;\n rum 0x30;;\n stf.spill [%4] = f6\n getf.sig r14 = f32;;\n mov "
      "%3 = psr;;"
      : "=&r"(bits[0]), "=&r"(bits[1]), "=&r"(bits[2]), "=&r"(bits[3])
      : "r"(memory)
      : "r14", "f6", "memory");
  for (u64& b : bits) b &= psr::mfl | psr::mfh;
  check(bits[0] == 0 && bits[1] == psr::mfl && bits[2] == psr::mfh && bits[3] == 0,
        "PSR.mfl and mfh note writes to their half, and no reads");
}

void clear_flags() {
  constexpr u64 flags = 0x1f80;  // of a status field, which has 13 bits: the upper six
  constexpr u64 all = flags << 6 | flags << 19 | flags << 32 | flags << 45;
  const u64 fpsr = BARE_READ("ar.fpsr");
  u64 left[4] = {};
  BARE_WRITE("ar.fpsr", fpsr | all);
  asm volatile(
      "fclrf.s0;;\n mov %0 = ar.fpsr;;\n fclrf.s1;;\n mov %1 = ar.fpsr;;\n fclrf.s2;;\n mov %2 = ar.fpsr;;\n"
      "fclrf.s3;;\n mov %3 = ar.fpsr;;"
      : "=&r"(left[0]), "=&r"(left[1]), "=&r"(left[2]), "=&r"(left[3]));
  u64 wanted = fpsr | all;
  bool good = true;
  for (unsigned n = 0; n < 4; ++n) {
    wanted &= ~(flags << (6 + 13 * n));
    good &= left[n] == wanted;
  }
  check(good, "fclrf clears the six flags of its own field and leaves controls and other fields");
  BARE_WRITE("ar.fpsr", fpsr);
  // The quotient of 0 and 0 is invalid; by sf2 it is noted there alone.
  asm volatile("frcpa.s2 f6, p6 = f0, f0;;" ::: "f6", "p6");
  u64 noted = BARE_READ("ar.fpsr") ^ fpsr;
  check(noted == u64{1} << (32 + 7), "an operation sets flags of its own field");
  asm volatile("fclrf.s2;;");
  same(BARE_READ("ar.fpsr"), fpsr, "and fclrf takes them away");
}

}  // namespace

int main() {
  start("corner-float");
  disabled_registers();
  modified_bits();
  clear_flags();
  return report("corner-float");
}
