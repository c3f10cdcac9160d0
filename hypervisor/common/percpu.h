// One PerCpu per physical CPU, found by this_cpu(); cpus[i] from outside.
#pragma once
#include "arch_percpu.h"  // struct ArchPerCpu, PerCpu& this_cpu()
#include "hypervisor/common/timer.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

struct PerCpu {
  Vcpu* current = nullptr;  ///< first word (entry assembly): runs here; the idle VCPU when nothing does
  unsigned id = 0;          ///< 0..cpu_count-1, in order of start
  u64 mark_word = 0;        ///< target of xs_mark_store
  Vcpu* idle = nullptr;
  bool need_schedule = false;  ///< looked at on the way out to a guest and in the idle loop
  bool online = false;
  bool in_multicall = false;
  bool continuation_made = false;     ///< the handler that just returned asked to be re-executed
  u64 continued_arg[6] = {};          ///< with these arguments, when it did so within a multicall
  Nanoseconds hypercall_started = 0;  ///< when it first asked for how long it may go on; 0: not yet
  TimerQueue timers;
  Nanoseconds idle_since = 0;
  Nanoseconds idle_total = 0;
  ArchPerCpu arch;
};

extern PerCpu cpus[kMaxCpus] asm("hv_cpus");  // named by entry assembly too
extern unsigned cpu_count;                    ///< CPUs that are up

inline Vcpu* current() { return this_cpu().current; }

}  // namespace hv
