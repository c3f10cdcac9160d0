#include "guests/tests/hypercall-fuzz/race.h"

#include "guests/tests/hypercall-fuzz/arch.h"
#include "guests/tests/hypercall-fuzz/grants.h"

namespace {
constexpr unsigned most_vcpus = 4;
constexpr u64 timer_in_ns = 1000;
unsigned running;  // beside VCPU 0
unsigned started;  // each takes its number from it
unsigned finished;
bool stop;
u64 base_seed;
u64 steps[most_vcpus];

struct Racer {
  unsigned vcpu;
  Random random;

  u64 frame() { return world.play_mfn[random.below(play_frames)]; }
  Pfn page() { return world.play + random.below(play_frames); }

  void balloon() {
    u64 extent = frame();
    xen_memory_reservation_t r{};
    set_xen_guest_handle(r.extent_start, &extent);
    r.nr_extents = 1;
    r.domid = DOMID_SELF;
    const bool takes = guest_is_translated() && random.one_in(2);
    hypercall_memory_op(takes ? XENMEM_populate_physmap : XENMEM_decrease_reservation, &r);
  }
  void signal() {
    evtchn_send_t send{static_cast<u32>(1 + random.below(40))};
    for (unsigned i = 0; i < 4; i++)
      hypercall_event_channel_op(random.one_in(3) ? EVTCHNOP_unmask : EVTCHNOP_send, &send);
  }
  void describe() {  // two at once, for VCPUs that never run
    vcpu_register_vcpu_info_t info{};
    info.mfn = test_machine(world.vcpu_info);
    info.offset = 64 * vcpu;
    hypercall_vcpu_op(VCPUOP_register_vcpu_info, running + 1, &info);
    hypercall_set_timer(system_time_ns(vcpu) + timer_in_ns);
  }
  void use() {
    const u64 at = hypercall_arg(test_va(page())) + random.below(512) * 8;
    touch(at, random.one_in(2));
  }
  void step() {
    switch (random.below(11)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return arch_race_step(random, vcpu);
      case 5:
        return random.one_in(4) ? balloon() : use();
      case 6:
        return signal();
      case 7:
        return describe();
      case 8:
        return grants_race_step(random, vcpu);
      default:
        return use();
    }
  }
};

void race() {
  const unsigned vcpu = __atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
  Racer racer{vcpu, Random(base_seed + vcpu)};
  while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
    racer.step();
    steps[vcpu]++;
  }
  __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
  for (;;) hypercall_vcpu_op(VCPUOP_down, vcpu, nullptr);
}
}  // namespace

void race_start(unsigned long seed) {
  base_seed = seed * 16;
  for (unsigned vcpu = 1; vcpu < most_vcpus; vcpu++) {
    // The last one is only described, never started: others register its vcpu_info against each other.
    if (hypercall_vcpu_op(VCPUOP_is_up, vcpu, nullptr) < 0) return;
    if (vcpu > 1 && hypercall_vcpu_op(VCPUOP_is_up, vcpu + 1, nullptr) < 0) return;
    if (test_initialise_vcpu(vcpu, race) != 0 || hypercall_vcpu_op(VCPUOP_up, vcpu, nullptr) != 0)
      test_error("VCPU %u cannot be started", vcpu);
    while (__atomic_load_n(&started, __ATOMIC_ACQUIRE) < vcpu) hypercall_sched_op(SCHEDOP_yield, nullptr);
    running = vcpu;
  }
}

unsigned race_vcpus() { return running; }

void race_stop() {
  __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
  while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) < running) {
    for (unsigned vcpu = 1; vcpu <= running; vcpu++) hypercall_vcpu_op(VCPUOP_up, vcpu, nullptr);
    hypercall_sched_op(SCHEDOP_yield, nullptr);
  }
  for (unsigned vcpu = 1; vcpu <= running; vcpu++) hypercall_vcpu_op(VCPUOP_down, vcpu, nullptr);
}

unsigned long race_steps() {
  u64 sum = 0;
  for (u64 s : steps) sum += s;
  return sum;
}
