// Exceptions, and handing them (and events) to PV guests.
#pragma once
#include "hypervisor/arch/x86_64/arch_vcpu.h"
#include "hypervisor/common/types.h"

namespace hv {

enum Vector : u32 {
  kVectorDivide = 0,
  kVectorDebug = 1,
  kVectorNmi = 2,
  kVectorBreakpoint = 3,
  kVectorOverflow = 4,
  kVectorInvalidOpcode = 6,
  kVectorDeviceNotAvailable = 7,
  kVectorDoubleFault = 8,
  kVectorInvalidTss = 10,
  kVectorNotPresent = 11,
  kVectorStack = 12,
  kVectorGeneralProtection = 13,
  kVectorPageFault = 14,
  kVectorAlignment = 17,
  kVectorMachineCheck = 18
};

constexpr u32 kPageFaultPresent = 1, kPageFaultWrite = 2, kPageFaultUser = 4, kPageFaultReserved = 8,
              kPageFaultFetch = 16;

constexpr bool vector_has_error_code(u32 vector) {
  return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21;
}

/// Bits of ArchVcpu::callback_masks_events.
constexpr u32 kFailsafeMasksEvents = 1, kSyscallMasksEvents = 2;

/// Delivers an exception to the guest through its trap table; crashes the domain when it has no handler.
void inject_exception(Vcpu* vcpu, u32 vector, u32 error_code = 0);
void inject_page_fault(Vcpu* vcpu, Vaddr address, u32 error_code);
/// INT n: DPL checks of the trap table; true when delivered or refused for good, false: a plain #GP is due.
bool software_interrupt(Vcpu* vcpu, u8 vector);

/// Makes the guest kernel run `handler` with a frame on its stack; crashes the domain when the stack is bad.
struct Bounce {
  Vaddr handler;
  bool has_error_code;
  u32 error_code;
  bool mask_events;
  bool failsafe = false;  ///< the frame begins with the data segments, for the guest to find the bad one
};
void bounce_to_guest(Vcpu* vcpu, const Bounce& bounce);
/// The upcall for events that are deliverable.
void deliver_events(Vcpu* vcpu);

/// Switches between guest kernel and guest user: page tables and GS base (current VCPU).
void toggle_guest_mode(Vcpu* vcpu);

/// Tries to execute the privileged instruction at RIP for the guest; true: done, RIP is behind it.
bool emulate_privileged(Vcpu* vcpu);
/// UD2 "xen" CPUID.
bool emulate_forced_cpuid(Vcpu* vcpu);
/// What CPUID tells a PV guest.
void guest_cpuid(Registers& regs);

/// An external interrupt or APIC interrupt.
void handle_interrupt(u8 vector);

}  // namespace hv
