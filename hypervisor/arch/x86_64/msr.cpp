// Source: Intel SDM vol. 4 (MSR numbers), vol. 3B 18.2 (debug registers).
#include "hypervisor/arch/x86_64/msr.h"

#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/common/domain.h"

extern "C" bool read_msr_catching_faults(hv::u32 msr, hv::u64* value);

namespace hv {
namespace {

constexpr u32 kMsrMiscEnable = 0x1a0, kMsrPlatformId = 0x17, kMsrBiosSignature = 0x8b, kMsrPat = 0x277,
              kMsrDebugControl = 0x1d9;
constexpr u64 kEferLme = 1 << 8, kEferLma = 1 << 10, kEferNxe = 1 << 11, kEferSce = 1;
/// What Xen documents for PV guests: WB, WT, UC-, UC, WC, WP, UC, UC by entry.
constexpr u64 kXenPat = 0x050100070406;

constexpr u64 kDr6Reserved = 0xffff0ff0, kDr6Fixed = 0xffff0ff0;
constexpr u64 kDr7Enabled = 0xff, kDr7GeneralDetect = 1 << 13, kDr7Fixed = 0x400;

}  // namespace

bool guest_read_msr(Vcpu* vcpu, u32 msr, u64& value) {
  switch (msr) {
    case kMsrFsBase:
    case kMsrGsBase:
    case kMsrShadowGsBase:
      value = read_msr(msr);
      return true;
    case kMsrEfer:
      value = read_msr(kMsrEfer) & (kEferSce | kEferLme | kEferLma | kEferNxe);
      return true;
    case kMsrPat:
      value = kXenPat;
      return true;
    case kMsrApicBase:
      value = 0xfee00800 | (vcpu->id == 0 ? 0x100 : 0);
      return true;
    case kMsrMiscEnable:
      return read_msr_catching_faults(msr, &value);
    case kMsrPlatformId:
    case kMsrBiosSignature:
    case kMsrDebugControl:  // no last-branch records
      value = 0;
      return true;
    default:
      return false;
  }
}

bool guest_write_msr(Vcpu* vcpu, u32 msr, u64 value) {
  switch (msr) {
    case kMsrFsBase:
    case kMsrGsBase:
    case kMsrShadowGsBase:
      if (!is_canonical(value)) return false;
      write_msr(msr, value);
      return true;
    case kMsrPat:
      return value == kXenPat;
    case kMsrDebugControl:
      return value == 0;
    case kMsrEfer: {
      u64 now = 0;
      return guest_read_msr(vcpu, msr, now) && now == value;
    }
    case kMsrMiscEnable:
    case kMsrBiosSignature:
      return true;  // writes are ignored, as Xen does: guests set what is set already
    default:
      return false;
  }
}

u64 guest_cr4(const Vcpu* vcpu) { return (read_cr4() & ~(kCr4Tsd | kCr4De)) | vcpu->arch.cr4; }

bool set_guest_cr4(Vcpu* vcpu, u64 value) {
  constexpr u64 kGuestOwned = kCr4Tsd | kCr4De;
  if ((value ^ read_cr4()) & ~kGuestOwned) return false;
  vcpu->arch.cr4 = value & kGuestOwned;
  write_cr4((read_cr4() & ~kCr4Tsd) | (value & kCr4Tsd));
  return true;
}

int set_debug_register(Vcpu* vcpu, unsigned number, u64 value) {
  switch (number) {
    case 0:
    case 1:
    case 2:
    case 3:
      if (!is_canonical(value) || (value >= kHvStart && value < kHvEnd)) return -XEN_EPERM;
      break;
    case 6:
      value = (value & ~kDr6Reserved & 0xffffffff) | kDr6Fixed;
      break;
    case 7: {
      if (value & kDr7GeneralDetect) return -XEN_EPERM;
      value = (value & ~0xffff0000d800ull & ~(1ull << 12 | 1ull << 14 | 1ull << 15) & 0xffffffff) | kDr7Fixed;
      for (unsigned i = 0; i < 4; ++i)  // I/O breakpoints need CR4.DE of the guest
        if ((value >> (16 + 4 * i) & 3) == 2 && !(vcpu->arch.cr4 & kCr4De)) return -XEN_EPERM;
      break;
    }
    default:
      return -XEN_EINVAL;
  }
  vcpu->arch.debug[number] = value;
  return 0;
}

int get_debug_register(const Vcpu* vcpu, unsigned number, u64& value) {
  if (number == 4 || number == 5) number += 2;  // without CR4.DE they are other names
  if (number > 7) return -XEN_EINVAL;
  value = vcpu->arch.debug[number];
  return 0;
}

void load_debug_registers(const Vcpu* vcpu) {
  const u64* debug = vcpu->arch.debug;
  if (debug[7] & kDr7Enabled) {
    asm volatile("mov %0, %%dr0" ::"r"(debug[0]));
    asm volatile("mov %0, %%dr1" ::"r"(debug[1]));
    asm volatile("mov %0, %%dr2" ::"r"(debug[2]));
    asm volatile("mov %0, %%dr3" ::"r"(debug[3]));
    asm volatile("mov %0, %%dr7" ::"r"(debug[7]));
  } else {
    asm volatile("mov %0, %%dr7" ::"r"(kDr7Fixed));
  }
}

}  // namespace hv
