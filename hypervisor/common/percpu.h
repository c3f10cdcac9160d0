// One PerCpu per physical CPU, found by this_cpu(); cpus[i] from outside.
#pragma once
#include "arch_percpu.h"  // struct ArchPerCpu, PerCpu& this_cpu()
#include "hypervisor/common/timer.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

struct PerCpu {
  unsigned id;             ///< 0..cpu_count-1, in order of start
  u64 mark_word;           ///< target of xs_mark_store
  Vcpu* current;           ///< runs here; never nullptr once the scheduler is up (the idle VCPU otherwise)
  Vcpu* idle;
  bool need_schedule;      ///< looked at on the way out to a guest and in the idle loop
  bool online;
  bool in_multicall;
  bool continuation_made;  ///< the handler that just returned asked to be re-executed
  struct HypercallContinuation* continuation;
  TimerQueue timers;
  Nanoseconds idle_since;
  Nanoseconds idle_total;
  ArchPerCpu arch;
};

extern PerCpu cpus[kMaxCpus];
extern unsigned cpu_count;  ///< CPUs that are up

inline Vcpu* current() { return this_cpu().current; }

}  // namespace hv
