#include "hypervisor/arch/x86_64/mm_pt_write.h"

namespace hv {

namespace {
constexpr u64 kCarry = 1, kArithmeticFlags = 0x8d5;  // CF PF AF ZF SF OF

struct Instruction {
  const u8* bytes;
  unsigned length;
  unsigned at = 0;
  u8 rex = 0, opcode = 0, modrm = 0;
  bool two_byte = false;

  bool take(u8& byte) {
    if (at >= length) return false;
    byte = bytes[at++];
    return true;
  }
  bool skip(unsigned n) { return (at += n) <= length; }
  unsigned reg() const { return (modrm >> 3 & 7) | (rex & 4) << 1; }
  unsigned extension() const { return modrm >> 3 & 7; }

  /// Prefixes, opcode, ModRM and what follows it up to the immediate. The address itself is known from the
  /// fault.
  bool parse() {
    u8 byte;
    if (!take(byte)) return false;
    if (byte == 0xf0 && !take(byte)) return false;  // LOCK: the store is made under a lock anyway
    if ((byte & 0xf0) == 0x40) {
      rex = byte;
      if (!take(byte)) return false;
    }
    if (!(rex & 8)) return false;  // entries have 64 bits
    two_byte = byte == 0x0f;
    if (two_byte && !take(byte)) return false;
    opcode = byte;
    return take(modrm) && (modrm >> 6) != 3 && skip_address();
  }

  bool skip_address() {
    const unsigned mod = modrm >> 6, rm = modrm & 7;
    u8 sib = 0;
    if (rm == 4 && !take(sib)) return false;
    const bool wide = mod == 2 || (mod == 0 && (rm == 5 || (rm == 4 && (sib & 7) == 5)));
    return skip(wide ? 4 : mod == 1 ? 1 : 0);
  }

  bool immediate(unsigned size, u64& value) {
    if (at + size > length) return false;
    u32 raw = 0;
    for (unsigned i = 0; i < size; i++) raw |= static_cast<u32>(bytes[at + i]) << 8 * i;
    value = size == 1 ? static_cast<u64>(static_cast<s64>(static_cast<signed char>(raw)))
                      : static_cast<u64>(static_cast<s64>(static_cast<s32>(raw)));
    at += size;
    return true;
  }
};

u64* register_at(cpu_user_regs& r, unsigned number) {
  u64* const all[] = {&r.rax, &r.rcx, &r.rdx, &r.rbx, &r.rsp, &r.rbp, &r.rsi, &r.rdi,
                      &r.r8,  &r.r9,  &r.r10, &r.r11, &r.r12, &r.r13, &r.r14, &r.r15};
  return all[number];
}

void set_flags(cpu_user_regs& regs, u64 flags) {
  regs.rflags = (regs.rflags & ~kArithmeticFlags) | (flags & kArithmeticFlags);
}

// The processor itself says what flags the operation leaves.
u64 logical(bool is_or, u64 a, u64 b, cpu_user_regs& regs) {
  u64 flags;
  if (is_or)
    asm("or %2, %0; pushfq; popq %1" : "+r"(a), "=r"(flags) : "r"(b) : "cc");
  else
    asm("and %2, %0; pushfq; popq %1" : "+r"(a), "=r"(flags) : "r"(b) : "cc");
  set_flags(regs, flags);
  return a;
}

PtWrite compare_exchange(u64 old, u64 replacement, cpu_user_regs& regs) {
  u64 flags;
  asm("cmp %1, %2; pushfq; popq %0" : "=r"(flags) : "r"(old), "r"(regs.rax) : "cc");
  set_flags(regs, flags);
  if (regs.rax == old) return {replacement, true};
  regs.rax = old;
  return {old, false};
}

PtWrite change_bit(u64 old, u64 bit, bool set, cpu_user_regs& regs) {
  const u64 mask = 1ull << (bit & 63);
  regs.rflags = old & mask ? regs.rflags | kCarry : regs.rflags & ~kCarry;
  return {set ? old | mask : old & ~mask, true};
}

bool execute_two_byte(Instruction& i, u64 old, cpu_user_regs& regs, PtWrite& result) {
  u64 bit;
  if (i.opcode == 0xb1) {
    result = compare_exchange(old, *register_at(regs, i.reg()), regs);
    return true;
  }
  if (i.opcode != 0xba || i.extension() < 5 || i.extension() > 6 || !i.immediate(1, bit)) return false;
  result = change_bit(old, bit, i.extension() == 5, regs);
  return true;
}

bool execute_one_byte(Instruction& i, u64 old, cpu_user_regs& regs, PtWrite& result) {
  u64* reg = register_at(regs, i.reg());
  u64 value;
  result.writes = true;
  switch (i.opcode) {
    case 0x89:
      result.value = *reg;
      return true;
    case 0x87:
      result.value = *reg;
      *reg = old;
      return true;
    case 0xc7:
      return i.extension() == 0 && i.immediate(4, result.value);
    case 0x21:
    case 0x09:
      result.value = logical(i.opcode == 0x09, old, *reg, regs);
      return true;
    case 0x81:
    case 0x83:
      if ((i.extension() != 1 && i.extension() != 4) || !i.immediate(i.opcode == 0x81 ? 4 : 1, value))
        return false;
      result.value = logical(i.extension() == 1, old, value, regs);
      return true;
    default:
      return false;
  }
}
}  // namespace

bool pt_write_execute(const u8* bytes, unsigned length, u64 old, cpu_user_regs& regs, PtWrite& result) {
  Instruction i{bytes, length};
  if (!i.parse()) return false;
  if (!(i.two_byte ? execute_two_byte(i, old, regs, result) : execute_one_byte(i, old, regs, result)))
    return false;
  regs.rip += i.at;
  return true;
}

}  // namespace hv
