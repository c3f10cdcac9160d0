// Credit scheduler: 30 ms slices, weights, boost on wake (sched_credit.cpp).
#pragma once
#include "hypervisor/common/timer.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct Vcpu;

constexpr Nanoseconds kSchedSlice = 30'000'000;   ///< a VCPU's longest run while others wait
constexpr Nanoseconds kSchedPeriod = 30'000'000;  ///< credits are handed out this often
constexpr int kSchedDefaultWeight = 256;

/// Why a VCPU may not run; any bit set keeps it off the queue. Nested causes are counts of their own
/// (pause_count).
enum VcpuPause : u32 {
  kVcpuBlocked = 1 << 0,  ///< SCHEDOP_block: until an event
  kVcpuPolling = 1 << 1,  ///< SCHEDOP_poll: until one of the ports
  kVcpuDown = 1 << 2      ///< not initialised or VCPUOP_down
};

enum class SchedPriority : u8 { boost, under, over, idle };

struct SchedVcpu {
  Vcpu* next = nullptr;  ///< run queue link
  bool queued = false;
  bool running = false;  ///< on some CPU; its registers are not to be touched from elsewhere
  bool active = false;   ///< has run in this accounting period
  SchedPriority priority = SchedPriority::under;
  s32 credit = 0;        ///< microseconds of CPU; negative: over
  unsigned cpu = 0;      ///< where it ran last
  u64 affinity = ~0ull;  ///< bit per CPU
};

void scheduler_init();
void scheduler_cpu_init(unsigned cpu);
void sched_vcpu_init(Vcpu* vcpu);

void vcpu_wake(Vcpu* vcpu);  ///< after a pause cause went away: queues it if runnable
/// After a pause cause was set. Returns at once; vcpu_sleep_sync also waits until it has left its CPU.
void vcpu_sleep(Vcpu* vcpu);
void vcpu_sleep_sync(Vcpu* vcpu);

/// Picks what runs next on this CPU and goes there. Called with no lock held; never returns.
[[noreturn]] void schedule();

}  // namespace hv
