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

// Bits a guest may have set, and those that read as one (SDM vol. 3B 18.2.3, 18.2.4).
constexpr u64 kDr6Own = 0xffffefff, kDr6Fixed = 0xffff0ff0;
constexpr u64 kDr7Own = 0xffff27ff, kDr7Fixed = 0x400;
constexpr u64 kDr7Enabled = 0xff, kDr7GeneralDetect = 1 << 13;
constexpr unsigned kBreakpoints = 4;

/// DR4 and DR5 are DR6 and DR7, unless CR4.DE says that they do not exist.
int resolve_debug_register(const Vcpu* vcpu, unsigned& number) {
  if (number > 7) return -XEN_ENODEV;
  if (number != 4 && number != 5) return 0;
  if (vcpu->arch.cr4 & kCr4De) return -XEN_ENODEV;
  number += 2;
  return 0;
}

/// Enable bits of the breakpoints on I/O ports.
u64 enabled_port_breakpoints(u64 dr7) {
  constexpr u64 kPort = 2;
  u64 bits = 0;
  for (unsigned i = 0; i < kBreakpoints; ++i)
    if ((dr7 >> (16 + 4 * i) & 3) == kPort) bits |= dr7 & 3ull << 2 * i;
  return bits;
}

int check_debug_control(const Vcpu* vcpu, u64 value) {
  if (value >> 32) return -XEN_EINVAL;
  if (value & kDr7GeneralDetect) return -XEN_EPERM;
  // What a breakpoint on a port would mean without CR4.DE is undefined.
  if ((value & kDr7Enabled) == 0 || (vcpu->arch.cr4 & kCr4De)) return 0;
  for (unsigned i = 0; i < kBreakpoints; ++i)
    if ((value >> (16 + 4 * i) & 3) == 2) return -XEN_EPERM;
  return 0;
}

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
  if (const int rc = resolve_debug_register(vcpu, number); rc != 0) return rc;
  if (number == 6) {
    if (value >> 32) return -XEN_EINVAL;
    value = (value & kDr6Own) | kDr6Fixed;
  } else if (number == 7) {
    if (const int rc = check_debug_control(vcpu, value); rc != 0) return rc;
    value = (value & kDr7Own) | kDr7Fixed;
  } else if (!is_canonical(value) || (value >= kHvStart && value < kHvEnd)) {
    return -XEN_EPERM;
  }
  vcpu->arch.debug[number] = value;
  return 0;
}

int get_debug_register(const Vcpu* vcpu, unsigned number, u64& value) {
  if (const int rc = resolve_debug_register(vcpu, number); rc != 0) return rc;
  value = vcpu->arch.debug[number];
  return 0;
}

void load_debug_registers(const Vcpu* vcpu) {
  const u64* debug = vcpu->arch.debug;
  // No port is a guest's (emulate.cpp), so no breakpoint on one can be met.
  const u64 control = debug[7] & ~enabled_port_breakpoints(debug[7]);
  if (control & kDr7Enabled) {
    asm volatile("mov %0, %%dr0" ::"r"(debug[0]));
    asm volatile("mov %0, %%dr1" ::"r"(debug[1]));
    asm volatile("mov %0, %%dr2" ::"r"(debug[2]));
    asm volatile("mov %0, %%dr3" ::"r"(debug[3]));
    asm volatile("mov %0, %%dr7" ::"r"(control));
  } else {
    asm volatile("mov %0, %%dr7" ::"r"(kDr7Fixed));
  }
}

}  // namespace hv
