// The register file of one core, as plain data in the order of heat (SDM vol. 1 chapter 3, vol. 2 chapter 3).
//
//     gr[0..31]    static; 16..31 are those of the bank that PSR.bn selects, `banked` holds the others
//     gr[32..127]  the current stack frame, in physical order: where rotation puts a register is decided when
//     a
//                  block is entered (exec/block.cpp), not at each access. Frames below are RegisterStack's.
//     nat[]        one byte a register. All are 0 while `any_nat` is.
//     fr[32..127]  likewise in physical order
//     pr           in logical order: it is turned when rrb.pr changes. Bit 0 is always 1.
#pragma once
#include <array>

#include "sim/cpu_ia64/float/register.h"
#include "sim/cpu_ia64/system/psr.h"

namespace xs::ia64 {

/// Application registers by number (SDM vol. 1 table 3-3).
namespace ar {
enum Number : u8 {
  kr0 = 0,
  kr7 = 7,
  rsc = 16,
  bsp = 17,
  bspstore = 18,
  rnat = 19,
  fcr = 21,
  eflag = 24,
  csd = 25,
  ssd = 26,
  cflg = 27,
  fsr = 28,
  fir = 29,
  fdr = 30,
  ccv = 32,
  unat = 36,
  fpsr = 40,
  itc = 44,
  ruc = 45,
  pfs = 64,
  lc = 65,
  ec = 66
};
}
/// Control registers by number (SDM vol. 2 table 3-3).
namespace cr {
enum Number : u8 {
  dcr = 0,
  itm = 1,
  iva = 2,
  pta = 8,
  ipsr = 16,
  isr = 17,
  iip = 19,
  ifa = 20,
  itir = 21,
  iipa = 22,
  ifs = 23,
  iim = 24,
  iha = 25,
  lid = 64,
  ivr = 65,
  tpr = 66,
  eoi = 67,
  irr0 = 68,
  irr3 = 71,
  itv = 72,
  pmv = 73,
  cmcv = 74,
  lrr0 = 80,
  lrr1 = 81
};
}
/// Default control register (SDM vol. 2 3.3.4.1).
namespace dcr {
inline constexpr u64 pp = 1, be = 2, lc = 4, dm = 1 << 8, dp = 1 << 9, dk = 1 << 10, dx = 1 << 11,
                     dr = 1 << 12, da = 1 << 13, dd = 1 << 14;
inline constexpr u64 implemented = 0x7f07;
}  // namespace dcr

struct Registers {
  alignas(64) std::array<u64, 128> gr{};
  std::array<u8, 128> nat{};
  u64 pr = 1;
  u64 ip = 0;  ///< address of the next bundle; its slot is PSR.ri
  u64 psr = 0;
  std::array<u64, 8> br{};
  std::array<fp::Register, 128> fr{};
  u64 lc = 0, ec = 0, pfs = 0, unat = 0, ccv = 0, fpsr = 0, rsc = 0;
  u64 csd = 0, ssd = 0, fcr = 0, eflag = 0, cflg = 0, fsr = 0, fir = 0, fdr = 0;
  std::array<u64, 8> kr{};
  std::array<u64, 16> banked{};
  std::array<u8, 16> banked_nat{};

  u64 dcr = 0, itm = 0, iva = 0;
  u64 ipsr = 0, isr = 0, iip = 0, ifa = 0, itir = 0, iipa = 0, ifs = 0, iim = 0, iha = 0;
  std::array<u64, 16> dbr{}, ibr{};
  std::array<u64, 32> pmc{}, pmd{};

  unsigned cpl() const { return static_cast<unsigned>(psr >> ia64::psr::cpl_shift & 3); }
  unsigned ri() const { return static_cast<unsigned>(psr >> ia64::psr::ri_shift & 3); }
};

}  // namespace xs::ia64
