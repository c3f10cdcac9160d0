// A VCPU's registers as its guest sees them, while the hypervisor runs.
#pragma once
#include "hypervisor/arch/ia64/arch_vcpu.h"
#include "hypervisor/common/types.h"

namespace hv {

/// General register by its number in the current frame and bank; false: not in the frame, or its value is a
/// NaT.
bool read_register(const Vcpu* vcpu, unsigned number, u64& value);
/// Clears the NaT bit. False: not in the frame.
bool write_register(Vcpu* vcpu, unsigned number, u64 value);
/// Argument n of a hypercall: in0 + n.
u64 read_argument(const Vcpu* vcpu, unsigned n);

constexpr unsigned kStackedRegisters = 96;  ///< r32 to r127, and as many in a CPU
/// `address` of a backing store, n registers further (or back), collections skipped (SDM vol. 2 6.6).
u64 skip_registers(u64 address, s64 n);
/// A frame marker that a CPU takes: sizes within the register file and within each other, everything else 0.
u64 sanitized_frame(u64 ifs);
/// `cover`: the current frame becomes empty; returns what it was, as cr.ifs says it.
u64 cover_frame(Vcpu* vcpu);
/// rfi's: the current frame goes, and `ifs` comes out of the backing store.
void restore_frame(Vcpu* vcpu, u64 ifs);

/// PSR as the guest kernel sets it: level 0 is its own.
u64 guest_psr(const Vcpu* vcpu);
void set_guest_psr(Vcpu* vcpu, u64 psr);
bool in_guest_kernel(const Vcpu* vcpu);
/// r16 to r31 of bank 0 or 1.
void set_bank(Vcpu* vcpu, unsigned bank);
/// Behind the instruction.
void next_instruction(Vcpu* vcpu);

/// Bits that PSR can have on the way into a guest, whatever was asked for; level at least 1.
u64 sanitized_psr(const Vcpu* vcpu, u64 psr);

/// The hypervisor's part of region 7: no address for a guest.
inline bool in_hole(Vaddr address) {
  return address >= HYPERVISOR_VIRT_START && address < HYPERVISOR_VIRT_END;
}
/// Where a VCPU may have its XSI.
inline bool xsi_ok(Vaddr where) {
  return where % XEN_IA64_XSI_BYTES == 0 && (!in_hole(where) || where == XEN_IA64_XSI);
}

}  // namespace hv
