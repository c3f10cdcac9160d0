// Interruptions: vectors, the status register that describes them, and what a refused instruction hands to
// the delivery (SDM vol. 2 chapters 5 and 8).
#pragma once
#include "sim/core/types.h"

namespace xs::ia64 {

/// Offsets into the interruption vector table (SDM vol. 2 table 5-7).
enum class Vector : u16 {
  vhpt_translation = 0x0000,
  instruction_tlb = 0x0400,
  data_tlb = 0x0800,
  alternate_instruction_tlb = 0x0c00,
  alternate_data_tlb = 0x1000,
  data_nested_tlb = 0x1400,
  instruction_key_miss = 0x1800,
  data_key_miss = 0x1c00,
  dirty_bit = 0x2000,
  instruction_access_bit = 0x2400,
  data_access_bit = 0x2800,
  break_instruction = 0x2c00,
  external_interrupt = 0x3000,
  virtual_external_interrupt = 0x3400,
  page_not_present = 0x5000,
  key_permission = 0x5100,
  instruction_access_rights = 0x5200,
  data_access_rights = 0x5300,
  general_exception = 0x5400,
  disabled_fp_register = 0x5500,
  nat_consumption = 0x5600,
  speculation = 0x5700,
  debug = 0x5900,
  unaligned_reference = 0x5a00,
  unsupported_data_reference = 0x5b00,
  fp_fault = 0x5c00,
  fp_trap = 0x5d00,
  lower_privilege_transfer = 0x5e00,
  taken_branch = 0x5f00,
  single_step = 0x6000,
  virtualization = 0x6100,
};
const char* vector_name(Vector v);

/// Interruption status register (SDM vol. 2 3.3.5.2).
namespace isr {
inline constexpr u64 x = u64{1} << 32;   ///< execute
inline constexpr u64 w = u64{1} << 33;   ///< write
inline constexpr u64 r = u64{1} << 34;   ///< read
inline constexpr u64 na = u64{1} << 35;  ///< non-access instruction
inline constexpr u64 sp = u64{1} << 36;  ///< speculative load
inline constexpr u64 rs = u64{1} << 37;  ///< register stack engine
inline constexpr u64 ir = u64{1} << 38;  ///< incomplete register frame
inline constexpr u64 ni = u64{1} << 39;  ///< nested: PSR.ic was clear
inline constexpr unsigned ei_shift = 41;
inline constexpr u64 ed = u64{1} << 43;  ///< TLB.ed of the instruction's page

/// ISR.code of the general exception vector.
inline constexpr u64 illegal_operation = 0x00, privileged_operation = 0x10, privileged_register = 0x20,
                     reserved_register = 0x30, disabled_transition = 0x40;
/// ISR.code of the NaT consumption vector, over the code of a non-access instruction.
inline constexpr u64 register_nat = 0x10, nat_page = 0x20;
/// ISR.code of non-access instructions (table 5-3).
inline constexpr u64 tpa = 0, fc = 1, probe = 2, tak = 3, lfetch = 4, probe_fault = 5;
}  // namespace isr

/// What is delivered otherwise than an instruction that is refused.
enum class Manner : u8 {
  fault,
  trap,       ///< the instruction has completed: IIP is behind it
  interrupt,  ///< external
  nested      ///< data nested TLB: ISR keeps what it has
};

/// An interruption that has been found and not yet delivered.
struct Interruption {
  Vector vector = Vector::general_exception;
  u64 isr = 0;  ///< without ei, ni, ed: delivery adds them
  u64 ifa = 0;  ///< where `address` is set: IFA and ITIR (and IHA for VHPT misses) are written
  u64 itir = 0;
  u64 iha = 0;
  u64 iim = 0;
  bool address = false;
  bool hash = false;       ///< IHA, too
  bool immediate = false;  ///< IIM
  Manner manner = Manner::fault;
  u8 slot = 0;     ///< of a trap: where that instruction stands in its bundle
  u16 number = 0;  ///< of an external interrupt
};

}  // namespace xs::ia64
