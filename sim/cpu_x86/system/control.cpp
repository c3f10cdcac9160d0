// Control and debug registers (SDM vol. 3A 2.5, vol. 3B 17.2). Writes reach the engine, which keeps the mode,
// and the MMU; each flushes what SDM vol. 3A 4.10.4.1 says.
#include "sim/cpu_x86/system/architecture.h"
#include "sim/cpu_x86/system/core.h"

namespace xs::x86 {

namespace {

[[noreturn]] void general_protection() { throw GuestFault{vec_gp, true, 0, 0}; }

constexpr u64 physical_bits_mask = (u64{1} << 52) - 1;
constexpr u64 cr0_writable =
    cr0::pe | cr0::mp | cr0::em | cr0::ts | cr0::ne | cr0::wp | cr0::am | cr0::nw | cr0::cd | cr0::pg;

}  // namespace

void Core::update_mmu_control() {
  if (!(control_.cr0 & cr0::pg) || !(control_.efer & efer::lme))
    control_.efer &= ~u64{efer::lma};
  else
    control_.efer |= efer::lma;
  mmu_.set_control(control_);
}

void Core::flush_translations() {
  mmu_.flush_all();
  engine_->flush_tlb();
}

void Core::read_control(unsigned index, const Opcode& op) {
  set_gpr(op.rm(), index == 2 ? cr2_ : u64{lapic_.tpr()} >> 4);
  complete(op, 1, 0);
}

void Core::write_control(unsigned index, const Opcode& op) {
  if (op.opcode == 0x0f06) {  // CLTS
    write_cr0(control_.cr0 & ~u64{cr0::ts});
    return complete(op, 0, 0);
  }
  if (op.opcode == 0x0f01) {  // LMSW: PE MP EM TS; PE cannot be cleared
    const u64 word = op.mod() == 3 ? gpr(op.rm()) : load(memory_operand(op), 2);
    write_cr0((control_.cr0 & ~u64{0xe}) | (word & 0xf));
    return complete(op, modrm_length(op), config_.timing.cr_write);
  }
  const u64 value = op.bits == 64 ? gpr(op.rm()) : gpr(op.rm()) & 0xffffffff;
  switch (index) {
    case 0:
      write_cr0(value);
      break;
    case 2:
      cr2_ = value;
      break;
    case 3:
      write_cr3(value);
      break;
    case 4:
      write_cr4(value);
      break;
    case 8:
      if (value >> 4) general_protection();
      lapic_.set_tpr(static_cast<u8>(value << 4));
      break;
    default:
      throw GuestFault{vec_ud, false, 0, 0};
  }
  complete(op, 1, config_.timing.cr_write);
}

void Core::write_cr0(u64 value) {
  if (value >> 32) general_protection();
  if ((value & cr0::pg) && !(value & cr0::pe)) general_protection();
  if ((value & cr0::nw) && !(value & cr0::cd)) general_protection();
  const bool enables_paging = (value & cr0::pg) && !(control_.cr0 & cr0::pg);
  if (enables_paging && (control_.efer & efer::lme) && !(control_.cr4 & cr4::pae)) general_protection();
  if (!(value & cr0::pg) && (control_.cr0 & cr0::pg) && engine_->code64()) general_protection();
  value = (value & cr0_writable) | cr0::et;
  const u64 changed = value ^ control_.cr0;
  control_.cr0 = value;
  engine_->set_reg(Reg::cr0, value);
  update_mmu_control();
  if (changed & (cr0::pg | cr0::wp)) flush_translations();
  if (changed & cr0::am) update_points();
}

void Core::write_cr3(u64 value) {
  if (long_mode() && value & ~physical_bits_mask) general_protection();
  control_.cr3 = value;
  engine_->load_cr3(value);
  update_mmu_control();
  mmu_.flush_nonglobal();
}

void Core::write_cr4(u64 value) {
  if (value & ~cr4::implemented) general_protection();
  if (long_mode() && !(value & cr4::pae)) general_protection();
  const u64 changed = value ^ control_.cr4;
  control_.cr4 = value;
  engine_->set_reg(Reg::cr4, value);
  update_mmu_control();
  if (changed & (cr4::pse | cr4::pae | cr4::pge | cr4::smep)) flush_translations();
  if (changed & cr4::de) update_points();
}

void Core::reset_debug_registers() {
  for (u64& value : dr_) value = 0;
  dr_[6] = 0xffff0ff0;
  dr_[7] = 0x400;
}

// The engine's own debug registers stay untouched: Unicorn 2.1.1 crashes on an armed execution breakpoint.
void Core::debug_register(bool write, const Opcode& op) {
  unsigned index = op.reg() & 7;
  if (index == 4 || index == 5) {
    if (control_.cr4 & cr4::de) throw GuestFault{vec_ud, false, 0, 0};
    index += 2;
  }
  if (dr_[7] & dr7_general_detect) {
    dr_[6] |= 1u << 13;
    throw GuestFault{vec_db, false, 0, 0};
  }
  if (!write) {
    set_gpr(op.rm(), dr_[index]);
    return complete(op, 1, 0);
  }
  const u64 value = gpr(op.rm());
  if (index >= 6 && value >> 32) general_protection();
  if (index == 6)
    dr_[6] = (value & 0xe00f) | 0xffff0ff0;
  else if (index == 7)
    dr_[7] = (value & 0xffff2bff) | 0x400;
  else
    dr_[index] = value;
  if (index != 6) update_points();
  complete(op, 1, 0);
}

}  // namespace xs::x86
