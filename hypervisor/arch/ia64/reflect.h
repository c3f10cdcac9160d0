// Interruptions that are the guest's: its kernel goes on in its own IVT, with what a CPU would have left in
// control registers left in the privileged ones.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

/// Offsets in the IVT (SDM vol. 2 table 5-1).
enum Vector : u64 {
  kVhptTranslation = 0x0000,
  kInstructionTlb = 0x0400,
  kDataTlb = 0x0800,
  kAlternateInstructionTlb = 0x0c00,
  kAlternateDataTlb = 0x1000,
  kDataNestedTlb = 0x1400,
  kInstructionKeyMiss = 0x1800,
  kDataKeyMiss = 0x1c00,
  kDirtyBit = 0x2000,
  kInstructionAccessBit = 0x2400,
  kDataAccessBit = 0x2800,
  kBreak = 0x2c00,
  kExternalInterrupt = 0x3000,
  kPageNotPresent = 0x5000,
  kInstructionAccessRights = 0x5200,
  kDataAccessRights = 0x5300,
  kGeneralException = 0x5400,
  kDisabledFp = 0x5500,
  kNatConsumption = 0x5600,
  kSpeculation = 0x5700,
  kDebug = 0x5900,
  kUnsupportedDataReference = 0x5b00
};

/// General exception codes, ISR bits 7:4.
constexpr u64 kIllegalOperation = 0x00, kPrivilegedOperation = 0x10, kPrivilegedRegister = 0x20,
              kReservedRegisterField = 0x30;

/// NaT consumption of a page, in its place.
constexpr u64 kPageOfNats = 0x20;

struct Interruption {
  u64 vector;
  u64 isr = 0;
  u64 ifa = 0;
  u64 iim = 0;
};
void reflect(Vcpu* vcpu, const Interruption& interruption);
/// A miss that the guest has to fill: its vector depends on whether it lets a VHPT be walked.
void reflect_miss(Vcpu* vcpu, u64 address, bool fetch, u64 isr);
/// The instruction at IP has consumed a NaT (SDM vol. 2 table 8-1: register NaT consumption).
void reflect_register_nat(Vcpu* vcpu);

/// The upcall for events, or an external interrupt of the virtual SAPIC, when one is due and can be taken.
void deliver_pending(Vcpu* vcpu);

}  // namespace hv
