#include "guests/lib/time.h"

#include "arch_cpu.h"
#include "guests/lib/boot.h"

// The version is odd while the hypervisor updates the record and changes with each update (xen.h).
u64 system_time_ns(unsigned vcpu) {
  auto& t = vcpu_info_of(vcpu).time;
  for (;;) {
    u32 version = __atomic_load_n(&t.version, __ATOMIC_ACQUIRE);
    if (version & 1) continue;
    u64 delta = arch_cycle_counter() - t.tsc_timestamp;
    delta = t.tsc_shift < 0 ? delta >> -t.tsc_shift : delta << t.tsc_shift;
    u64 now =
        t.system_time + static_cast<u64>((static_cast<unsigned __int128>(delta) * t.tsc_to_system_mul) >> 32);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&t.version, __ATOMIC_RELAXED) == version) return now;
  }
}
