// TLB shootdown and locks between two VCPUs: what one has unmapped, the other cannot see any more.
//
// A kernel that changes a mapping makes the old one void on all VCPUs, or on those of a mask: on x86-64 by
// the hypervisor's calls (xen.h: UVMF_MULTI, UVMF_ALL, MMUEXT_INVLPG_*, MMUEXT_TLB_FLUSH_*), on IA-64 by
// ptc.g and ptc.ga, which the hypervisor does for it. When that is done, no VCPU may use the old translation,
// on whichever processor it runs. VCPU 0 lets one page alternate between two frames by every such way in
// turn; VCPU 1 reads the page all the while and compares with what VCPU 0 says is mapped:
//
//     generation   odd: changing, anything may be read      even: mapped is frame generation / 2 % 2
//
// Then both increment a counter under one lock, with hypercalls inside: nothing may be lost, nobody may
// starve.
#include "guests/tests/tlb-shootdown/remap.h"

const char test_name[] = "tlb-shootdown";

namespace {

constexpr unsigned rounds = 1500, increments = 4000;

volatile u64 generation;
volatile u64* page;  // alternates between the two frames
volatile u64 reads, stale;
volatile u32 stage;  // 1: VCPU 1 reads, 2: it counts, 3: it is done

struct Lock {
  u32 next = 0, serving = 0;
  void take() {
    const u32 mine = __atomic_fetch_add(&next, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&serving, __ATOMIC_ACQUIRE) != mine) hypercall_sched_op(SCHEDOP_yield, nullptr);
  }
  void release() { __atomic_fetch_add(&serving, 1, __ATOMIC_ACQ_REL); }
} lock;
u64 counter;

void count_under_lock() {
  for (unsigned i = 0; i < increments; ++i) {
    lock.take();
    const u64 before = counter;
    if (i % 16 == 0) hypercall_xen_version(XENVER_version, nullptr);
    counter = before + 1;
    lock.release();
  }
}

void watch() {
  const u64 before = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);
  const u64 value = *page;
  if ((before & 1) || __atomic_load_n(&generation, __ATOMIC_SEQ_CST) != before) return;
  reads = reads + 1;
  stale = stale + (value != (before / 2 & 1));
}

void other_vcpu() {
  remap_begin();
  while (stage == 1) {
    for (unsigned i = 0; i < 64; ++i) watch();
    hypercall_sched_op(SCHEDOP_yield, nullptr);  // both may share one processor
  }
  count_under_lock();
  stage = 3;
  for (;;) hypercall_vcpu_op(VCPUOP_down, other, nullptr);
}

void check_shootdown(const Pfn frames[2]) {
  for (unsigned round = 0; round < rounds; ++round) {
    const u64 now = generation;
    __atomic_store_n(&generation, now + 1, __ATOMIC_SEQ_CST);
    const long result = remap(round, frames[(now / 2 + 1) & 1]);
    if (result != 0) return test_equal("remap", result, 0);
    __atomic_store_n(&generation, now + 2, __ATOMIC_SEQ_CST);
    const u64 enough = reads + 3;
    const u64 end = system_time_ns(0) + ns_per_s;
    while (reads < enough && system_time_ns(0) < end) hypercall_sched_op(SCHEDOP_yield, nullptr);
  }
  test_check(reads >= rounds, "VCPU 1 has looked only %lu times", reads);
  test_equal("stale translations used", static_cast<s64>(stale), 0);
}

void check_lock() {
  stage = 2;
  count_under_lock();
  const u64 end = system_time_ns(0) + 10 * ns_per_s;
  while (stage != 3 && system_time_ns(0) < end) hypercall_sched_op(SCHEDOP_yield, nullptr);
  test_equal("VCPU 1 is done", stage, 3);
  test_equal("increments under the lock", static_cast<s64>(counter), 2 * increments);
}

}  // namespace

void test_main() {
  test_need_vcpus(2);
  const Pfn first = test_spare_frames(2);
  const Pfn frames[2] = {first, first + 1};
  *static_cast<volatile u64*>(test_va(first)) = 0;
  *static_cast<volatile u64*>(test_va(first + 1)) = 1;
  page = remap_prepare(first);
  remap_begin();
  stage = 1;
  test_equal("initialise VCPU 1", test_initialise_vcpu(other, other_vcpu), 0);
  test_equal("up", hypercall_vcpu_op(VCPUOP_up, other, nullptr), 0);
  check_shootdown(frames);
  check_lock();
}
