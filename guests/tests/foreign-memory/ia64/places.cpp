// Frames of other domains get a place among the caller's guest frame numbers.
#include "guests/tests/foreign-memory/foreign.h"
#include "guests/tests/lib/touch.h"

namespace {
constexpr Pfn first_place = 1ull << 28;

long place(u32 domain, Mfn frame, Pfn at) { return test_place_foreign(domain, frame, at); }
long unplace(Pfn at) { return test_unplace_foreign(at); }

void check_place(u32 domain, const Mfn (&frames)[frame_count], Pfn page) {
  void* const va = test_va(first_place);
  test_equal("place its first frame", place(domain, frames[0], first_place), 0);
  test_equal("it is clear", static_cast<s64>(touch_read(va).value), 0);
  test_check(!touch_write(va, 0x77).faulted, "it cannot be written");
  test_check(place(domain, frames[1], first_place) < 0, "two frames were given one place");
  test_check(place(domain, frames[1], page) < 0, "a frame was placed over the caller's memory");
  test_equal("place it once more", place(domain, frames[0], first_place + 1), 0);
  test_equal("what was written", static_cast<s64>(touch_read(test_va(first_place + 1)).value), 0x77);
  test_equal("take it from its first place", unplace(first_place), 0);
  test_check(touch_read(va).faulted, "a place that was left shows something");
  test_equal("what the other place shows", static_cast<s64>(touch_read(test_va(first_place + 1)).value),
             0x77);
  test_equal("take it from there", unplace(first_place + 1), 0);
  test_check(unplace(first_place) < 0, "a place was left twice");
}

void check_refused_places(u32 domain) {
  constexpr Mfn nowhere = 0x3fffffffff;
  test_check(place(domain, nowhere, first_place) < 0, "a frame that the domain has not");
  test_check(place(domain, frame_count, first_place) < 0, "a frame that the domain has not yet");
  test_equal("a frame of no domain", place(test_no_such_domain, 0, first_place), -XEN_ESRCH);
  test_check(touch_read(test_va(first_place)).faulted, "a refused place shows something");
}

void check_firmware(u32 domain, const Mfn (&frames)[frame_count]) {
  constexpr Mfn nowhere = 0x3fffffffff;
  constexpr u64 efi_signature = 0x5453595320494249;
  xen_domctl op{};
  op.u.hypercall_init.gmfn = frames[4];
  test_equal("hypercall_init", domctl(XEN_DOMCTL_hypercall_init, domain, op), 0);
  test_equal("place the tables", place(domain, frames[5], first_place), 0);
  test_check(touch_read(test_va(first_place)).value == efi_signature, "the frame holds no EFI system table");
  test_equal("take them away", unplace(first_place), 0);
  op.u.hypercall_init.gmfn = nowhere;
  test_equal("hypercall_init of no frame", domctl(XEN_DOMCTL_hypercall_init, domain, op), -XEN_EINVAL);
  op.u.hypercall_init.gmfn = frames[frame_count - 1];
  test_equal("hypercall_init of one frame", domctl(XEN_DOMCTL_hypercall_init, domain, op), -XEN_EINVAL);
}
}  // namespace

void check_own(Pfn page) {
  test_check(unplace(page) < 0, "memory of the caller's own was taken from its place");
}

void check_refused_calls(Pfn page) {
  test_equal("a frame of dom0", place(0, 0, first_place), -XEN_EPERM);
  test_check(place(DOMID_IO, 0, first_place) < 0, "a frame of DOMID_IO");
  test_check(place(DOMID_XEN, 0, first_place) < 0, "a frame of DOMID_XEN");
  test_check(place(0, 0, page) < 0, "a frame of dom0 over the caller's memory");
  test_check(touch_read(test_va(first_place)).faulted, "a refused place shows something");
}

void check_access(u32 domain, const Mfn (&frames)[frame_count], Pfn page) {
  if (!guest_is_translated()) return;  // a frame is where its number says, and nowhere else
  check_place(domain, frames, page);
  check_refused_places(domain);
  check_firmware(domain, frames);
}
