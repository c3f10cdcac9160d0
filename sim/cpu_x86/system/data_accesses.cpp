#include "sim/cpu_x86/system/data_accesses.h"

#include <algorithm>

#include "sim/cpu_x86/system/decode.h"

namespace xs::x86 {

namespace {

constexpr unsigned rsp = 4, rbp = 5, rdi = 7, ss = 2;

/// What the stack does in one instruction: bytes read from its top upward, or written below it.
struct StackUse {
  unsigned slots = 0;
  bool push = false;      ///< written, below the top
  bool from_rbp = false;  ///< LEAVE reads where RBP points
};

StackUse stack_use(const cs_insn& insn, unsigned bits) {
  switch (insn.id) {
    case X86_INS_PUSH:
    case X86_INS_PUSHF:
    case X86_INS_PUSHFD:
    case X86_INS_PUSHFQ:
    case X86_INS_CALL:
    case X86_INS_ENTER:
      return {1, true};
    case X86_INS_POP:
    case X86_INS_POPF:
    case X86_INS_POPFD:
    case X86_INS_POPFQ:
    case X86_INS_RET:
      return {1};
    case X86_INS_LCALL:
      return {2, true};
    case X86_INS_RETF:
    case X86_INS_RETFQ:
      return {2};
    case X86_INS_IRET:
    case X86_INS_IRETD:
    case X86_INS_IRETQ:
      return {bits == 64 ? 5u : 3u};
    case X86_INS_PUSHAW:
    case X86_INS_PUSHAL:
      return {8, true};
    case X86_INS_POPAW:
    case X86_INS_POPAL:
      return {8};
    case X86_INS_LEAVE:
      return {1, false, true};
    default:
      return {};
  }
}

/// In 64-bit mode stack operations are 8 bytes wide, 2 with the prefix; far ones and IRET follow REX.W.
unsigned slot_size(const cs_insn& insn, const Opcode& op, unsigned bits) {
  if (bits != 64) return (bits == 32) != op.operand_size ? 4 : 2;
  const bool far = insn.id == X86_INS_LCALL || insn.id == X86_INS_RETF || insn.id == X86_INS_RETFQ ||
                   insn.id == X86_INS_IRET || insn.id == X86_INS_IRETD || insn.id == X86_INS_IRETQ;
  if (far) return op.rex & 8 ? 8 : op.operand_size ? 2 : 4;
  return op.operand_size && insn.id != X86_INS_CALL && insn.id != X86_INS_RET ? 2 : 8;
}

bool touches_nothing(unsigned id) {
  switch (id) {
    case X86_INS_LEA:
    case X86_INS_NOP:
    case X86_INS_INVLPG:
    case X86_INS_CLFLUSH:
    case X86_INS_PREFETCH:
    case X86_INS_PREFETCHW:
    case X86_INS_PREFETCHNTA:
    case X86_INS_PREFETCHT0:
    case X86_INS_PREFETCHT1:
    case X86_INS_PREFETCHT2:
      return true;
    default:
      return false;
  }
}

/// SSE forms with a 16-byte operand that need no alignment (SDM vol. 2, each instruction's exceptions).
bool any_alignment(unsigned id) {
  switch (id) {
    case X86_INS_MOVUPS:
    case X86_INS_MOVUPD:
    case X86_INS_MOVDQU:
    case X86_INS_LDDQU:
    case X86_INS_PCMPESTRI:
    case X86_INS_PCMPESTRM:
    case X86_INS_PCMPISTRI:
    case X86_INS_PCMPISTRM:
    case X86_INS_FXSAVE:
    case X86_INS_FXSAVE64:
    case X86_INS_FXRSTOR:
    case X86_INS_FXRSTOR64:
      return true;
    default:
      return false;
  }
}

bool must_be_aligned(const cs_insn& insn, const cs_x86_op& o, const Opcode& op) {
  const bool sse = op.opcode >= 0x0f00 && op.opcode != 0x0fc7;  // CMPXCHG16B checks by itself
  return o.type == X86_OP_MEM && o.size == 16 && sse && !any_alignment(insn.id);
}

/// BT and its like with a register as bit number reach outside their operand (SDM vol. 2A, BT).
u64 bit_offset(const cs_insn& insn, const OperandState& s) {
  const cs_x86& x = insn.detail->x86;
  const bool bit_test =
      insn.id == X86_INS_BT || insn.id == X86_INS_BTS || insn.id == X86_INS_BTR || insn.id == X86_INS_BTC;
  if (!bit_test || x.op_count != 2 || x.operands[1].type != X86_OP_REG) return 0;
  const u64 raw = s.gpr[gpr_index(x.operands[1].reg) & 15];
  const unsigned size = x.operands[0].size;
  const i64 bit = size == 8   ? static_cast<i64>(raw)
                  : size == 4 ? i64{static_cast<i32>(raw)}
                              : i64{static_cast<std::int16_t>(raw)};
  return static_cast<u64>((bit >> (size == 8 ? 6 : size == 4 ? 5 : 4)) * static_cast<i64>(size));
}

/// The only operand of an x87, system or one-operand instruction is written.
bool stores_only_operand(const cs_insn& insn, const Opcode& op) {
  const unsigned ext = op.modrm >> 3 & 7;
  switch (op.opcode) {
    case 0xd9:  // FST FSTP FNSTENV FNSTCW
      return ext == 2 || ext == 3 || ext >= 6;
    case 0xdb:
    case 0xdd:
    case 0xdf:  // FISTTP FIST FISTP, FST FSTP FNSAVE FNSTSW, FBSTP
      return (ext >= 1 && ext <= 3) || ext == 7 || (ext == 6 && op.opcode != 0xdb);
    case 0x0f00:
    case 0x0f01:  // SLDT STR SGDT SIDT SMSW
      return ext <= 1 || (ext == 4 && op.opcode == 0x0f01);
    case 0x0fae:  // FXSAVE STMXCSR XSAVE XSAVEOPT
      return ext == 0 || ext == 3 || ext == 4 || ext == 6;
    default:
      return insn.id == X86_INS_POP || (op.opcode >= 0x0f90 && op.opcode <= 0x0f9f);  // SETcc
  }
}

/// Capstone 4 gives some operands the wrong direction (TEST, MOVUPS): of two operands the first is the
/// destination, but for what only compares.
bool is_stored_to(const cs_insn& insn, const cs_x86_op& o, const Opcode& op) {
  const cs_x86& x = insn.detail->x86;
  if (x.op_count == 1) return stores_only_operand(insn, op);
  const u32 c = op.opcode;
  const bool compares = insn.id == X86_INS_CMP || insn.id == X86_INS_TEST || insn.id == X86_INS_BT ||
                        c == 0xa6 || c == 0xa7 || c == 0xae || c == 0xaf;
  return &o == &x.operands[0] && !compares;
}

DataAccess operand_access(const cs_insn& insn, const cs_x86_op& o, const Opcode& op, u64 next,
                          const OperandState& s) {
  const cs_x86& x = insn.detail->x86;
  DataAccess a;
  a.va = operand_address(s, x, o.mem, next) + bit_offset(insn, s);
  if (insn.id == X86_INS_XLATB) {
    x86_op_mem table = o.mem;
    table.index = X86_REG_INVALID;
    a.va = operand_address(s, x, table, next) + (s.gpr[0] & 0xff);
  }
  // POP to a place on the stack computes it behind the pop (SDM vol. 2B).
  if (insn.id == X86_INS_POP && gpr_index(o.mem.base) == rsp) a.va += slot_size(insn, op, s.bits);
  a.size = o.size;
  const bool modified = is_read_modify_write(op);
  a.write = modified || is_stored_to(insn, o, op);
  a.read = modified || !a.write;
  a.aligned = must_be_aligned(insn, o, op);
  return a;
}

DataAccess stack_access(const StackUse& use, unsigned slot, const OperandState& s) {
  const u64 base = s.bits == 64 ? 0 : s.segment_base[ss];
  const u64 bytes = u64{slot} * use.slots;
  u64 top = s.gpr[use.from_rbp ? rbp : rsp] - (use.push ? bytes : 0);
  if (s.bits == 32) top &= 0xffffffff;
  return {base + top, static_cast<u32>(bytes), !use.push, use.push, false};
}

}  // namespace

std::vector<DataAccess> data_accesses(std::span<const u8> bytes, u64 rip, const OperandState& s) {
  std::vector<DataAccess> found;
  const Opcode op = split(bytes, s.bits);
  u64 next = rip;
  const cs_insn* insn = OperandDecoder::of(s.bits).next(bytes, next);
  if (insn == nullptr || touches_nothing(insn->id)) return found;
  // An element of a repeated string instruction; none when the count is used up.
  if (is_string(op) && (op.rep || op.repne) && s.gpr[1] == 0) return found;
  const cs_x86& x = insn->detail->x86;
  for (unsigned i = 0; i < x.op_count; ++i)
    if (x.operands[i].type == X86_OP_MEM) found.push_back(operand_access(*insn, x.operands[i], op, next, s));
  if (const StackUse use = stack_use(*insn, s.bits); use.slots)
    found.push_back(stack_access(use, slot_size(*insn, op, s.bits), s));
  if (insn->id == X86_INS_MASKMOVQ || insn->id == X86_INS_MASKMOVDQU)
    found.push_back({s.gpr[rdi], insn->id == X86_INS_MASKMOVQ ? 8u : 16u, false, true, false});
  return found;
}

bool has_aligned_operand(std::span<const u8> bytes, u64 address, unsigned bits) {
  OperandDecoder& decoder = OperandDecoder::of(bits);
  while (!bytes.empty()) {
    const Opcode op = split(bytes, bits);
    const cs_insn* insn = decoder.next(bytes, address);
    if (insn == nullptr) return false;
    const cs_x86& x = insn->detail->x86;
    for (unsigned i = 0; i < x.op_count; ++i)
      if (must_be_aligned(*insn, x.operands[i], op)) return true;
  }
  return false;
}

// Words, doublewords and quadwords by their size, x87's 10 bytes by 8, a 48-bit far pointer by 4; wider ones
// are made of the largest of these that divides them. 16 bytes that need no alignment may be let pass.
bool is_misaligned(const DataAccess& a) {
  if (a.size == 16) return false;
  const u32 rule = a.size == 10 ? 8 : a.size == 6 ? 4 : std::min(a.size & (0 - a.size), 8u);
  return rule != 0 && a.va % rule != 0;
}

}  // namespace xs::x86
