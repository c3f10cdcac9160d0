#include "hypervisor/common/time_page.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/timer.h"

namespace hv {
namespace {

void begin_write(u32& version) {
  __atomic_store_n(&version, (version + 1) | 1, __ATOMIC_RELEASE);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
void end_write(u32& version) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  __atomic_store_n(&version, version + 1, __ATOMIC_RELEASE);
}

}  // namespace

void time_update(Vcpu* vcpu) {
  vcpu_time_info now = {};
  arch_read_time(now);
  vcpu_time_info& time = vcpu->info->time;
  begin_write(time.version);
  time.tsc_timestamp = now.tsc_timestamp;
  time.system_time = now.system_time;
  time.tsc_to_system_mul = now.tsc_to_system_mul;
  time.tsc_shift = now.tsc_shift;
  time.flags = now.flags;
  end_write(time.version);
  time_copy_to_area(vcpu);
}

void time_copy_to_area(Vcpu* vcpu) {
  if (!vcpu->time_area) return;
  arch_copy_to_guest_kernel(vcpu, vcpu->time_area, &vcpu->info->time, sizeof(vcpu_time_info));
}

void wall_clock_update(Domain* domain) {
  shared_info& shared = *domain->shared;
  const u64 seconds = arch_boot_wall_clock() + static_cast<u64>(domain->time_offset / 1'000'000'000);
  begin_write(shared.wc_version);
  shared.wc_sec = static_cast<u32>(seconds);
  shared.wc_sec_hi = static_cast<u32>(seconds >> 32);
  shared.wc_nsec = 0;
  end_write(shared.wc_version);
}

}  // namespace hv
