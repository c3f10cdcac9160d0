// Clocks: TSC as system time, LAPIC timer as alarm, PIT as the reference for both, CMOS as wall clock.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

/// Measures TSC and LAPIC timer against the PIT; system time starts at 0 here.
void time_init();
/// Spins for so many nanoseconds.
void busy_wait(Nanoseconds duration);

/// ns = ((tsc << shift, or >> -shift) * multiplier) >> 32, as in vcpu_time_info.
struct TimeScale {
  u32 multiplier;
  s32 shift;
  u64 tsc_at_zero;
};
const TimeScale& time_scale();

}  // namespace hv
