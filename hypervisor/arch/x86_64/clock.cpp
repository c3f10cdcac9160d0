// Sources: Intel 8254 data sheet; MC146818 data sheet (CMOS clock); <xen/xen.h> vcpu_time_info.
#include "hypervisor/arch/x86_64/clock.h"

#include "hypervisor/arch/x86_64/apic.h"
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/common/domctl.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/time_page.h"
#include "hypervisor/common/timer.h"

namespace hv {
namespace {

constexpr u64 kPitHz = 1193182;
constexpr u64 kSecond = 1'000'000'000;
/// wait * Hz fits 64 bits up to here; a later alarm is set again when this one rings.
constexpr Nanoseconds kLongestAlarm = 4'000'000'000;
TimeScale scale;
u64 tsc_hz, apic_hz;
u64 wall_clock_at_zero;

u16 pit_count() {
  out8(0x43, 0x00);  // latch channel 0
  const u8 low = in8(0x40);
  return static_cast<u16>(low | in8(0x40) << 8);
}

u64 scale_tsc(u64 ticks) {
  ticks = scale.shift < 0 ? ticks >> -scale.shift : ticks << scale.shift;
  return static_cast<u64>((static_cast<unsigned __int128>(ticks) * scale.multiplier) >> 32);
}

/// Shift so that the rate lies in (2^31 .. 2^32] of 10^9, then a 32-bit fraction.
void set_scale(u64 hz) {
  s32 shift = 0;
  u64 rate = hz;
  while (rate > 2 * kSecond) rate >>= 1, --shift;
  while (rate <= kSecond) rate <<= 1, ++shift;
  scale.shift = shift;
  scale.multiplier = static_cast<u32>((kSecond << 32) / rate);
}

/// Counts both clocks over 10 ms of PIT channel 0 (mode 0: counts down once from 65535).
void calibrate() {
  constexpr u64 kInterval = kPitHz / 100;
  out8(0x43, 0x30);
  out8(0x40, 0xff);
  out8(0x40, 0xff);
  apic_timer_start(~0u);
  u16 first = pit_count();
  for (u32 tries = 0; pit_count() == first; ++tries)
    if (tries > 1'000'000) panic("the PIT does not count");
  first = pit_count();
  const u64 tsc_first = read_tsc();
  const u32 apic_first = apic_timer_current();
  u16 last;
  do last = pit_count();
  while (static_cast<u16>(first - last) < kInterval);
  const u64 ticks = static_cast<u16>(first - last);
  tsc_hz = (read_tsc() - tsc_first) * kPitHz / ticks;
  apic_hz = u64{apic_first - apic_timer_current()} * kPitHz / ticks;
  apic_timer_start(0);
  if (tsc_hz == 0 || apic_hz == 0) panic("the TSC or the APIC timer does not count");
}

u8 cmos(u8 index) {
  out8(0x70, index);
  return in8(0x71);
}

u32 cmos_number(u8 index, bool binary) {
  const u8 raw = cmos(index);
  return binary ? raw : (raw >> 4) * 10u + (raw & 15);
}

u64 days_from_civil(u32 year, u32 month, u32 day) {
  // Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that start in March.
  const u32 y = month <= 2 ? year - 1 : year;
  const u32 m = month <= 2 ? month + 9 : month - 3;
  return 365ull * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

u64 read_wall_clock() {
  for (u32 tries = 0; cmos(0x0a) & 0x80; ++tries)  // update in progress
    if (tries > 100'000) return 0;
  const bool binary = cmos(0x0b) & 4;
  const u32 year = 2000 + cmos_number(9, binary);
  return days_from_civil(year, cmos_number(8, binary), cmos_number(7, binary)) * 86400 +
         cmos_number(4, binary) * 3600ull + cmos_number(2, binary) * 60ull + cmos_number(0, binary);
}

}  // namespace

void time_init() {
  calibrate();
  set_scale(tsc_hz);
  scale.tsc_at_zero = read_tsc();
  wall_clock_at_zero = read_wall_clock();
  print("TSC %lu kHz, APIC timer %lu kHz\n", tsc_hz / 1000, apic_hz / 1000);
}

const TimeScale& time_scale() { return scale; }
u32 arch_cpu_khz() { return static_cast<u32>(tsc_hz / 1000); }
Nanoseconds arch_system_time() { return static_cast<Nanoseconds>(scale_tsc(read_tsc() - scale.tsc_at_zero)); }
u64 arch_boot_wall_clock() { return wall_clock_at_zero; }

void arch_read_time(vcpu_time_info& time) {
  time.tsc_timestamp = read_tsc();
  time.system_time = scale_tsc(time.tsc_timestamp - scale.tsc_at_zero);
  time.tsc_to_system_mul = scale.multiplier;
  time.tsc_shift = static_cast<s8>(scale.shift);
  time.flags = XEN_PVCLOCK_TSC_STABLE_BIT;
}

void busy_wait(Nanoseconds duration) {
  const Nanoseconds end = arch_system_time() + duration;
  while (arch_system_time() < end) pause_cpu();
}

void arch_set_timer_deadline(Nanoseconds deadline) {
  if (deadline == INT64_MAX) return apic_timer_start(0);
  const Nanoseconds now = arch_system_time();
  const u64 wait = deadline > now ? static_cast<u64>(min_of(deadline - now, kLongestAlarm)) : 0;
  // Rounded up: an alarm that comes early would find nothing due and be set again.
  const u64 count = ((wait * apic_hz) + kSecond - 1) / kSecond;
  apic_timer_start(count == 0 ? 1 : static_cast<u32>(min_of<u64>(count, 0xffffffff)));
}

}  // namespace hv
