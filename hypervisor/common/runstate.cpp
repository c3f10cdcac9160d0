#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/sched_state.h"

namespace hv {
namespace {

void fill(const Vcpu* vcpu, vcpu_runstate_info& info) {
  info.state = vcpu->runstate.state;
  info.state_entry_time = static_cast<u64>(vcpu->runstate.since);
  for (unsigned i = 0; i < 4; ++i) info.time[i] = vcpu->runstate.time[i];
}

}  // namespace

void runstate_change(Vcpu* vcpu, int state, Nanoseconds now) {
  VcpuRunstate& run = vcpu->runstate;
  if (run.state == state) return;
  run.time[run.state] += static_cast<u64>(now - run.since);
  run.state = state;
  run.since = now;
}

int runstate_when_stopped(const Vcpu* vcpu) {
  const bool blocked = vcpu->pause_flags & (kVcpuBlocked | kVcpuPolling);
  const bool offline = (vcpu->pause_flags & kVcpuDown) || vcpu->pause_count || vcpu->domain->pause_count;
  return blocked && !offline ? RUNSTATE_blocked : RUNSTATE_offline;
}

void runstate_read(const Vcpu* vcpu, vcpu_runstate_info& info) {
  fill(vcpu, info);
  info.time[info.state] += static_cast<u64>(system_time()) - info.state_entry_time;
}

void runstate_copy_to_area(Vcpu* vcpu) {
  if (!vcpu->runstate_area) return;
  vcpu_runstate_info info;
  fill(vcpu, info);
  // With the flag: marked as being written, the whole, then the mark off, so that another VCPU can read it.
  const bool flag = vcpu->domain->vm_assist & (1ull << VMASST_TYPE_runstate_update_flag);
  const Vaddr entry_time = vcpu->runstate_area + offsetof(vcpu_runstate_info, state_entry_time);
  const u64 settled = info.state_entry_time;
  if (flag) {
    info.state_entry_time |= XEN_RUNSTATE_UPDATE;
    arch_copy_to_guest_kernel(vcpu, entry_time, &info.state_entry_time, sizeof(u64));
  }
  arch_copy_to_guest_kernel(vcpu, vcpu->runstate_area, &info, sizeof(info));
  if (flag) arch_copy_to_guest_kernel(vcpu, entry_time, &settled, sizeof(u64));
}

}  // namespace hv
