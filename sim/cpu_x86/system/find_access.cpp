#include "sim/cpu_x86/system/find_access.h"

#include <capstone/capstone.h>

#include <optional>

#include "sim/core/error.h"
#include "sim/cpu_x86/system/decode.h"

namespace xs::x86 {

namespace {

/// Capstone with operands, one handle per mode; the simulation has one thread.
class Detailed {
 public:
  explicit Detailed(cs_mode mode) {
    if (cs_open(CS_ARCH_X86, mode, &handle_) != CS_ERR_OK) throw Error("Capstone does not support x86");
    cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
    instruction_ = cs_malloc(handle_);
  }
  ~Detailed() {
    cs_free(instruction_, 1);
    cs_close(&handle_);
  }
  Detailed(const Detailed&) = delete;
  Detailed& operator=(const Detailed&) = delete;

  static Detailed& of(unsigned bits) {
    static Detailed d16(CS_MODE_16), d32(CS_MODE_32), d64(CS_MODE_64);
    return bits == 64 ? d64 : bits == 32 ? d32 : d16;
  }
  const cs_insn* next(std::span<const u8>& bytes, u64& address) {
    const u8* code = bytes.data();
    size_t left = bytes.size();
    if (!cs_disasm_iter(handle_, &code, &left, &address, instruction_)) return nullptr;
    bytes = bytes.last(left);
    return instruction_;
  }
  std::span<const u16> written() {
    u8 reads = 0, writes = 0;
    if (cs_regs_access(handle_, instruction_, read_, &reads, write_, &writes) != CS_ERR_OK) return {};
    return {write_, writes};
  }

 private:
  csh handle_ = 0;
  cs_insn* instruction_ = nullptr;
  cs_regs read_{}, write_{};
};

constexpr unsigned none = 16;

/// Number of the general register that holds `reg`, in the order of instruction encodings; or none.
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
  return none;
}

unsigned segment_index(unsigned reg, unsigned base) {
  static constexpr u16 order[6] = {X86_REG_ES, X86_REG_CS, X86_REG_SS, X86_REG_DS, X86_REG_FS, X86_REG_GS};
  for (unsigned i = 0; i < 6; ++i)
    if (reg == order[i]) return i;
  return base == 4 || base == 5 ? 2 : 3;  // RSP, RBP: the stack
}

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
      if (const unsigned i = gpr_index(reg); i != none) known_[i].reset();
    const cs_x86& x = insn.detail->x86;
    const bool moves = insn.id == X86_INS_MOV || insn.id == X86_INS_MOVABS;
    if (!moves || x.op_count != 2 || x.operands[0].type != X86_OP_REG || x.operands[1].type != X86_OP_IMM)
      return;
    const unsigned i = gpr_index(x.operands[0].reg);
    if (i == none || x.operands[0].size < 4) return;
    const u64 value = static_cast<u64>(x.operands[1].imm);
    known_[i] = x.operands[0].size == 4 ? value & 0xffffffff : value;
  }

 private:
  std::array<std::optional<u64>, 16> known_;
};

u64 operand_address(const RunningBlock& b, const cs_x86& x, const x86_op_mem& mem, u64 next) {
  const unsigned base = gpr_index(mem.base), index = gpr_index(mem.index);
  u64 sum = static_cast<u64>(mem.disp);
  if (base != none) sum += b.gpr[base];
  if (index != none) sum += b.gpr[index] * static_cast<u64>(mem.scale);
  if (mem.base == X86_REG_RIP || mem.base == X86_REG_EIP) sum += next;
  if (x.addr_size == 4) sum &= 0xffffffff;
  if (x.addr_size == 2) sum &= 0xffff;
  const unsigned segment = segment_index(mem.segment, base);
  return b.bits == 64 && segment < 4 ? sum : sum + b.segment_base[segment];
}

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
  Detailed& d = Detailed::of(block.bits);
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
  Detailed& d = Detailed::of(block.bits);
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
