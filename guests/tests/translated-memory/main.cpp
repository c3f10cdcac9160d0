// Guest memory in model `translated`: what reservation and physmap operations do when frames have guest
// numbers only.
//
// The hypervisor holds the P2M, so a guest frame can vanish below a page that is still mapped. Whoever
// touches it then must fault, at every address and at once: else the guest would see a frame that is somebody
// else's by now. What comes back comes under the number that was asked for, holds nothing of its former
// owner, and no operation ever answers with a machine frame. The numbers themselves are hostile input: far
// ones, ones that are in use, ones that are nobody's.
#include "guests/tests/lib/touch.h"

const char test_name[] = "translated-memory";

namespace {
constexpr xen_pfn_t far_frame = 1ull << 30, no_frame = 1ull << 40;

long current_pages() {
  domid_t self = DOMID_SELF;
  return hypercall_memory_op(XENMEM_current_reservation, &self);
}

long reserve(unsigned operation, xen_pfn_t frame, unsigned order = 0) {
  xen_pfn_t list[1] = {frame};
  xen_memory_reservation r{};
  set_xen_guest_handle(r.extent_start, list);
  r.nr_extents = 1;
  r.extent_order = order;
  r.domid = DOMID_SELF;
  long done = hypercall_memory_op(operation, &r);
  test_check(list[0] == frame, "operation %u on frame %lx answers with %lx", operation, frame, list[0]);
  return done;
}
long decrease(xen_pfn_t frame) { return reserve(XENMEM_decrease_reservation, frame); }
long populate(xen_pfn_t frame) { return reserve(XENMEM_populate_physmap, frame); }

void check_gone(const char* what, void* va) {
  Touch read = touch_read(va), write = touch_write(va, 1);
  test_check(read.faulted && write.faulted, "%s: a page without a frame can be used", what);
  test_check(read.absent && write.absent && read.address == reinterpret_cast<u64>(va),
             "%s: error 0x%lx at 0x%lx, as of a page that is not there", what, read.error, read.address);
  test_check(write.write && !read.write, "load: error 0x%lx, store: error 0x%lx", read.error, write.error);
}

void check_cycle(Pfn pfn) {
  void* va = test_va(pfn);
  long before = current_pages();
  touch_write(va, 0x600d);
  test_equal("decrease", decrease(pfn), 1);
  test_equal("current_reservation after it", current_pages(), before - 1);
  check_gone("after decrease", va);
  test_equal("decrease again", decrease(pfn), 0);
  test_equal("populate", populate(pfn), 1);
  test_equal("current_reservation after it", current_pages(), before);
  Touch read = touch_read(va);
  test_check(!read.faulted, "a page whose frame has come back faults");
  test_equal("its contents", static_cast<s64>(read.value), 0);
  test_check(!touch_write(va, 0xf00d).faulted && touch_read(va).value == 0xf00d,
             "the new frame is not writable");
}

// The same frame under two addresses goes from both.
void check_aliases(Pfn a, Pfn b) {
  touch_write(test_va(b), 0xbbbb);
  void* alias = test_alias(a, b);
  test_equal("frame through its alias", static_cast<s64>(touch_read(alias).value), 0xbbbb);
  test_equal("decrease", decrease(b), 1);
  check_gone("first address", alias);
  check_gone("second address", test_va(b));
  test_equal("populate", populate(b), 1);
  touch_write(alias, 0xcccc);
  test_equal("new frame through the other address", static_cast<s64>(touch_read(test_va(b)).value), 0xcccc);
  test_end_alias(a);
}

void check_far_frame(Pfn pfn) {
  long before = current_pages();
  test_equal("decrease", decrease(pfn), 1);
  test_equal("populate far away", populate(far_frame), 1);
  void* far = test_alias(pfn, far_frame);
  test_check(!touch_write(far, 0xfa).faulted, "a far frame cannot be written");
  test_equal("decrease", decrease(far_frame), 1);
  check_gone("far frame", far);
  test_equal("populate", populate(pfn), 1);
  test_end_alias(pfn);
  test_equal("current_reservation", current_pages(), before);
}

void check_refusals(Pfn pfn) {
  long before = current_pages();
  touch_write(test_va(pfn), 0x1234);
  test_equal("populate of a frame that is there", populate(pfn), 0);
  test_equal("decrease of a frame that is not there", decrease(far_frame), 0);
  test_equal("decrease of no frame", decrease(no_frame), 0);
  test_equal("populate of no frame", populate(no_frame), 0);
  test_equal("populate, order 60", reserve(XENMEM_populate_physmap, pfn, 60), 0);
  test_equal("increase_reservation", reserve(XENMEM_increase_reservation, pfn), 0);
  test_equal("decrease of shared_info", decrease(boot_info->shared_info >> page_shift), 0);
  xen_memory_exchange_t exchange{};
  exchange.in.domid = exchange.out.domid = DOMID_SELF;
  test_equal("exchange", hypercall_memory_op(XENMEM_exchange, &exchange), -XEN_EOPNOTSUPP);
  test_equal("current_reservation", current_pages(), before);
  test_equal("contents", static_cast<s64>(touch_read(test_va(pfn)).value), 0x1234);
}

void check_foreign_refused(Pfn pfn) {
  xen_ulong_t index[1] = {0};
  xen_pfn_t place[1] = {far_frame};
  int error[1] = {0};
  xen_add_to_physmap_batch_t batch{};
  batch.domid = DOMID_SELF;
  batch.space = XENMAPSPACE_gmfn_foreign;
  batch.size = 1;
  set_xen_guest_handle(batch.idxs, index);
  set_xen_guest_handle(batch.gpfns, place);
  set_xen_guest_handle(batch.errs, error);
  test_equal("a frame of dom0", hypercall_memory_op(XENMEM_add_to_physmap_batch, &batch),
             boot_info->flags & SIF_PRIVILEGED ? -XEN_EINVAL : -XEN_EPERM);  // its own are no foreign frames
  xen_remove_from_physmap_t remove{DOMID_SELF, pfn};
  test_check(hypercall_memory_op(XENMEM_remove_from_physmap, &remove) < 0,
             "remove_from_physmap of own memory");
}

// It has one place: where it was, nothing is left.
void check_shared_info_moves(Pfn spare) {
  Pfn old = boot_info->shared_info >> page_shift;
  xen_add_to_physmap_t request{};
  request.domid = DOMID_SELF;
  request.space = XENMAPSPACE_shared_info;
  request.gpfn = spare;
  test_check(hypercall_memory_op(XENMEM_add_to_physmap, &request) < 0, "shared_info over memory");
  request.gpfn = far_frame;
  test_equal("shared_info moves", hypercall_memory_op(XENMEM_add_to_physmap, &request), 0);
  test_follow_shared_info(far_frame);
  test_check(shared_info_page->vcpu_info[0].time.version != 0, "no time in the shared_info that has moved");
  check_gone("old place", test_alias(spare, old));
  test_end_alias(spare);
}
}  // namespace

void test_main() {
  test_only_translated("guest frames have no life of their own in this memory model");
  Pfn a = test_spare_frames(2), b = a + 1;
  check_cycle(a);
  check_aliases(a, b);
  check_far_frame(a);
  check_refusals(b);
  check_foreign_refused(b);
  check_shared_info_moves(a);
}
