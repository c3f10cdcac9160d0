#include "sim/cpu_x86/system/operands.h"

#include "sim/core/error.h"

namespace xs::x86 {

namespace {

unsigned segment_index(unsigned reg, unsigned base) {
  static constexpr u16 order[6] = {X86_REG_ES, X86_REG_CS, X86_REG_SS, X86_REG_DS, X86_REG_FS, X86_REG_GS};
  for (unsigned i = 0; i < 6; ++i)
    if (reg == order[i]) return i;
  return base == 4 || base == 5 ? 2 : 3;  // RSP, RBP: the stack
}

}  // namespace

OperandDecoder::OperandDecoder(cs_mode mode) {
  if (cs_open(CS_ARCH_X86, mode, &handle_) != CS_ERR_OK) throw Error("Capstone does not support x86");
  cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
  instruction_ = cs_malloc(handle_);
}

OperandDecoder::~OperandDecoder() {
  cs_free(instruction_, 1);
  cs_close(&handle_);
}

OperandDecoder& OperandDecoder::of(unsigned bits) {
  static OperandDecoder d16(CS_MODE_16), d32(CS_MODE_32), d64(CS_MODE_64);
  return bits == 64 ? d64 : bits == 32 ? d32 : d16;
}

const cs_insn* OperandDecoder::next(std::span<const u8>& bytes, u64& address) {
  const u8* code = bytes.data();
  size_t left = bytes.size();
  if (!cs_disasm_iter(handle_, &code, &left, &address, instruction_)) return nullptr;
  bytes = bytes.last(left);
  return instruction_;
}

std::span<const u16> OperandDecoder::written() {
  u8 reads = 0, writes = 0;
  if (cs_regs_access(handle_, instruction_, read_, &reads, write_, &writes) != CS_ERR_OK) return {};
  return {write_, writes};
}

unsigned gpr_index(unsigned reg) {
  static constexpr u16 names[16][5] = {{X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH},
                                       {X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH},
                                       {X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH},
                                       {X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH},
                                       {X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL},
                                       {X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL},
                                       {X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL},
                                       {X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL},
                                       {X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B},
                                       {X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B},
                                       {X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B},
                                       {X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B},
                                       {X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B},
                                       {X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B},
                                       {X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B},
                                       {X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B}};
  for (unsigned i = 0; i < 16; ++i)
    for (u16 name : names[i])
      if (name != 0 && name == reg) return i;
  return no_gpr;
}

u64 operand_address(const OperandState& s, const cs_x86& x, const x86_op_mem& mem, u64 next) {
  const unsigned base = gpr_index(mem.base), index = gpr_index(mem.index);
  u64 sum = static_cast<u64>(mem.disp);
  if (base != no_gpr) sum += s.gpr[base];
  if (index != no_gpr) sum += s.gpr[index] * static_cast<u64>(mem.scale);
  if (mem.base == X86_REG_RIP || mem.base == X86_REG_EIP) sum += next;
  if (x.addr_size == 4) sum &= 0xffffffff;
  if (x.addr_size == 2) sum &= 0xffff;
  const unsigned segment = segment_index(mem.segment, base);
  return s.bits == 64 && segment < 4 ? sum : sum + s.segment_base[segment];
}

}  // namespace xs::x86
