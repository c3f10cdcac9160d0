// Sources: UEFI specification 4.2 to 4.6, 7.2, 8; SAL specification 3.2.3 to 3.2.6, 9; SDM vol. 2 11.9.
#include "hypervisor/arch/ia64/domain_firmware.h"

#include "hypervisor/arch/ia64/firmware.h"
#include "hypervisor/arch/ia64/guest_calls.h"
#include "hypervisor/arch/ia64/guest_state.h"
#include "hypervisor/arch/ia64/keys.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/vtlb.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/lib.h"

extern "C" const hv::u8 domain_stubs[];

namespace hv {
namespace {

constexpr unsigned kServices = 11;
constexpr u64 kRuntime = 0x100, kConfiguration = 0x200, kSal = 0x300, kDescriptors = 0x600, kVendor = 0x700;
constexpr u64 kSalGuid[] = {0x11d32d88eb9d2d32, 0x4dc13f279000169a};
constexpr u8 kWakeVector = 0xf3;
constexpr u64 kEfiCall = 0x300, kPalCall = 0x1000, kSalCall = 0x1100;
constexpr s64 kNotImplemented = -1;
constexpr u64 kEfiUnsupported = 1ull << 63 | 3, kEfiNotFound = 1ull << 63 | 14;

template <typename T>
void put(u8* at, u64 offset, T value) {
  memcpy(at + offset, &value, sizeof value);
}

u32 crc32(const u8* bytes, u64 size) {
  u32 crc = ~0u;
  for (u64 i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (unsigned bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

void put_efi_header(u8* at, u64 signature, u32 size) {
  put(at, 0, signature);
  put<u32>(at, 8, 1 << 16 | 10);
  put(at, 12, size);
  put<u32>(at, 16, 0);
  put(at, 16, crc32(at, size));
}

void put_sal_table(u8* at, Paddr pal, Paddr sal) {
  memcpy(at, "SST_", 4);
  put<u32>(at, 4, 96 + 48 + 16);
  put<u16>(at, 8, 0x0300);
  put<u16>(at, 10, 2);
  u8* const entry = at + 96;
  put(entry, 8, pal);
  put(entry, 16, sal);
  entry[48] = 5;  // how to wake processors: an interrupt
  put<u64>(entry, 56, kWakeVector);
  u8 sum = 0;
  for (unsigned i = 0; i < 96 + 48 + 16; ++i) sum = static_cast<u8>(sum + at[i]);
  at[12] = static_cast<u8>(-sum);
}

struct Call {
  Vcpu* vcpu;
  s64 status = 0;
  u64 value[3] = {};
};

/// Procedures that only tell what the machine is like, or do to it what a domain may not see.
void pal(Call& call, u64 index) {
  constexpr u64 kVmSummary = 8, kVersion = 20, kRseInfo = 19, kFreqBase = 13, kCacheFlush = 1, kMemAttrib = 5,
                kPtceInfo = 6, kVmPageSize = 34, kDebugInfo = 11, kLogicalToPhysical = 42;
  switch (index) {
    case kPalHaltLight:
      return;
    case kCacheFlush:
      return;
    case kVmSummary:
      // Eight TRs of each kind, 18 bits of RIDs and of keys, 50 physical and 61 virtual bits.
      call.value[0] = 1 | kPhysicalBits << 1 | kKeyBits << 8 | (kGuestPkrs - 1) << 16 |
                      u64{kGuestTrs - 1} << 32 | u64{kGuestTrs - 1} << 40;
      call.value[1] = 60 | u64{kRidBits} << 8;
      return;
    case kPtceInfo:
      call.value[0] = 0, call.value[1] = 1ull << 32 | 1, call.value[2] = 0;
      return;
    case kMemAttrib:
    case kVersion:
    case kRseInfo:
    case kVmPageSize:
    case kDebugInfo:
    case kPalFreqRatios:
    case kLogicalToPhysical:
    case kFreqBase: {
      const FirmwareResult real = pal_call(index);
      call.status = real.status;
      for (unsigned n = 0; n < 3; ++n) call.value[n] = real.value[n];
      return;
    }
    default:
      call.status = kNotImplemented;
  }
}

void sal(Call& call, u64 function, u64 argument) {
  switch (function) {
    case kSalSetVectors:
      return;
    case kSalFreqBase: {
      const FirmwareResult real = sal_call(kSalFreqBase, argument);
      call.status = real.status;
      call.value[0] = real.value[0], call.value[1] = real.value[1];
      return;
    }
    default:
      call.status = kNotImplemented;
  }
}

void efi(Call& call, u64 service) {
  constexpr u64 kSetVirtualAddressMap = 4, kGetVariable = 6, kGetNextVariableName = 7, kResetSystem = 10;
  switch (service) {
    case kSetVirtualAddressMap:
      return;
    case kGetVariable:
    case kGetNextVariableName:
      call.status = static_cast<s64>(kEfiNotFound);
      return;
    case kResetSystem:
      return domain_shutdown(call.vcpu->domain,
                             read_argument(call.vcpu, 0) == 2 ? SHUTDOWN_poweroff : SHUTDOWN_reboot);
    default:
      call.status = static_cast<s64>(kEfiUnsupported);
  }
}

}  // namespace

void write_domain_firmware(u8* code, u8* tables, Paddr base) {
  memset(code, 0, kPageSize);
  memset(tables, 0, kPageSize);
  memcpy(code, domain_stubs, (kServices + 2) * 16);  // of EFI, PAL and SAL, a bundle each
  const Paddr at = base + kPageSize;
  const Paddr pal_entry = base + kServices * 16, sal_entry = pal_entry + 16;
  for (u64 n = 0; n < kServices; ++n) {
    put(tables, kDescriptors + n * 16, base + n * 16);
    put(tables, kRuntime + 24 + n * 8, at + kDescriptors + n * 16);
  }
  put_efi_header(tables + kRuntime, 0x56524553544e5552, 24 + kServices * 8);  // "RUNTSERV"
  memcpy(tables + kConfiguration, kSalGuid, 16);
  put(tables, kConfiguration + 16, at + kSal);
  put_sal_table(tables + kSal, pal_entry, sal_entry);
  constexpr char16_t kName[] = u"xenoscope";
  memcpy(tables + kVendor, kName, sizeof kName);
  put(tables, 24, at + kVendor);
  put(tables, 88, at + kRuntime);
  put<u64>(tables, 104, 1);
  put(tables, 112, at + kConfiguration);
  put_efi_header(tables, 0x5453595320494249, 120);  // "IBI SYST"
}

bool domain_firmware_call(Vcpu* vcpu, u64 number) {
  Call call{vcpu};
  Registers& regs = vcpu->arch.regs;
  if (number - kEfiCall < kServices)
    efi(call, number - kEfiCall);
  else if (number == kPalCall)
    pal(call, regs.r[28]);
  else if (number == kSalCall)
    sal(call, read_argument(vcpu, 0), read_argument(vcpu, 1));
  else
    return false;
  regs.r[8] = static_cast<u64>(call.status);
  for (unsigned n = 0; n < 3; ++n) regs.r[9 + n] = call.value[n];
  regs.nats &= ~(0xfull << (reinterpret_cast<u64>(&regs.r[8]) >> 3 & 63));
  return true;
}

}  // namespace hv
