// Model-specific registers (SDM vol. 4; AMD64 APM vol. 2 appendix A). An unknown index is #GP and reported.
#include "sim/cpu_x86/system/architecture.h"
#include "sim/cpu_x86/system/core.h"

namespace xs::x86 {

namespace {

[[noreturn]] void general_protection() { throw GuestFault{vec_gp, true, 0, 0}; }

constexpr u64 efer_writable = efer::sce | efer::lme | efer::nxe;
constexpr u64 mtrr_capabilities = 8 | 1u << 8 | 1u << 10;  // 8 variable ranges, fixed ranges, write combining

u64 canonical(u64 value) {
  if (!mmu::is_canonical(value)) general_protection();
  return value;
}

/// Index into the 11 fixed-range MTRRs, or -1.
int fixed_mtrr(u32 index) {
  if (index == msr::mtrr_fix64k) return 0;
  if (index == msr::mtrr_fix16k_80 || index == msr::mtrr_fix16k_a0)
    return 1 + static_cast<int>(index - msr::mtrr_fix16k_80);
  if (index - msr::mtrr_fix4k_c0 < 8) return 3 + static_cast<int>(index - msr::mtrr_fix4k_c0);
  return -1;
}

bool valid_memory_types(u64 value) {  // PAT: UC WC WT WP WB UC-
  for (unsigned i = 0; i < 64; i += 8) {
    const u64 type = value >> i & 0xff;
    if (type > 7 || type == 2 || type == 3) return false;
  }
  return true;
}

}  // namespace

u64 Core::read_msr(u32 index) {
  if (engine_->cpl() != 0) general_protection();
  if (index - msr::mtrr_base0 < 16) return mtrr_variable_[index - msr::mtrr_base0];
  if (const int fixed = fixed_mtrr(index); fixed >= 0) return mtrr_fixed_[fixed];
  switch (index) {
    case msr::tsc:
      return cycles() + tsc_offset_;
    case msr::apic_base:
      return apic_base_;
    case msr::mtrr_cap:
      return mtrr_capabilities;
    case msr::sysenter_cs:
      return sysenter_cs_;
    case msr::sysenter_esp:
      return sysenter_esp_;
    case msr::sysenter_eip:
      return sysenter_eip_;
    case msr::mcg_cap:
    case msr::mcg_status:
      return 0;  // no machine-check bank
    case msr::misc_enable:
      return misc_enable_;
    case msr::pat:
      return pat_;
    case msr::mtrr_default:
      return mtrr_default_;
    case msr::efer:
      return control_.efer;
    case msr::star:
      return star_;
    case msr::lstar:
      return lstar_;
    case msr::cstar:
      return cstar_;
    case msr::fmask:
      return fmask_;
    case msr::fs_base:
      return engine_->reg(Reg::fs_base);
    case msr::gs_base:
      return engine_->reg(Reg::gs_base);
    case msr::kernel_gs_base:
      return engine_->native_msr(index);
    case msr::tsc_aux:
      return tsc_aux_;
    default:
      break;
  }
  unmodelled("rdmsr", index);
  general_protection();
}

void Core::write_msr(u32 index, u64 value) {
  if (engine_->cpl() != 0) general_protection();
  if (index - msr::mtrr_base0 < 16) {
    mtrr_variable_[index - msr::mtrr_base0] = value;
    return;
  }
  if (const int fixed = fixed_mtrr(index); fixed >= 0) {
    mtrr_fixed_[fixed] = value;
    return;
  }
  switch (index) {
    case msr::tsc:
      tsc_offset_ = value - cycles();
      return;
    case msr::apic_base:
      apic_base_ = (value & 0xffffff800) | (apic_base_ & 0x100);
      return;
    case msr::sysenter_cs:
      sysenter_cs_ = value;
      engine_->set_native_msr(index, value);
      return;
    case msr::sysenter_esp:
      sysenter_esp_ = canonical(value);
      return;
    case msr::sysenter_eip:
      sysenter_eip_ = canonical(value);
      return;
    case msr::mcg_status:
      return;
    case msr::misc_enable:
      misc_enable_ = value;
      return;
    case msr::pat:
      if (!valid_memory_types(value)) general_protection();
      pat_ = value;
      return;
    case msr::mtrr_default:
      mtrr_default_ = value;
      return;
    case msr::efer:
      return write_efer(value);
    case msr::star:
      star_ = value;
      engine_->set_native_msr(index, value);
      return;  // SYSRET runs in the engine
    case msr::lstar:
      lstar_ = canonical(value);
      return;
    case msr::cstar:
      cstar_ = canonical(value);
      return;
    case msr::fmask:
      fmask_ = value & 0xffffffff;
      return;
    case msr::fs_base:
      engine_->set_reg(Reg::fs_base, canonical(value));
      return;
    case msr::gs_base:
      engine_->set_reg(Reg::gs_base, canonical(value));
      return;
    case msr::kernel_gs_base:
      engine_->set_native_msr(index, canonical(value));
      return;
    case msr::tsc_aux:
      if (value >> 32) general_protection();
      tsc_aux_ = value;
      return;
    default:
      break;
  }
  unmodelled("wrmsr", index);
  general_protection();
}

void Core::write_efer(u64 value) {
  if (value & ~(efer_writable | efer::lma)) general_protection();
  if ((control_.cr0 & cr0::pg) && ((value ^ control_.efer) & efer::lme)) general_protection();
  const bool nx_changed = (value ^ control_.efer) & efer::nxe;
  control_.efer = (value & efer_writable) | (control_.efer & efer::lma);
  engine_->set_native_msr(msr::efer, control_.efer);
  update_mmu_control();
  if (nx_changed) engine_->flush_tlb();  // the modelled TLB keeps its entries, their rights are decided anew
}

}  // namespace xs::x86
