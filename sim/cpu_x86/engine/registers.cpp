// Engine's accessors: registers, mode, counts.
#include <algorithm>

#include "sim/cpu_x86/engine/engine_impl.h"
#include "sim/cpu_x86/engine/svm_exit.h"

namespace xs::x86 {

namespace {

constexpr int reg_ids[] = {
    UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX,     UC_X86_REG_RSP,    UC_X86_REG_RBP,
    UC_X86_REG_RSI, UC_X86_REG_RDI, UC_X86_REG_R8,  UC_X86_REG_R9,      UC_X86_REG_R10,    UC_X86_REG_R11,
    UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15,     UC_X86_REG_RFLAGS, UC_X86_REG_CR0,
    UC_X86_REG_CR2, UC_X86_REG_CR3, UC_X86_REG_CR4, UC_X86_REG_FS_BASE, UC_X86_REG_GS_BASE};
constexpr int fpu_ids[] = {UC_X86_REG_ST0,  UC_X86_REG_XMM0,  UC_X86_REG_MXCSR, UC_X86_REG_FPCW,
                           UC_X86_REG_FPSW, UC_X86_REG_FPTAG, UC_X86_REG_FCS,   UC_X86_REG_FIP,
                           UC_X86_REG_FDS,  UC_X86_REG_FDP,   UC_X86_REG_FOP};
constexpr int table_ids[] = {UC_X86_REG_GDTR, UC_X86_REG_IDTR, UC_X86_REG_LDTR, UC_X86_REG_TR};

}  // namespace

u64 Engine::Impl::read(int id) const {
  u64 v = 0;
  uc_reg_read(uc, id, &v);
  return v;
}
void Engine::Impl::write(int id, u64 value) { uc_reg_write(uc, id, &value); }

u64 Engine::Impl::read_flags() const {
  return context->in_place() && context->flags_known() ? context->flags() : read(UC_X86_REG_RFLAGS);
}
void Engine::Impl::write_flags(u64 value) {
  if (!context->in_place()) return write(UC_X86_REG_RFLAGS, value);
  context->set_flags(value);
}

u64 Engine::rip() const { return impl_->rip; }
void Engine::set_rip(u64 value) { impl_->rip = value; }
u64 Engine::slow_reg(Reg r) const {
  if (r == Reg::rflags) return impl_->read_flags();
  return impl_->read(reg_ids[static_cast<unsigned>(r)]);
}
u64 Engine::control_flags() const {
  impl_->context->load();
  return impl_->context->rflags_control();
}
void Engine::set_slow_reg(Reg r, u64 value) {
  if (r == Reg::rflags) return impl_->write_flags(value);
  if (r == Reg::cr0) impl_->protected_mode = value & 1;
  impl_->write(reg_ids[static_cast<unsigned>(r)], value);
}

void Engine::read_fpu(Fpu which, unsigned index, std::span<u8> out) const {
  u8 value[16] = {};
  uc_reg_read(impl_->uc, fpu_ids[static_cast<unsigned>(which)] + static_cast<int>(index), value);
  std::memcpy(out.data(), value, std::min(out.size(), sizeof value));
}

void Engine::write_fpu(Fpu which, unsigned index, std::span<const u8> in) {
  u8 value[16] = {};
  std::memcpy(value, in.data(), std::min(in.size(), sizeof value));
  uc_reg_write(impl_->uc, fpu_ids[static_cast<unsigned>(which)] + static_cast<int>(index), value);
}

Segment Engine::segment(SegmentIndex i) const {
  impl_->context->load();
  return impl_->context->segment(i);
}

void Engine::load_segment(SegmentIndex i, const Segment& s) {
  impl_->context->load();
  impl_->context->set_segment(i, s);
  impl_->context->store();
}

TableRegister Engine::table(Table t) const {
  impl_->context->load();
  return impl_->context->table(t);
}

void Engine::set_table(Table t, const TableRegister& r) {
  uc_x86_mmr m{};
  m.selector = r.selector;
  m.base = r.base;
  m.limit = r.limit;
  m.flags = t == Table::task ? 0x8b00 : t == Table::ldt ? 0x8200 : 0;
  uc_reg_write(impl_->uc, table_ids[static_cast<unsigned>(t)], &m);
}

unsigned Engine::cpl() const {
  impl_->context->load();
  return impl_->protected_mode ? impl_->context->hflags() & hf_cpl : 0;
}

u64 Engine::instructions() const { return impl_->instructions(); }
u64 Engine::cycles() const { return impl_->cycles; }
u64 Engine::entries() const { return impl_->entries; }
u64 Engine::single_steps() const { return impl_->single_steps; }
void Engine::charge(u64 cycles, u64 instructions) {
  impl_->cycles += cycles;
  impl_->other_cycles += cycles - instructions * impl_->config.timing.instruction;
}
u64 Engine::block_address() const { return impl_->last_block().address; }
u64 Engine::translations() const { return impl_->translations; }

bool Engine::code64() const {
  impl_->context->load();
  return impl_->context->hflags() & hf_cs64;
}

unsigned Engine::code_bits() const { return impl_->code_bits(); }

bool Engine::shadow() const {
  impl_->context->load();
  return impl_->context->hflags() & hf_inhibit_irq;
}

void Engine::clear_shadow() {
  impl_->context->load();
  if (!(impl_->context->hflags() & hf_inhibit_irq)) return;
  impl_->context->set_hflags(impl_->context->hflags() & ~u32{hf_inhibit_irq});
  impl_->context->store();
}

void Engine::enter_handler(const HandlerEntry& e) {
  ContextBytes& c = *impl_->context;
  c.load();
  c.set_segment(seg_cs, e.cs);
  if (e.load_ss) c.set_segment(seg_ss, e.ss);
  c.set_gpr(4, e.rsp);
  c.set_rflags_control(c.rflags_control() & ~u64{e.clear_rflags});
  c.set_hflags(c.hflags() & ~u32{hf_inhibit_irq});
  c.store();
  impl_->rip = e.rip;
}

void Engine::Impl::intercept(unsigned exit_code, bool on) {
  const u64 bit = u64{1} << (exit_code - svm::exit_intr);
  context->load();
  context->set_intercepts(on ? context->intercepts() | bit : context->intercepts() & ~bit);
  context->store();
}

void Engine::intercept(unsigned exit_code, bool on) {
  if (exit_code == svm::exit_iret) return impl_->want_iret(on);
  impl_->intercept(exit_code, on);
}

}  // namespace xs::x86
