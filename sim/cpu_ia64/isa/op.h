// What execution dispatches on: one operation for all encodings that do the same with their operands. Hints
// (.nt1, .bias, .sptk, ...) make no operation of their own; neither does a base update, which is a flag.
#pragma once
#include "sim/core/types.h"

namespace xs::ia64 {

// clang-format off
enum class Op : u16 {
  none,
  // Integer ALU
  add, add_plus1, sub, sub_minus1, addp4, and_, andcm, or_, xor_, shladd, shladdp4, sub_imm, and_imm,
  andcm_imm, or_imm, xor_imm, add_imm, addp4_imm, cmp_lt, cmp_ltu, cmp_eq, cmp_lt_unc, cmp_ltu_unc,
  cmp_eq_unc, cmp_eq_and, cmp_eq_or, cmp_eq_or_andcm, cmp_ne_and, cmp_ne_or, cmp_ne_or_andcm, cmp4_lt,
  cmp4_ltu, cmp4_eq, cmp4_lt_unc, cmp4_ltu_unc, cmp4_eq_unc, cmp4_eq_and, cmp4_eq_or, cmp4_eq_or_andcm,
  cmp4_ne_and, cmp4_ne_or, cmp4_ne_or_andcm, cmp_gt_and, cmp_gt_or, cmp_gt_or_andcm, cmp_le_and, cmp_le_or,
  cmp_le_or_andcm, cmp_ge_and, cmp_ge_or, cmp_ge_or_andcm, cmp_lt_and, cmp_lt_or, cmp_lt_or_andcm,
  cmp4_gt_and, cmp4_gt_or, cmp4_gt_or_andcm, cmp4_le_and, cmp4_le_or, cmp4_le_or_andcm, cmp4_ge_and,
  cmp4_ge_or, cmp4_ge_or_andcm, cmp4_lt_and, cmp4_lt_or, cmp4_lt_or_andcm, cmp_lt_imm, cmp_ltu_imm,
  cmp_eq_imm, cmp_lt_unc_imm, cmp_ltu_unc_imm, cmp_eq_unc_imm, cmp_eq_and_imm, cmp_eq_or_imm,
  cmp_eq_or_andcm_imm, cmp_ne_and_imm, cmp_ne_or_imm, cmp_ne_or_andcm_imm, cmp4_lt_imm, cmp4_ltu_imm,
  cmp4_eq_imm, cmp4_lt_unc_imm, cmp4_ltu_unc_imm, cmp4_eq_unc_imm, cmp4_eq_and_imm, cmp4_eq_or_imm,
  cmp4_eq_or_andcm_imm, cmp4_ne_and_imm, cmp4_ne_or_imm, cmp4_ne_or_andcm_imm, padd1, padd2, padd4,
  padd1_sss, padd2_sss, padd1_uuu, padd2_uuu, padd1_uus, padd2_uus, psub1, psub2, psub4, psub1_sss,
  psub2_sss, psub1_uuu, psub2_uuu, psub1_uus, psub2_uus, pavg1, pavg2, pavg1_raz, pavg2_raz, pavgsub1,
  pavgsub2, pcmp1_eq, pcmp2_eq, pcmp4_eq, pcmp1_gt, pcmp2_gt, pcmp4_gt, pshladd2, pshradd2,
  // I unit
  pmpyshr2, pmpyshr2_u, pmpy2_r, pmpy2_l, mpy4, mpyshl4, mix1_r, mix2_r, mix4_r, mix1_l, mix2_l, mix4_l,
  pack2_uss, pack2_sss, pack4_sss, unpack1_h, unpack2_h, unpack4_h, unpack1_l, unpack2_l, unpack4_l,
  pmin1_u, pmax1_u, pmin2, pmax2, psad1, mux1_brcst, mux1_mix, mux1_shuf, mux1_alt, mux1_rev, mux2, pshr2,
  pshr4, shr, pshr2_u, pshr4_u, shr_u, pshr2_imm, pshr4_imm, pshr2_u_imm, pshr4_u_imm, pshl2, pshl4, shl,
  pshl2_imm, pshl4_imm, popcnt, clz, shrp, extr_u, extr, dep_z, dep_z_imm, dep_imm, dep, tbit_z, tbit_z_unc,
  tbit_z_and, tbit_nz_and, tbit_z_or, tbit_nz_or, tbit_z_or_andcm, tbit_nz_or_andcm, tnat_z, tnat_z_unc,
  tnat_z_and, tnat_nz_and, tnat_z_or, tnat_nz_or, tnat_z_or_andcm, tnat_nz_or_andcm, tf_z, tf_z_unc,
  tf_z_and, tf_nz_and, tf_z_or, tf_nz_or, tf_z_or_andcm, tf_nz_or_andcm, nop, hint, break_, chk_s,
  mov_to_br, mov_from_br, mov_to_pr, mov_to_pr_rotating, mov_from_ip, mov_from_pr, mov_to_ar_i,
  mov_to_ar_i_imm, mov_from_ar_i, zxt1, zxt2, zxt4, sxt1, sxt2, sxt4, czx1_l, czx2_l, czx1_r, czx2_r,
  // M unit
  ld1, ld2, ld4, ld8, ld1_s, ld2_s, ld4_s, ld8_s, ld1_a, ld2_a, ld4_a, ld8_a, ld1_sa, ld2_sa, ld4_sa,
  ld8_sa, ld1_acq, ld2_acq, ld4_acq, ld8_acq, ld8_fill, ld1_c_clr, ld2_c_clr, ld4_c_clr, ld8_c_clr,
  ld1_c_nc, ld2_c_nc, ld4_c_nc, ld8_c_nc, ld1_c_clr_acq, ld2_c_clr_acq, ld4_c_clr_acq, ld8_c_clr_acq, ld16,
  ld16_acq, st1, st2, st4, st8, st1_rel, st2_rel, st4_rel, st8_rel, st8_spill, st16, st16_rel, ldfs, ldfd,
  ldf8, ldfe, ldfs_s, ldfd_s, ldf8_s, ldfe_s, ldfs_a, ldfd_a, ldf8_a, ldfe_a, ldfs_sa, ldfd_sa, ldf8_sa,
  ldfe_sa, ldf_fill, ldfs_c_clr, ldfd_c_clr, ldf8_c_clr, ldfe_c_clr, ldfs_c_nc, ldfd_c_nc, ldf8_c_nc,
  ldfe_c_nc, stfs, stfd, stf8, stfe, stf_spill, ldfps, ldfpd, ldfp8, ldfps_s, ldfpd_s, ldfp8_s, ldfps_a,
  ldfpd_a, ldfp8_a, ldfps_sa, ldfpd_sa, ldfp8_sa, ldfps_c_clr, ldfpd_c_clr, ldfp8_c_clr, ldfps_c_nc,
  ldfpd_c_nc, ldfp8_c_nc, lfetch, lfetch_fault, cmpxchg1_acq, cmpxchg2_acq, cmpxchg4_acq, cmpxchg8_acq,
  cmpxchg1_rel, cmpxchg2_rel, cmpxchg4_rel, cmpxchg8_rel, cmp8xchg16_acq, cmp8xchg16_rel, xchg1, xchg2,
  xchg4, xchg8, fetchadd4_acq, fetchadd8_acq, fetchadd4_rel, fetchadd8_rel, setf_sig, setf_exp, setf_s,
  setf_d, getf_sig, getf_exp, getf_s, getf_d, chk_s_fp, chk_a_nc, chk_a_clr, chk_a_nc_fp, chk_a_clr_fp,
  invala, fwb, mf, mf_a, srlz_d, srlz_i, sync_i, flushrs, loadrs, invala_e, invala_e_fp, fc, fc_i,
  mov_to_ar_m, mov_to_ar_m_imm, mov_from_ar_m, mov_to_cr, mov_from_cr, alloc, mov_to_psr_l, mov_to_psr_um,
  mov_from_psr, mov_from_psr_um, probe_r, probe_w, probe_r_imm, probe_w_imm, probe_rw_fault, probe_r_fault,
  probe_w_fault, itc_d, itc_i, mov_to_rr, mov_to_dbr, mov_to_ibr, mov_to_pkr, mov_to_pmc, mov_to_pmd,
  mov_to_msr, itr_d, itr_i, mov_from_rr, mov_from_dbr, mov_from_ibr, mov_from_pkr, mov_from_pmc,
  mov_from_pmd, mov_from_msr, mov_from_cpuid, mov_from_dahr, sum, rum, ssm, rsm, ptc_l, ptc_g, ptc_ga,
  ptr_d, ptr_i, thash, ttag, tpa, tak, ptc_e,
  // F unit
  fma, fma_s, fma_d, fpma, fms, fms_s, fms_d, fpms, fnma, fnma_s, fnma_d, fpnma, xma_l, xma_h, xma_hu,
  fselect, fcmp_eq, fcmp_lt, fcmp_le, fcmp_unord, fcmp_eq_unc, fcmp_lt_unc, fcmp_le_unc, fcmp_unord_unc,
  fclass_m, fclass_m_unc, frcpa, fprcpa, frsqrta, fprsqrta, fmin, fmax, famin, famax, fpmin, fpmax, fpamin,
  fpamax, fpcmp_eq, fpcmp_lt, fpcmp_le, fpcmp_unord, fpcmp_neq, fpcmp_nlt, fpcmp_nle, fpcmp_ord, fmerge_s,
  fmerge_ns, fmerge_se, fmix_lr, fmix_r, fmix_l, fsxt_r, fsxt_l, fpack, fswap, fswap_nl, fswap_nr, fand,
  fandcm, for_, fxor, fpmerge_s, fpmerge_ns, fpmerge_se, fcvt_fx, fcvt_fxu, fcvt_fx_trunc, fcvt_fxu_trunc,
  fpcvt_fx, fpcvt_fxu, fpcvt_fx_trunc, fpcvt_fxu_trunc, fcvt_xf, fsetc, fclrf, fchkf,
  // B unit
  br_cond, br_wexit, br_wtop, br_cloop, br_cexit, br_ctop, br_call, br_cond_indirect, br_ia, br_ret,
  br_call_indirect, brp, cover, clrrrb, clrrrb_pr, rfi, bsw_0, bsw_1, epc, vmsw_0, vmsw_1,
  // X
  movl,
  count,
};
// clang-format on

inline constexpr unsigned op_count = static_cast<unsigned>(Op::count);

}  // namespace xs::ia64
