// System time from the ITC, whose rate PAL and SAL tell (SDM vol. 2 11.9, PAL_FREQ_RATIOS; SAL specification
// 9).
#include "hypervisor/arch/ia64/clock.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/firmware.h"
#include "hypervisor/common/domctl.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/time_page.h"
#include "hypervisor/common/timer.h"

namespace hv {
namespace {

constexpr u64 kSecond = 1'000'000'000;
constexpr Nanoseconds kLongestAlarm = 4'000'000'000;
u64 itc_hz, itc_at_zero, wall_clock_at_zero;
u32 multiplier;
s32 shift;

/// Shift so that the rate lies in (2^31 .. 2^32] of 10^9, then a 32-bit fraction.
void set_scale(u64 hz) {
  u64 rate = hz;
  while (rate > 2 * kSecond) rate >>= 1, --shift;
  while (rate <= kSecond) rate <<= 1, ++shift;
  multiplier = static_cast<u32>((kSecond << 32) / rate);
}

u64 scale_itc(u64 ticks) {
  ticks = shift < 0 ? ticks >> -shift : ticks << shift;
  return static_cast<u64>((static_cast<unsigned __int128>(ticks) * multiplier) >> 32);
}

}  // namespace

void time_init() {
  const FirmwareResult base = sal_call(kSalFreqBase, 0), ratios = pal_call(kPalFreqRatios);
  if (base.status != 0 || ratios.status != 0 || (ratios.value[2] & 0xffffffff) == 0)
    panic("firmware does not tell how fast the ITC counts");
  const u64 itc_ratio = ratios.value[2];  // numerator << 32 | denominator
  itc_hz = base.value[0] * (itc_ratio >> 32) / (itc_ratio & 0xffffffff);
  set_scale(itc_hz);
  itc_at_zero = read_itc();
  wall_clock_at_zero = firmware_wall_clock();
  print("ITC %lu kHz\n", itc_hz / 1000);
}

u32 arch_cpu_khz() { return static_cast<u32>(itc_hz / 1000); }
Nanoseconds arch_system_time() { return static_cast<Nanoseconds>(scale_itc(read_itc() - itc_at_zero)); }
u64 arch_boot_wall_clock() { return wall_clock_at_zero; }

Nanoseconds time_at_itc(u64 itc) {
  const s64 ahead = static_cast<s64>(itc - itc_at_zero);
  return ahead < 0 ? 0 : static_cast<Nanoseconds>(scale_itc(static_cast<u64>(ahead)));
}

void arch_read_time(vcpu_time_info& time) {
  time.tsc_timestamp = read_itc();
  time.system_time = scale_itc(time.tsc_timestamp - itc_at_zero);
  time.tsc_to_system_mul = multiplier;
  time.tsc_shift = static_cast<s8>(shift);
  time.flags = XEN_PVCLOCK_TSC_STABLE_BIT;
}

void arch_set_timer_deadline(Nanoseconds deadline) {
  const u64 now_itc = read_itc();
  const Nanoseconds now = static_cast<Nanoseconds>(scale_itc(now_itc - itc_at_zero));
  const u64 wait = deadline == INT64_MAX ? kLongestAlarm
                   : deadline > now      ? static_cast<u64>(min_of(deadline - now, kLongestAlarm))
                                         : 0;
  // Rounded up: an alarm that comes early would find nothing due and be set again.
  u64 match = now_itc + (wait * (itc_hz / 1000) + 999'999) / 1'000'000;
  HV_WRITE("cr.itm", match);
  // It rings when the two are equal, so one that has been passed would be missed.
  for (u64 ahead = 16; read_itc() >= match; ahead *= 2) {
    match = read_itc() + ahead;
    HV_WRITE("cr.itm", match);
  }
}

}  // namespace hv
