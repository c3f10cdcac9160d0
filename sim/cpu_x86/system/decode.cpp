#include "sim/cpu_x86/system/decode.h"

#include <capstone/capstone.h>

#include "sim/core/error.h"

namespace xs::x86 {

namespace {

/// One Capstone handle per mode for the process: handles are costly to open, and the simulation has one
/// thread.
class Disassembler {
 public:
  explicit Disassembler(cs_mode mode) {
    if (cs_open(CS_ARCH_X86, mode, &handle_) != CS_ERR_OK) throw Error("Capstone does not support x86");
    cs_option(handle_, CS_OPT_DETAIL, CS_OPT_OFF);
    instruction_ = cs_malloc(handle_);
  }
  ~Disassembler() {
    cs_free(instruction_, 1);
    cs_close(&handle_);
  }
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  static Disassembler& of(unsigned bits) {
    static Disassembler d16(CS_MODE_16), d32(CS_MODE_32), d64(CS_MODE_64);
    return bits == 64 ? d64 : bits == 32 ? d32 : d16;
  }
  bool next(std::span<const u8>& bytes, u64& address) {
    const u8* code = bytes.data();
    size_t left = bytes.size();
    if (!cs_disasm_iter(handle_, &code, &left, &address, instruction_)) return false;
    bytes = bytes.last(left);
    return true;
  }

 private:
  csh handle_ = 0;
  cs_insn* instruction_ = nullptr;
};

bool is_prefix(u8 b) {
  return b == 0x26 || b == 0x2e || b == 0x36 || b == 0x3e || (b >= 0x64 && b <= 0x67) || b == 0xf0 ||
         b == 0xf2 || b == 0xf3;
}

void note_prefix(Opcode& op, u8 b) {
  switch (b) {
    case 0x66:
      op.operand_size = true;
      break;
    case 0x67:
      op.address_size = true;
      break;
    case 0xf0:
      op.lock = true;
      break;
    case 0xf2:
      op.repne = true;
      break;
    case 0xf3:
      op.rep = true;
      break;
    default:
      op.segment_prefix = b;
  }
}

}  // namespace

Opcode split(std::span<const u8> bytes, unsigned bits) {
  Opcode op;
  op.bits = static_cast<u8>(bits);
  op.bytes = bytes;
  op.opcode = 0xffffffff;
  size_t at = 0;
  while (at < bytes.size() && is_prefix(bytes[at])) note_prefix(op, bytes[at++]);
  if (bits == 64 && at < bytes.size() && (bytes[at] & 0xf0) == 0x40) op.rex = bytes[at++];
  if (at >= bytes.size()) return op;
  u32 code = bytes[at++];
  if (code == 0x0f && at < bytes.size()) {
    code = 0x0f00u | bytes[at++];
    if ((code == 0x0f38 || code == 0x0f3a) && at < bytes.size()) code = code << 8 | bytes[at++];
  }
  op.opcode = code;
  op.length_to_modrm = static_cast<u8>(at);
  if (at < bytes.size()) {
    op.has_modrm = true;
    op.modrm = bytes[at];
  }
  return op;
}

unsigned modrm_length(const Opcode& op) {
  if (op.mod() == 3) return 1;
  const unsigned rm = op.modrm & 7u;
  const bool wide = op.bits == 64 || (op.bits == 32) != op.address_size;
  if (!wide) return 1 + (op.mod() == 0 ? (rm == 6 ? 2 : 0) : op.mod());
  unsigned length = 1;
  bool disp32 = op.mod() == 2 || (op.mod() == 0 && rm == 5);
  if (rm == 4) {
    ++length;
    disp32 = disp32 || (op.mod() == 0 && (op.bytes[op.length_to_modrm + 1u] & 7) == 5);
  }
  return length + (disp32 ? 4 : op.mod() == 1 ? 1 : 0);
}

bool is_string(const Opcode& op) {
  const u32 c = op.opcode;
  return (c >= 0xa4 && c <= 0xa7) || (c >= 0xaa && c <= 0xaf) || (c >= 0x6c && c <= 0x6f);
}

bool is_port_io(const Opcode& op) {
  const u32 c = op.opcode;
  return (c >= 0x6c && c <= 0x6f) || (c >= 0xe4 && c <= 0xe7) || (c >= 0xec && c <= 0xef);
}

bool is_random(const Opcode& op) {
  return op.opcode == 0x0fc7 && op.has_modrm && op.mod() == 3 && (op.modrm >> 3 & 7) >= 6;
}

bool is_avx_state(const Opcode& op) {
  const bool vex2 = op.opcode == 0xc5, vex3 = op.opcode == 0xc4;
  const size_t at = op.length_to_modrm + (vex3 ? 2u : 1u);
  if ((!vex2 && !vex3) || !op.has_modrm || at >= op.bytes.size() || op.bytes[at] != 0x77) return false;
  return op.bits == 64 || op.mod() == 3;  // LDS, LES otherwise
}

bool loads_rflags(const Opcode& op) { return op.opcode == 0x9d || op.opcode == 0xcf || op.opcode == 0x0f07; }

bool is_far_branch(const Opcode& op) {
  const u32 c = op.opcode;
  if (c == 0x9a || c == 0xea || c == 0xca || c == 0xcb) return true;
  return c == 0xff && op.has_modrm && op.mod() != 3 && ((op.modrm >> 3 & 7) == 3 || (op.modrm >> 3 & 7) == 5);
}

bool loads_stack_segment(const Opcode& op) {
  return op.opcode == 0x17 || (op.opcode == 0x8e && op.has_modrm && (op.modrm >> 3 & 7) == 2);
}

bool reads_descriptors(const Opcode& op) {
  switch (op.opcode) {
    case 0x8e:  // MOV Sreg
    case 0x07:
    case 0x17:
    case 0x1f:  // POP ES, SS, DS
    case 0x0fa1:
    case 0x0fa9:  // POP FS, GS
    case 0xc4:
    case 0xc5:  // LES, LDS
    case 0x0fb2:
    case 0x0fb4:
    case 0x0fb5:  // LSS, LFS, LGS
    case 0x0f02:
    case 0x0f03:  // LAR, LSL
    case 0x9a:
    case 0xea:
    case 0xca:
    case 0xcb:
    case 0xcf:  // far CALL, JMP, RET, IRET
      return true;
    case 0x0f00:
      return true;  // LLDT, LTR, VERR, VERW
    case 0xff:
      return op.has_modrm && ((op.modrm >> 3 & 7) == 3 || (op.modrm >> 3 & 7) == 5);
    default:
      return false;
  }
}

// Group by group from the opcode map (SDM vol. 2D appendix A): memory destinations that are read first.
bool is_read_modify_write(const Opcode& op) {
  if (!op.has_modrm || op.mod() == 3) return false;
  const u32 c = op.opcode, ext = op.modrm >> 3 & 7;
  if (c < 0x40) return (c & 7) <= 1 && (c >> 3) != 7;                   // ADD..XOR Ev,Gv; not CMP
  if (c >= 0x80 && c <= 0x83) return ext != 7;                          // group 1; not CMP
  if (c == 0x86 || c == 0x87) return true;                              // XCHG
  if (c == 0xc0 || c == 0xc1 || (c >= 0xd0 && c <= 0xd3)) return true;  // shifts
  if (c == 0xf6 || c == 0xf7) return ext == 2 || ext == 3;              // NOT, NEG
  if (c == 0xfe || c == 0xff) return ext <= 1;                          // INC, DEC
  if (c == 0x0fab || c == 0x0fb3 || c == 0x0fbb) return true;           // BTS BTR BTC
  if (c == 0x0fba) return ext >= 5;
  if (c == 0x0fa4 || c == 0x0fa5 || c == 0x0fac || c == 0x0fad) return true;  // SHLD SHRD
  return c == 0x0fb0 || c == 0x0fb1 || c == 0x0fc0 || c == 0x0fc1 ||
         (c == 0x0fc7 && ext == 1);  // CMPXCHG XADD
}

BlockTraits block_traits(std::span<const u8> bytes, u64 address, unsigned bits) {
  BlockTraits t;
  Disassembler& d = Disassembler::of(bits);
  while (!bytes.empty()) {
    const Opcode op = split(bytes, bits);
    t.port_io = t.port_io || is_port_io(op);
    t.hidden = t.hidden || is_random(op) || is_avx_state(op);
    t.far = t.far || is_far_branch(op);
    t.ends_with_iret = op.opcode == 0xcf;
    t.ends_with_sysret = op.opcode == 0x0f07;
    if (!d.next(bytes, address)) break;
  }
  return t;
}

unsigned instruction_length(std::span<const u8> bytes, unsigned bits) {
  const size_t before = bytes.size();
  u64 address = 0;
  return Disassembler::of(bits).next(bytes, address) ? static_cast<unsigned>(before - bytes.size()) : 0;
}

u64 count_instructions(std::span<const u8> bytes, u64 address, unsigned bits) {
  u64 n = 0;
  Disassembler& d = Disassembler::of(bits);
  while (!bytes.empty() && d.next(bytes, address)) ++n;
  return n;
}

u64 length_of(u64 count, std::span<const u8> bytes, u64 address, unsigned bits) {
  const size_t all = bytes.size();
  Disassembler& d = Disassembler::of(bits);
  while (count-- > 0 && !bytes.empty() && d.next(bytes, address)) {
  }
  return all - bytes.size();
}

}  // namespace xs::x86
