// Just enough decoding around the engine: prefixes, opcode and ModRM of one instruction (SDM vol. 2A chapter
// 2), and instruction boundaries of a block by Capstone.
#pragma once
#include <span>

#include "sim/core/types.h"

namespace xs::x86 {

/// One instruction split into its fields. `opcode` is 1 byte, or 0x0f00 | second byte, or 0x0f3800/0x0f3a00 |
/// third.
struct Opcode {
  u8 length_to_modrm = 0;  ///< prefixes and opcode bytes
  u8 rex = 0;
  u8 segment_prefix = 0;  ///< 0x26 0x2e 0x36 0x3e 0x64 0x65, or 0
  bool operand_size = false, address_size = false, rep = false, repne = false, lock = false;
  u32 opcode = 0;
  bool has_modrm = false;
  u8 modrm = 0;
  u8 bits = 64;
  std::span<const u8> bytes;

  unsigned mod() const { return modrm >> 6; }
  unsigned reg() const { return (modrm >> 3 & 7) | (rex & 4) << 1; }
  unsigned rm() const { return (modrm & 7) | (rex & 1) << 3; }
};

/// `bits` is 16, 32 or 64. Incomplete bytes give opcode 0xffffffff.
Opcode split(std::span<const u8> bytes, unsigned bits);

/// Length of the ModRM byte, SIB and displacement; 0 without ModRM.
unsigned modrm_length(const Opcode& op);

/// Linear address of the ModRM memory operand. `reg(i)` reads a general register, `base(segment prefix or 0)`
/// the base of the segment in use. `next` is the address of the following instruction (RIP-relative).
template <class ReadReg, class ReadBase>
u64 effective_address(const Opcode& op, u64 next, ReadReg reg, ReadBase base);

bool is_string(const Opcode& op);      ///< MOVS CMPS STOS LODS SCAS INS OUTS
bool is_port_io(const Opcode& op);     ///< IN OUT INS OUTS
bool is_random(const Opcode& op);      ///< RDRAND RDSEED (register form of 0F C7 /6 /7)
bool is_avx_state(const Opcode& op);   ///< VZEROUPPER VZEROALL
bool is_far_branch(const Opcode& op);  ///< far CALL, JMP, RET
bool loads_rflags(const Opcode& op);   ///< POPF IRET SYSRET
/// MOV and POP to SS: debug traps wait for the instruction behind these (SDM vol. 3A 6.8.3).
bool loads_stack_segment(const Opcode& op);
/// The instruction both reads and writes its memory operand (its #PF reports W=1 even for the read).
bool is_read_modify_write(const Opcode& op);
/// Loads a segment or system descriptor: reads descriptor tables with supervisor rights at any CPL.
bool reads_descriptors(const Opcode& op);

struct BlockTraits {
  bool port_io = false, hidden = false, far = false, ends_with_iret = false, ends_with_sysret = false;
};
BlockTraits block_traits(std::span<const u8> bytes, u64 address, unsigned bits);
/// Length of the first instruction; 0 when it cannot be decoded.
unsigned instruction_length(std::span<const u8> bytes, unsigned bits);
u64 count_instructions(std::span<const u8> bytes, u64 address, unsigned bits);
/// Length of the first `count` instructions.
u64 length_of(u64 count, std::span<const u8> bytes, u64 address, unsigned bits);

// ---- templates ----
inline i64 displacement(const Opcode& op, unsigned at, unsigned size) {
  if (size == 1) return static_cast<signed char>(op.bytes[at]);
  u32 v = 0;
  for (unsigned i = 0; i < size; ++i) v |= u32{op.bytes[at + i]} << 8 * i;
  return size == 2 ? i64{static_cast<std::int16_t>(v)} : i64{static_cast<i32>(v)};
}

template <class ReadReg, class ReadBase>
u64 effective_address(const Opcode& op, u64 next, ReadReg reg, ReadBase base) {
  const unsigned address_bits = op.bits == 64                        ? (op.address_size ? 32 : 64)
                                : (op.bits == 32) != op.address_size ? 32
                                                                     : 16;
  unsigned at = op.length_to_modrm + 1u;
  u64 sum = 0;
  bool stack = false;
  if (address_bits == 16) {
    static constexpr i32 pairs[8][2] = {{3, 6}, {3, 7}, {5, 6}, {5, 7}, {6, -1}, {7, -1}, {5, -1}, {3, -1}};
    const unsigned rm = op.modrm & 7u;
    if (op.mod() == 0 && rm == 6) {
      sum = static_cast<u64>(displacement(op, at, 2));
    } else {
      for (i32 r : pairs[rm])
        if (r >= 0) sum += reg(static_cast<unsigned>(r));
      stack = rm == 2 || rm == 3 || rm == 6;
      if (op.mod()) sum += static_cast<u64>(displacement(op, at, op.mod()));
    }
    sum &= 0xffff;
    return sum + base(op.segment_prefix ? op.segment_prefix : stack ? u8{0x36} : u8{0});
  }
  if ((op.modrm & 7) == 4) {
    const u8 sib = op.bytes[at++];
    const unsigned index = (sib >> 3 & 7u) | (op.rex & 2u) << 2, b = (sib & 7u) | (op.rex & 1u) << 3;
    if (index != 4) sum += reg(index) << (sib >> 6);
    if ((sib & 7) == 5 && op.mod() == 0)
      sum += static_cast<u64>(displacement(op, at, 4));
    else {
      sum += reg(b);
      stack = b == 4 || b == 5;
    }
  } else if ((op.modrm & 7) == 5 && op.mod() == 0) {
    sum = static_cast<u64>(displacement(op, at, 4)) + (op.bits == 64 ? next : 0);
  } else {
    sum = reg(op.rm());
    stack = op.rm() == 5;
  }
  if (op.mod() == 1) sum += static_cast<u64>(displacement(op, at, 1));
  if (op.mod() == 2) sum += static_cast<u64>(displacement(op, at, 4));
  if (address_bits == 32) sum &= 0xffffffff;
  return sum + base(op.segment_prefix ? op.segment_prefix : stack ? u8{0x36} : u8{0});
}

}  // namespace xs::x86
