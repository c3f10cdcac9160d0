// A piece of code at the kernel's level, with registers of the caller's choice, and what became of it: it
// ended, or met an interruption. Handlers of its own (attack.S) take that, which use neither stack; then the
// caller goes on, whatever was done to the register stack, PSR, or the place of handlers.
#pragma once
#include "arch_trap.h"

struct AttackRegisters {
  u64 r8 = 0, r9 = 0, r10 = 0, r11 = 0, r14 = 0, r15 = 0, r2 = 0, r28 = 0;
};
struct AttackOutcome {
  u64 vector;  // attack_ended: no interruption
  u64 isr, ifa, iip, ipsr, iim, ifs;
  u64 r8, r9;  // when it has ended
  u64 nat;     // r8 was a NaT
  bool ended() const { return vector == ~u64{0}; }
};

// Interruptions that no test guest else meets (SDM vol. 2 table 5-7).
constexpr u64 vector_nested_tlb = 0x1400, vector_instruction_key_miss = 0x1800, vector_data_key_miss = 0x1c00,
              vector_key_permission = 0x5100, vector_nat_consumption = 0x5600;
constexpr u64 isr_x = u64{1} << 32, isr_w = u64{1} << 33, isr_r = u64{1} << 34, isr_na = u64{1} << 35,
              isr_sp = u64{1} << 36, isr_rs = u64{1} << 37, isr_code = 0xff;
constexpr u64 code_reserved_field = 0x30, code_register_nat = 0x10, code_nat_page = 0x20;

extern "C" {
void attack_run(const AttackRegisters* registers, const u8* code);
extern AttackOutcome attack_outcome;
// In r9 an address, number or register, in r8 a value; r8 is the result.
extern const u8 attack_load[], attack_load_speculative[], attack_store[], attack_exchange[], attack_call[],
    attack_return[], attack_tpa[], attack_tak[], attack_set_pkr[], attack_get_pkr[], attack_set_rr[],
    attack_get_rr[], attack_set_pta[], attack_set_dcr[], attack_set_iva[], attack_keys_on[],
    attack_keys_off[];
// r8 translation, r9 address, r10 slot, r11 ITIR; a purge: r9, r11.
extern const u8 attack_itr_d[], attack_itr_i[], attack_itc_d[], attack_itc_i[], attack_ptr_d[],
    attack_ptr_i[], attack_ptc_l[], attack_ptc_ga[], attack_ptc_e[];
// r2 number, r9 to r11 arguments; firmware: r28 besides.
extern const u8 attack_hypercall[];
}

// With events masked.
inline const AttackOutcome& attack(const u8* code, const AttackRegisters& registers = {}) {
  attack_run(&registers, code);
  return attack_outcome;
}
// PTE of a frame, readable and writable or executable, with a memory attribute; ITIR of a page with a key.
constexpr u64 attribute_nat_page = 7;
constexpr u64 attack_pte(u64 frame, u64 attribute = 0) { return frame << 12 | PTE_MEMORY | attribute << 2; }
constexpr u64 attack_itir(u64 key, u64 shift = 12) { return key << 8 | shift << 2; }
