// The balloon's ABI in model `direct`: what each reservation operation does to memory, M2P and counters.
//
// A balloon driver that gets the order wrong leaks frames or gives away mapped ones, and a hypervisor that
// gets it wrong hands one domain's memory to another. So the single steps are checked against memory.h:
// current_reservation follows every change; a frame that is still mapped is not freed for others; decrease
// takes the argument as machine frame; populate gives a frame, sets M2P and returns it; increase returns a
// frame with no M2P entry of ours, which the guest sets itself; limits stop an allocation with a short count,
// not with an error.
#include "guests/tests/lib/test.h"

const char test_name[] = "balloon-abi";

namespace {
long current_pages() {
  domid_t self = DOMID_SELF;
  return hypercall_memory_op(XENMEM_current_reservation, &self);
}

xen_memory_reservation reservation(xen_pfn_t* list, unsigned count, unsigned order = 0) {
  xen_memory_reservation r{};
  set_xen_guest_handle(r.extent_start, list);
  r.nr_extents = count;
  r.extent_order = order;
  r.domid = DOMID_SELF;
  return r;
}

long decrease(xen_pfn_t* list, unsigned count) {
  auto r = reservation(list, count);
  return hypercall_memory_op(XENMEM_decrease_reservation, &r);
}
long populate(xen_pfn_t* list, unsigned count) {
  auto r = reservation(list, count);
  return hypercall_memory_op(XENMEM_populate_physmap, &r);
}
long increase(xen_pfn_t* list, unsigned count) {
  auto r = reservation(list, count);
  return hypercall_memory_op(XENMEM_increase_reservation, &r);
}

void check_cycle(Pfn pfn) {
  long before = current_pages();
  xen_pfn_t mfn = test_machine(pfn);
  *static_cast<volatile u64*>(test_va(pfn)) = 0x600d;
  test_equal("unmap", test_unmap(pfn), 0);
  test_p2m()[pfn] = invalid_frame;
  test_equal("decrease by one", decrease(&mfn, 1), 1);
  test_equal("current_reservation after decrease", current_pages(), before - 1);
  xen_pfn_t frame = pfn;
  test_equal("populate one", populate(&frame, 1), 1);
  test_equal("current_reservation after populate", current_pages(), before);
  test_check(frame != pfn, "populate returned the guest frame, not the machine frame");
  test_equal("M2P of the new frame", static_cast<s64>(machine_to_phys_mapping[frame]), static_cast<s64>(pfn));
  test_p2m()[pfn] = frame;
  test_equal("map the new frame", test_map(pfn, pte_kernel), 0);
  *static_cast<volatile u64*>(test_va(pfn)) = 0xf00d;
  test_equal("the new frame holds what was written", *static_cast<volatile u64*>(test_va(pfn)), 0xf00d);
}

// Xen lets the owner's own reference go; a mapping keeps the frame alive, so it cannot get to anybody else.
void check_mapped_frame_stays(Pfn pfn) {
  auto* word = static_cast<volatile u64*>(test_va(pfn));
  xen_pfn_t mfn = test_machine(pfn);
  *word = 0xabcd;
  long done = decrease(&mfn, 1);
  test_check(done == 0 || done == 1, "decrease of a mapped frame: %ld", done);
  test_equal("a mapped frame keeps its contents", *word, 0xabcd);
  xen_pfn_t other = pfn;
  if (done == 1 && populate(&other, 1) == 1) {
    test_check(other != mfn, "a frame that is still mapped was handed out again");
    test_p2m()[pfn] = other;
  }
  test_equal("map what we own now", test_map(pfn, pte_kernel), 0);
}

void check_increase(Pfn pfn) {
  xen_pfn_t mfn = test_machine(pfn);
  long before = current_pages();
  test_equal("unmap", test_unmap(pfn), 0);
  test_equal("decrease by one", decrease(&mfn, 1), 1);
  xen_pfn_t got = invalid_frame;
  test_equal("increase by one", increase(&got, 1), 1);
  test_equal("current_reservation after increase", current_pages(), before);
  test_check(got != invalid_frame, "increase did not return the frame");
  if (got == invalid_frame) return;
  mmu_update_t set{(got << page_shift) | MMU_MACHPHYS_UPDATE, pfn};
  test_equal("MMU_MACHPHYS_UPDATE", hypercall_mmu_update(&set, 1, nullptr, DOMID_SELF), 0);
  test_equal("M2P after the update", static_cast<s64>(machine_to_phys_mapping[got]), static_cast<s64>(pfn));
  test_p2m()[pfn] = got;
  test_equal("map the frame", test_map(pfn, pte_kernel), 0);
}

void check_batch(Pfn first, unsigned count) {
  xen_pfn_t list[16];
  for (unsigned i = 0; i < count; i++) {
    list[i] = test_machine(first + i);
    test_equal("unmap", test_unmap(first + i), 0);
  }
  long before = current_pages();
  test_equal("decrease by a batch", decrease(list, count), count);
  test_equal("current_reservation", current_pages(), before - static_cast<long>(count));
  for (unsigned i = 0; i < count; i++) list[i] = first + i;
  test_equal("populate a batch", populate(list, count), count);
  for (unsigned i = 0; i < count; i++) {
    test_p2m()[first + i] = list[i];
    test_equal("map", test_map(first + i, pte_kernel), 0);
  }
}

void check_limits(Pfn pfn) {
  xen_pfn_t foreign = 0x3fffffffff;
  test_equal("decrease of a frame that does not exist", decrease(&foreign, 1), 0);
  xen_pfn_t page = test_machine(pfn);
  auto huge = reservation(&page, 1, 60);
  test_check(hypercall_memory_op(XENMEM_populate_physmap, &huge) <= 0, "an extent of order 60 was granted");
  domid_t self = DOMID_SELF;
  long maximum = hypercall_memory_op(XENMEM_maximum_reservation, &self);
  if (maximum != current_pages()) return;  // there is room up to the limit: nothing to see
  xen_pfn_t more = pfn;
  test_equal("populate beyond maximum_reservation", populate(&more, 1), 0);
}
}  // namespace

void test_main() {
  test_only_direct("test-translated-memory has the steps of this memory model");
  Pfn first = test_spare_frames(16);
  check_cycle(first);
  check_increase(first + 1);
  check_batch(first, 16);
  check_limits(first + 2);
  check_mapped_frame_stays(first + 3);
}
