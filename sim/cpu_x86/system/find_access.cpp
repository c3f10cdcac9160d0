#include "sim/cpu_x86/system/find_access.h"

#include <optional>

#include "sim/cpu_x86/system/decode.h"
#include "sim/cpu_x86/system/operands.h"

namespace xs::x86 {

namespace {

/// Registers that constants of this block have set.
class Constants {
 public:
  bool agree(const std::array<u64, 16>& gpr) const {
    for (unsigned i = 0; i < 16; ++i)
      if (known_[i] && *known_[i] != gpr[i]) return false;
    return true;
  }
  void follow(const cs_insn& insn, std::span<const u16> written) {
    for (u16 reg : written)
      if (const unsigned i = gpr_index(reg); i != no_gpr) known_[i].reset();
    const cs_x86& x = insn.detail->x86;
    const bool moves = insn.id == X86_INS_MOV || insn.id == X86_INS_MOVABS;
    if (!moves || x.op_count != 2 || x.operands[0].type != X86_OP_REG || x.operands[1].type != X86_OP_IMM)
      return;
    const unsigned i = gpr_index(x.operands[0].reg);
    if (i == no_gpr || x.operands[0].size < 4) return;
    const u64 value = static_cast<u64>(x.operands[1].imm);
    known_[i] = x.operands[0].size == 4 ? value & 0xffffffff : value;
  }

 private:
  std::array<std::optional<u64>, 16> known_;
};

bool accesses(const RunningBlock& b, const cs_insn& insn, bool write, u64 next, const Covers& covers) {
  if (insn.id == X86_INS_LEA || insn.id == X86_INS_NOP) return false;
  const cs_x86& x = insn.detail->x86;
  for (unsigned i = 0; i < x.op_count; ++i) {
    const cs_x86_op& op = x.operands[i];
    // Capstone leaves the direction out for a few instructions: both are possible then.
    const bool fits = op.access == 0 || (op.access & (write ? CS_AC_WRITE : CS_AC_READ));
    if (op.type == X86_OP_MEM && fits && covers(operand_address(b, x, op.mem, next), op.size)) return true;
  }
  return false;
}

}  // namespace

u64 find_port_access(const RunningBlock& block, unsigned ordinal) {
  std::span<const u8> bytes = block.bytes;
  u64 address = block.address;
  OperandDecoder& d = OperandDecoder::of(block.bits);
  while (!bytes.empty()) {
    const u64 start = address;
    const Opcode op = split(bytes, block.bits);
    if (!d.next(bytes, address)) break;
    if (is_port_io(op) && ordinal-- == 0) return start;
  }
  return block.address;
}

u64 find_memory_access(const RunningBlock& block, bool write, u64 from, const Covers& covers) {
  std::span<const u8> bytes = block.bytes;
  u64 address = block.address;
  OperandDecoder& d = OperandDecoder::of(block.bits);
  Constants constants;
  while (!bytes.empty()) {
    const u64 start = address;
    const cs_insn* insn = d.next(bytes, address);
    if (insn == nullptr) break;
    if (start >= from && constants.agree(block.gpr) && accesses(block, *insn, write, address, covers))
      return start;
    constants.follow(*insn, d.written());
  }
  return block.address;
}

}  // namespace xs::x86
