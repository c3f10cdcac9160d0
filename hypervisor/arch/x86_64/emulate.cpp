// Privileged instructions that PV kernels execute although they run in ring 3, and that fault with #GP(0).
// Only the guest kernel gets them; what is refused here stays a #GP.
// Source: Intel SDM vol. 2 (encodings); Xen's docs for the forced CPUID prefix.
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/fpu.h"
#include "hypervisor/arch/x86_64/msr.h"
#include "hypervisor/arch/x86_64/trap.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"

namespace hv {
namespace {

/// The instruction bytes at RIP; fewer than 15 when the page behind is missing.
struct Instruction {
  u8 byte[15];
  unsigned length = 0;  ///< bytes fetched
  unsigned at = 0;      ///< bytes decoded
  u8 rex = 0;
  bool operand16 = false;

  bool next(u8& value) {
    if (at >= length) return false;
    value = byte[at++];
    return true;
  }
};

bool fetch(const Registers& regs, Instruction& instruction) {
  const u64 to_page_end = kPageSize - (regs.rip & (kPageSize - 1));
  u64 want = sizeof(instruction.byte);
  if (!copy_from_guest(instruction.byte, regs.rip, want)) {
    want = min_of<u64>(want, to_page_end);
    if (!copy_from_guest(instruction.byte, regs.rip, want)) return false;
  }
  instruction.length = static_cast<unsigned>(want);
  return true;
}

/// Skips prefixes; returns the first opcode byte.
bool read_opcode(Instruction& instruction, u8& opcode) {
  for (;;) {
    if (!instruction.next(opcode)) return false;
    if (opcode == 0x66) {
      instruction.operand16 = true;
    } else if ((opcode & 0xf0) == 0x40) {
      instruction.rex = opcode;
    } else if (opcode != 0xf2 && opcode != 0xf3 && opcode != 0x2e && opcode != 0x3e) {
      return true;
    }
  }
}

u64& general_register(Registers& regs, unsigned index) {
  u64* const table[16] = {&regs.rax, &regs.rcx, &regs.rdx, &regs.rbx, &regs.rsp, &regs.rbp,
                          &regs.rsi, &regs.rdi, &regs.r8,  &regs.r9,  &regs.r10, &regs.r11,
                          &regs.r12, &regs.r13, &regs.r14, &regs.r15};
  return *table[index];
}

bool read_control(Vcpu* vcpu, unsigned number, u64& value) {
  switch (number) {
    case 0:
      value = (read_cr0() & ~kCr0Ts) | (vcpu->arch.ts_virtual ? kCr0Ts : 0);
      return true;
    case 2:
      value = vcpu->arch.cr2;
      return true;
    case 3:
      value = vcpu->arch.kernel_table << kPageShift;
      return true;
    case 4:
      value = guest_cr4(vcpu);
      return true;
    default:
      return false;
  }
}

bool write_control(Vcpu* vcpu, unsigned number, u64 value) {
  switch (number) {
    case 0:
      if ((value ^ read_cr0()) & ~kCr0Ts) return false;  // only TS is the guest's
      fpu_set_guest_ts(vcpu, value & kCr0Ts);
      return true;
    case 2:
      vcpu->arch.cr2 = value;
      vcpu->info->arch.cr2 = value;
      return true;
    case 3:
      return arch_set_kernel_table(vcpu, value >> kPageShift) == 0;
    case 4:
      return set_guest_cr4(vcpu, value);
    default:
      return false;
  }
}

/// 0F 20-23: MOV between a general and a control or debug register.
bool move_special(Vcpu* vcpu, Instruction& instruction, u8 opcode) {
  u8 modrm;
  if (!instruction.next(modrm)) return false;
  const unsigned number = ((modrm >> 3) & 7) | (instruction.rex & 4 ? 8 : 0);
  u64& general = general_register(vcpu->arch.regs, (modrm & 7) | (instruction.rex & 1 ? 8 : 0));
  switch (opcode) {
    case 0x20:
      return read_control(vcpu, number, general);
    case 0x21:
      return get_debug_register(vcpu, number, general) == 0;
    case 0x22:
      return write_control(vcpu, number, general);
    default:
      if (set_debug_register(vcpu, number, general)) return false;
      load_debug_registers(vcpu);
      return true;
  }
}

bool execute_two_byte(Vcpu* vcpu, Instruction& instruction) {
  Registers& regs = vcpu->arch.regs;
  u8 opcode;
  if (!instruction.next(opcode)) return false;
  switch (opcode) {
    case 0x06:  // CLTS
      fpu_set_guest_ts(vcpu, false);
      return true;
    case 0x08:  // INVD
    case 0x09:  // WBINVD: caches are coherent here, there is no non-coherent device
      return true;
    case 0x20:
    case 0x21:
    case 0x22:
    case 0x23:
      return move_special(vcpu, instruction, opcode);
    case 0x30:
      return guest_write_msr(vcpu, static_cast<u32>(regs.rcx), regs.rdx << 32 | static_cast<u32>(regs.rax));
    case 0x31: {  // RDTSC with CR4.TSD
      const u64 tsc = read_tsc();
      regs.rax = static_cast<u32>(tsc);
      regs.rdx = tsc >> 32;
      return true;
    }
    case 0x32: {
      u64 value;
      if (!guest_read_msr(vcpu, static_cast<u32>(regs.rcx), value)) return false;
      regs.rax = static_cast<u32>(value);
      regs.rdx = value >> 32;
      return true;
    }
    case 0xa2:
      guest_cpuid(regs);
      return true;
    default:
      return false;
  }
}

/// Two-byte opcodes are the kernel's, but for CPUID and RDTSC.
bool may_execute(const Vcpu* vcpu, const Instruction& instruction) {
  const u8 second = instruction.at < instruction.length ? instruction.byte[instruction.at] : 0;
  return vcpu->arch.kernel_mode || second == 0xa2 || second == 0x31;
}

/// The virtual I/O privilege level (PHYSDEVOP_set_iopl); the guest kernel counts as ring 1.
bool has_io_privilege(const Vcpu* vcpu) { return vcpu->arch.iopl >= (vcpu->arch.kernel_mode ? 1 : 3); }

/// IN, OUT, CLI, STI of a guest with the privilege. No port is a guest's: reads give ones, writes go nowhere.
/// The interrupt flag is the upcall mask's business, not theirs.
bool execute_with_io_privilege(Vcpu* vcpu, Instruction& instruction, u8 opcode) {
  if (!has_io_privilege(vcpu)) return false;
  if (opcode == 0xfa || opcode == 0xfb) return true;
  if ((opcode & 0xf4) != 0xe4) return false;  // E4-E7 with an immediate port, EC-EF with DX
  u8 port;
  if (!(opcode & 8) && !instruction.next(port)) return false;
  const bool input = !(opcode & 2), byte = !(opcode & 1);
  u64& rax = vcpu->arch.regs.rax;
  if (input) rax = byte ? rax | 0xff : instruction.operand16 ? rax | 0xffff : 0xffffffff;
  return true;
}

}  // namespace

bool emulate_privileged(Vcpu* vcpu) {
  Registers& regs = vcpu->arch.regs;
  Instruction instruction;
  u8 opcode;
  if (!fetch(regs, instruction) || !read_opcode(instruction, opcode)) return false;
  const u64 rip = regs.rip;
  bool done = false;
  if (opcode == 0x0f) {
    done = may_execute(vcpu, instruction) && execute_two_byte(vcpu, instruction);
  } else {
    done = execute_with_io_privilege(vcpu, instruction, opcode);
  }
  if (done && regs.rip == rip) regs.rip = rip + instruction.at;
  return done;
}

bool emulate_forced_cpuid(Vcpu* vcpu) {
  static const u8 kPrefix[] = {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};
  u8 bytes[sizeof(kPrefix)];
  if (!copy_from_guest(bytes, vcpu->arch.regs.rip, sizeof(bytes))) return false;
  for (unsigned i = 0; i < sizeof(bytes); ++i)
    if (bytes[i] != kPrefix[i]) return false;
  guest_cpuid(vcpu->arch.regs);
  vcpu->arch.regs.rip += sizeof(bytes);
  return true;
}

}  // namespace hv
