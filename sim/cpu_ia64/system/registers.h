// The register file of one core, as plain data in the order of heat (SDM vol. 1 chapter 3, vol. 2 chapter 3).
//
//     gr[0..31]    static; 16..31 are those of bank 1
//     gr[32..127]  the current stack frame, in physical order: where rotation puts a register is decided when
//     a
//                  block is entered (exec/block.cpp), not at each access. Frames below are RegisterStack's.
//     gr[128..135] nothing: copies of frames may write behind the last register (register_stack.cpp)
//     gr[136..151] r16..r31 of bank 0: PSR.bn decides at decoding which of them an instruction means
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
  static constexpr unsigned bank_0 = 136, places = 152;
  u64 pr = 1;
  u64 ip = 0;  ///< address of the next bundle; its slot is PSR.ri
  u64 psr = 0;
  u64 lc = 0, ec = 0, pfs = 0;
  u64 dcr = 0, iva = 0;
  u64 ipsr = 0, isr = 0, iip = 0, ifa = 0, itir = 0, iipa = 0, ifs = 0, iim = 0, iha = 0;
  alignas(64) std::array<u64, places> gr{};
  std::array<u8, places> nat{};
  std::array<u64, 8> br{};
  u64 unat = 0, ccv = 0, fpsr = 0, rsc = 0;
  std::array<fp::Register, 128> fr{};
  u64 csd = 0, ssd = 0, fcr = 0, eflag = 0, cflg = 0, fsr = 0, fir = 0, fdr = 0;
  std::array<u64, 8> kr{};
  u64 itm = 0;
  std::array<u64, 16> dbr{}, ibr{};
  std::array<u64, 32> pmc{}, pmd{};

  /// Where r16 to r31 of a bank are.
  static constexpr unsigned place(unsigned n, bool bank_1) {
    return !bank_1 && n >= 16 && n < 32 ? bank_0 + n - 16 : n;
  }
  /// Of a general register that does not rotate, now.
  unsigned place(unsigned n) const { return place(n, (psr & ia64::psr::bn) != 0); }
  unsigned cpl() const { return static_cast<unsigned>(psr >> ia64::psr::cpl_shift & 3); }
  unsigned ri() const { return static_cast<unsigned>(psr >> ia64::psr::ri_shift & 3); }
};

/// A register whose access has no effect but its value's.
struct PlainRegister {
  u8 number = 0;
  u64 Registers::*place = nullptr;
  u64 reserved = 0;  ///< must be written as 0
  u64 ignored = 0;   ///< read as 0 whatever is written
};
/// Those control registers that interruptions fill in: there only while PSR.ic is 0 (SDM vol. 2 3.3.5).
inline constexpr PlainRegister interruption_registers[] = {
    {cr::ipsr, &Registers::ipsr, ~(psr::implemented | psr::is), 0},
    {cr::isr, &Registers::isr, 0, ~(u64{0xffffff} | u64{0xfff} << 32)},
    {cr::iip, &Registers::iip, 0, 0},
    {cr::ifa, &Registers::ifa, 0, 0},
    {cr::itir, &Registers::itir, ~u64{0xfffffffc}, 0},
    {cr::iipa, &Registers::iipa, 0, 0},
    {cr::ifs, &Registers::ifs, ~(u64{1} << 63 | ((u64{1} << 38) - 1)), 0},
    {cr::iim, &Registers::iim, 0, 0},
    {cr::iha, &Registers::iha, 0, 3},
};
/// Of the application registers (SDM vol. 1 3.1.8).
inline constexpr PlainRegister application_registers[] = {
    {ar::fcr, &Registers::fcr, 0, 0},
    {ar::eflag, &Registers::eflag, 0, 0},
    {ar::csd, &Registers::csd, 0, 0},
    {ar::ssd, &Registers::ssd, 0, 0},
    {ar::fsr, &Registers::fsr, 0, 0},
    {ar::fir, &Registers::fir, 0, 0},
    {ar::fdr, &Registers::fdr, 0, 0},
    {ar::ccv, &Registers::ccv, 0, 0},
    {ar::unat, &Registers::unat, 0, 0},
    {ar::pfs, &Registers::pfs, ~(((u64{1} << 38) - 1) | u64{0x3f} << 52 | u64{3} << 62), 0},
    {ar::lc, &Registers::lc, 0, 0},
    {ar::ec, &Registers::ec, 0, ~u64{0x3f}},
};
/// Null: not one of `all`.
template <std::size_t n>
constexpr const PlainRegister* find_plain(const PlainRegister (&all)[n], unsigned number) {
  for (const PlainRegister& r : all)
    if (r.number == number) return &r;
  return nullptr;
}

}  // namespace xs::ia64
