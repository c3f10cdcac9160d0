// There are no page tables to change by a call: memory goes and comes back.
#include "guests/tests/multicall/calls.h"

namespace {
xen_memory_reservation_t reservation(xen_pfn_t* frames, unsigned count) {
  xen_memory_reservation_t r{};
  set_xen_guest_handle(r.extent_start, frames);
  r.nr_extents = count;
  r.domid = DOMID_SELF;
  return r;
}
}  // namespace

// Taken out of order the second would find a frame that is there, and the third one that is not.
void check_effects() {
  xen_pfn_t frame[1] = {test_spare_frames(1)};
  auto* word = static_cast<volatile u64*>(test_va(frame[0]));
  *word = 0xa;
  xen_memory_reservation_t r = reservation(frame, 1);
  multicall_entry_t list[3];
  set(list[0], __HYPERVISOR_memory_op, XENMEM_decrease_reservation, hypercall_arg(&r));
  set(list[1], __HYPERVISOR_memory_op, XENMEM_populate_physmap, hypercall_arg(&r));
  set(list[2], __HYPERVISOR_memory_op, XENMEM_populate_physmap, hypercall_arg(&r));
  test_equal("multicall", hypercall_multicall(list, count_of(list)), 0);
  test_equal("decrease", static_cast<s64>(list[0].result), 1);
  test_equal("populate", static_cast<s64>(list[1].result), 1);
  test_equal("populate of what is there", static_cast<s64>(list[2].result), 0);
  test_equal("what the new frame holds", static_cast<s64>(*word), 0);
}

// More than the hypervisor does in one go: 64 times all of 32 frames.
void check_long_call() {
  constexpr unsigned frames = 32, times = 64;
  static xen_pfn_t numbers[frames];
  const Pfn first = test_spare_frames(frames);
  for (unsigned i = 0; i < frames; i++) numbers[i] = first + i;
  xen_memory_reservation_t r = reservation(numbers, frames);
  static multicall_entry_t list[2 * times + 1];
  for (unsigned i = 0; i < times; i++) {
    set(list[2 * i], __HYPERVISOR_memory_op, XENMEM_decrease_reservation, hypercall_arg(&r));
    set(list[2 * i + 1], __HYPERVISOR_memory_op, XENMEM_populate_physmap, hypercall_arg(&r));
  }
  set(list[2 * times], __HYPERVISOR_vcpu_op, VCPUOP_is_up, 0);
  const u64 start = system_time_ns(0);
  test_equal("multicall of long calls", hypercall_multicall(list, count_of(list)), 0);
  test_check(system_time_ns(0) - start > 2 * ns_per_ms, "it took only %lu ns", system_time_ns(0) - start);
  unsigned wrong = 0;
  for (unsigned i = 0; i < 2 * times; i++) wrong += list[i].result != frames;
  test_equal("calls that were not done whole", wrong, 0);
  test_equal("entry behind them", static_cast<s64>(list[2 * times].result), 1);
}
