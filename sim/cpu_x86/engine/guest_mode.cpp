// Permanent SVM guest mode: one VMRUN at start-up, and never a #VMEXIT (Unicorn raises it as an interrupt
// number above 0x100 and leaves the rest to its embedder). From then on every intercepted instruction and
// every exception stops the engine in front of itself. AMD64 APM vol. 2 sections 15.5, 15.9 and appendix B
// (VMCB).
#include "sim/core/error.h"
#include "sim/cpu_x86/engine/engine_impl.h"
#include "sim/cpu_x86/engine/svm_exit.h"
#include "sim/cpu_x86/system/descriptor.h"

namespace xs::x86 {

namespace {

constexpr u64 bit_of(unsigned exit_code) { return u64{1} << (exit_code - svm::exit_intr); }

constexpr u64 instruction_intercepts() {
  u64 mask = 0;
  for (unsigned code : {svm::exit_tr_write,    svm::exit_rdtsc,    svm::exit_rdpmc,       svm::exit_cpuid,
                        svm::exit_rsm,         svm::exit_swint,    svm::exit_invd,        svm::exit_pause,
                        svm::exit_hlt,         svm::exit_invlpg,   svm::exit_invlpga,     svm::exit_msr,
                        svm::exit_task_switch, svm::exit_shutdown, svm::exit_vmrun,       svm::exit_vmmcall,
                        svm::exit_vmload,      svm::exit_vmsave,   svm::exit_stgi,        svm::exit_clgi,
                        svm::exit_skinit,      svm::exit_rdtscp,   svm::exit_icebp,       svm::exit_wbinvd,
                        svm::exit_monitor,     svm::exit_mwait,    svm::exit_mwait_armed, svm::exit_xsetbv})
    mask |= bit_of(code);
  return mask;
}

template <class T>
void put(u8* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

void put_segment(u8* at, u16 selector, u16 attributes) {
  put<u16>(at, selector);
  put<u16>(at + 2, attributes);
  put<u32>(at + 4, 0xffffffff);
}

/// Control area at 0, state save area at 0x400.
void fill_vmcb(u8* vmcb) {
  put<u16>(vmcb + 0x00, 1u << 2 | 1u << 8);                                // reads of CR2, CR8
  put<u16>(vmcb + 0x02, 1u << 0 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 8);  // writes of CR0, 2, 3, 4, 8
  put<u16>(vmcb + 0x04, 0xff);                                             // reads of DR0..7
  put<u16>(vmcb + 0x06, 0xff);                                             // writes of DR0..7
  put<u32>(vmcb + 0x08, 0xffffffff);                                       // all exceptions
  put<u64>(vmcb + 0x0c, instruction_intercepts());
  put<u64>(vmcb + 0x40, hidden_base + hidden_iopm);
  put<u64>(vmcb + 0x48, hidden_base + hidden_msrpm);
  u8* save = vmcb + 0x400;
  put_segment(save + 0x00, 0x10, 0xc93);  // ES
  put_segment(save + 0x10, 0x08, 0xa9b);  // CS: 64-bit
  put_segment(save + 0x20, 0x10, 0xc93);  // SS
  put_segment(save + 0x30, 0x10, 0xc93);  // DS
  put<u64>(save + 0xd0, 0xd01);           // EFER: LMA LME NXE SCE, and no SVME: the guest has no SVM
  put<u64>(save + 0x148, 0x6a0);          // CR4: PAE PGE OSFXSR OSXMMEXCPT
  put<u64>(save + 0x158, 0x80010033);     // CR0: PG WP NE ET MP PE
  put<u64>(save + 0x170, 2);              // RFLAGS
  put<u64>(save + 0x178, hidden_va + hidden_code + 0x10);
}

}  // namespace

void Engine::Impl::run_hidden(u64 offset) {
  bootstrapping = true;
  exit_set = false;
  exit = {};
  const uc_err e = uc_emu_start(uc, hidden_va + offset, 0, 0, 0);
  bootstrapping = false;
  if (e != UC_ERR_OK && e != UC_ERR_EXCEPTION)
    throw Error(std::string("Unicorn: start-up code: ") + uc_strerror(e));
}

void Engine::Impl::enter_guest_mode() {
  const auto set_msr = [this](u32 index, u64 value) {
    uc_x86_msr m{index, value};
    uc_reg_write(uc, UC_X86_REG_MSR, &m);
  };
  set_msr(0xc0000080, 0x1d01);                      // EFER with SVME
  set_msr(0xc0010117, hidden_base + hidden_hsave);  // VM_HSAVE_PA
  write(UC_X86_REG_CR4, 0x6a0);
  write(UC_X86_REG_CR0, 0x80010033);
  fill_vmcb(hidden + hidden_vmcb);
  std::memset(hidden + hidden_msrpm, 0xff, 0x2000);
  constexpr u8 vmrun[] = {0x0f, 0x01, 0xd8}, ud2[] = {0x0f, 0x0b};
  std::memcpy(hidden + hidden_code, vmrun, sizeof vmrun);
  std::memcpy(hidden + hidden_code + 0x10, ud2, sizeof ud2);
  write(UC_X86_REG_RAX, hidden_base + hidden_vmcb);
  run_hidden(hidden_code);
  uc_ctl_flush_tlb(uc);
}

// The MSR bitmap has two bits (read, write) per MSR in three ranges of 8192 (APM vol. 2 section 15.11).
void Engine::Impl::mask_msr(u32 index, bool intercepted) {
  u32 bit = 0;
  if (index < 0x2000)
    bit = index * 2;
  else if (index - 0xc0000000 < 0x2000)
    bit = (8192 + (index - 0xc0000000)) * 2;
  else if (index - 0xc0010000 < 0x2000)
    bit = (16384 + (index - 0xc0010000)) * 2;
  else
    throw Error("MSR outside the intercept bitmap");
  u8& byte = hidden[hidden_msrpm + bit / 8];
  const u8 mask = static_cast<u8>(3u << bit % 8);
  byte = static_cast<u8>(intercepted ? byte | mask : byte & ~mask);
}

// Unicorn reads MSRs by running its RDMSR helper: an intercepted index would unwind without a landing place.
u64 Engine::native_msr(u32 index) const {
  impl_->mask_msr(index, false);
  uc_x86_msr m{index, 0};
  uc_reg_read(impl_->uc, UC_X86_REG_MSR, &m);
  impl_->mask_msr(index, true);
  return m.value;
}

void Engine::set_native_msr(u32 index, u64 value) {
  impl_->mask_msr(index, false);
  uc_x86_msr m{index, value};
  uc_reg_write(impl_->uc, UC_X86_REG_MSR, &m);
  impl_->mask_msr(index, true);
}

// Leaving long mode by register writes: paging off with PAE still on, then EFER, then CR4 (SDM vol.
// 3A 9.8.5.4).
void Engine::reset_protected_mode() {
  Impl& i = *impl_;
  set_reg(Reg::cr4, 0x20);
  set_reg(Reg::cr0, 0x80000011);
  set_reg(Reg::cr0, 0x11);
  set_native_msr(0xc0000080, 0);
  set_reg(Reg::cr4, 0);
  set_reg(Reg::rflags, 2);
  i.context->load();
  u32 h = i.context->hflags();
  h = (h & ~u32{hf_cpl | hf_inhibit_irq | hf_cs64 | hf_lma}) | hf_pe;
  i.context->set_hflags(h);
  for (unsigned n = 0; n < 16; ++n) i.context->set_gpr(n, 0);
  for (SegmentIndex s : {seg_es, seg_ss, seg_ds, seg_fs, seg_gs})
    i.context->set_segment(s, {0x10, 0, 0xffffffff, 0x00cf9300});
  i.context->set_segment(seg_cs, {0x08, 0, 0xffffffff, 0x00cf9b00});
  i.context->store();
  for (Table t : {Table::gdt, Table::idt, Table::ldt}) set_table(t, {0, 0, t == Table::ldt ? 0xffffu : 0u});
  set_table(Table::task, {0, 0, 0x67});
  flush_tlb();
}

void Engine::reset_real_mode(u16 selector) {
  reset_protected_mode();
  Impl& i = *impl_;
  set_reg(Reg::cr0, 0x10);
  i.context->load();
  i.context->set_hflags((i.context->hflags() & ~u32{hf_pe | hf_cpl | hf_cs32 | hf_ss32 | hf_lma | hf_cs64}) |
                        hf_addseg);
  for (SegmentIndex s : {seg_es, seg_ss, seg_ds, seg_fs, seg_gs})
    i.context->set_segment(s, {0, 0, 0xffff, 0x9300});
  i.context->set_segment(seg_cs, {selector, u64{selector} << 4, 0xffff, 0x9b00});
  i.context->store();
  set_table(Table::idt, {0, 0, 0x3ff});
  set_table(Table::gdt, {0, 0, 0xffff});
  set_rip(0);
}

}  // namespace xs::x86
