// Source: SDM vol. 2 3.3.4.2 (ITC, ITM, ITV), 11.10 (PAL_FREQ_RATIOS); SAL specification 9.8 (SAL_FREQ_BASE).
#include "clock.h"

#include "arch_cpu.h"
#include "firmware.h"
#include "guests/kernel/thread.h"
#include "guests/lib/panic.h"
#include "privileged.h"

namespace {
constexpr u64 pal_freq_ratios = 14, sal_freq_base = 0x01000012, platform_clock = 0;
using u128 = unsigned __int128;

u64 ns_per_cycle, cycles_per_ns;  // 32 fraction bits
u64 first_cycle;
}  // namespace

void clock_init() {
  FirmwareResult base = sal_call(sal_freq_base, platform_clock);
  FirmwareResult ratios = pal_call(pal_freq_ratios);
  u64 numerator = ratios.third >> 32, denominator = ratios.third & 0xffffffff;
  if (base.status || ratios.status || !base.first || !numerator || !denominator)
    panic("firmware does not tell the rate of the clock");
  u64 hz = base.first * numerator / denominator;
  ns_per_cycle = static_cast<u64>((u128{ns_per_s} << 32) / hz);
  cycles_per_ns = static_cast<u64>((u128{hz} << 32) / ns_per_s);
  first_cycle = arch_cycle_counter();
}

u64 clock_ns() {
  return static_cast<u64>(static_cast<u128>(arch_cycle_counter() - first_cycle) * ns_per_cycle >> 32);
}

// Only the moment when both are equal counts: a match that is set too late would never come.
void clock_set_alarm(u64 deadline_ns) {
  constexpr u64 far = u64{1} << 62;
  u64 now = arch_cycle_counter();
  u64 due = deadline_ns == no_deadline
                ? now + far
                : first_cycle + static_cast<u64>(static_cast<u128>(deadline_ns) * cycles_per_ns >> 32) + 1;
  for (u64 ahead = 200;; ahead *= 2) {
    u64 match = max_of(due, arch_cycle_counter() + ahead);
    write_timer_match(match);
    if (arch_cycle_counter() < match) return;
  }
}
