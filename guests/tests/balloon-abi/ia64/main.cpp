// The balloon's ABI where frames have their own numbers (model `identity`, of a dom0): what each reservation
// operation does to memory and counters.
//
// What x86-64's test of the name proves of model direct. Here nothing is mapped that the guest has not mapped
// by the frame's own number, so a frame that is given back is gone at once, whatever the guest has inserted;
// what comes instead has another number, which the call answers with; and a frame that is not the domain's is
// never taken.
#include "guests/tests/lib/touch.h"

const char test_name[] = "balloon-abi";

namespace {
long current_pages() {
  domid_t self = DOMID_SELF;
  return hypercall_memory_op(XENMEM_current_reservation, &self);
}

long reserve(unsigned operation, xen_pfn_t* frame) {
  xen_memory_reservation_t r{};
  set_xen_guest_handle(r.extent_start, frame);
  r.nr_extents = 1;
  r.domid = DOMID_SELF;
  return hypercall_memory_op(operation, &r);
}

void check_cycle(Pfn pfn) {
  const long before = current_pages();
  xen_pfn_t frame[1] = {pfn};
  touch_write(test_va(pfn), 0x600d);
  test_equal("decrease by one", reserve(XENMEM_decrease_reservation, frame), 1);
  test_equal("current_reservation after decrease", current_pages(), before - 1);
  test_check(touch_read(test_va(pfn)).faulted, "a frame that was given back can be read");
  test_equal("decrease again", reserve(XENMEM_decrease_reservation, frame), 0);
  test_equal("populate one", reserve(XENMEM_populate_physmap, frame), 1);
  test_equal("current_reservation after populate", current_pages(), before);
  test_check(!touch_write(test_va(frame[0]), 0xf00d).faulted, "the new frame cannot be written");
  test_equal("the new frame holds what was written", static_cast<s64>(touch_read(test_va(frame[0])).value),
             0xf00d);
}

void check_refusals() {
  xen_pfn_t nowhere[1] = {0x3fffffffff}, shared[1] = {boot_info->shared_info / page_bytes}, bios[1] = {0xf0};
  test_equal("decrease of a frame that does not exist", reserve(XENMEM_decrease_reservation, nowhere), 0);
  test_equal("decrease of shared_info", reserve(XENMEM_decrease_reservation, shared), 0);
  test_equal("decrease of what is no memory", reserve(XENMEM_decrease_reservation, bios), 0);
}
}  // namespace

void test_main() {
  test_only_direct("test-translated-memory has the steps of this memory model");
  check_cycle(test_spare_frames(1));
  check_refusals();
}
