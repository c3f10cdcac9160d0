// Names of architectural bits and vectors (Intel SDM vol. 3A 2.5, 6.3, 4.7; vol. 4 chapter 2).
#pragma once
#include "sim/core/types.h"

namespace xs::x86 {

enum Vector : u8 {
  vec_de = 0,
  vec_db = 1,
  vec_nmi = 2,
  vec_bp = 3,
  vec_of = 4,
  vec_br = 5,
  vec_ud = 6,
  vec_nm = 7,
  vec_df = 8,
  vec_ts = 10,
  vec_np = 11,
  vec_ss = 12,
  vec_gp = 13,
  vec_pf = 14,
  vec_mf = 16,
  vec_ac = 17,
  vec_mc = 18,
  vec_xm = 19
};

/// Exceptions that push an error code.
constexpr bool has_error_code(u8 vector) {
  return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

namespace rflags {
enum : u32 {
  tf = 1u << 8,
  if_ = 1u << 9,
  iopl = 3u << 12,
  nt = 1u << 14,
  rf = 1u << 16,
  vm = 1u << 17,
  ac = 1u << 18
};
}
namespace cr0 {
enum : u64 {
  pe = 1,
  mp = 2,
  em = 4,
  ts = 8,
  et = 16,
  ne = 32,
  wp = 1u << 16,
  am = 1u << 18,
  nw = 1u << 29,
  cd = 1u << 30,
  pg = 1u << 31
};
}
namespace cr4 {
enum : u64 {
  vme = 1,
  pvi = 2,
  tsd = 4,
  de = 8,
  pse = 16,
  pae = 32,
  mce = 64,
  pge = 128,
  pce = 256,
  osfxsr = 512,
  osxmmexcpt = 1024,
  smep = 1u << 20
};
inline constexpr u64 implemented = tsd | de | pse | pae | mce | pge | pce | osfxsr | osxmmexcpt | smep;
}  // namespace cr4
namespace efer {
enum : u64 { sce = 1, lme = 1u << 8, lma = 1u << 10, nxe = 1u << 11 };
}

inline constexpr u64 dr7_general_detect = 1u << 13;

namespace msr {
enum : u32 {
  tsc = 0x10,
  apic_base = 0x1b,
  mtrr_cap = 0xfe,
  sysenter_cs = 0x174,
  sysenter_esp = 0x175,
  sysenter_eip = 0x176,
  mcg_cap = 0x179,
  mcg_status = 0x17a,
  misc_enable = 0x1a0,
  mtrr_base0 = 0x200,
  mtrr_fix64k = 0x250,
  mtrr_fix16k_80 = 0x258,
  mtrr_fix16k_a0 = 0x259,
  mtrr_fix4k_c0 = 0x268,
  pat = 0x277,
  mtrr_default = 0x2ff,
  efer = 0xc0000080,
  star = 0xc0000081,
  lstar = 0xc0000082,
  cstar = 0xc0000083,
  fmask = 0xc0000084,
  fs_base = 0xc0000100,
  gs_base = 0xc0000101,
  kernel_gs_base = 0xc0000102,
  tsc_aux = 0xc0000103
};
}

}  // namespace xs::x86
