// Log-dirty by domctl (shadow_op): who may ask, what is refused, and what marks a page.
//
// Whoever copies a domain's memory while it runs relies on this: a page that is written and not told of is
// lost to the copy. As dom0 the test makes a domain that never runs, and writes to it as a toolstack does:
// frames that come, that are written, that are given back. Each must be told once, by a report that
// the caller has got, and nothing else. Refused requests change nothing. As an ordinary domain it is refused
// everything. What a running domain writes is the subject of scenarios/regression/log-dirty.json.
#include "guests/tests/lib/domain.h"
#include "guests/tests/lib/grants.h"

const char test_name[] = "log-dirty";

namespace {
constexpr u64 pages = 64, most_kib = 1024;
constexpr unsigned frame_count = 8;
u64 bitmap;

long ask(u32 domain, u32 what, u32 mode = 0) {
  xen_domctl op{};
  op.u.shadow_op.op = what;
  op.u.shadow_op.mode = mode;
  return domctl(XEN_DOMCTL_shadow_op, domain, op);
}

// The pages told, or ~0 when the call fails.
u64 report(u32 domain, u32 what, u64 count = pages) {
  xen_domctl op{};
  op.u.shadow_op.op = what;
  op.u.shadow_op.pages = count;
  bitmap = 0;
  set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, reinterpret_cast<u8*>(&bitmap));
  const long error = domctl(XEN_DOMCTL_shadow_op, domain, op);
  test_equal("a report", error, 0);
  test_equal("its pages", static_cast<s64>(op.u.shadow_op.pages), static_cast<s64>(count));
  return error ? ~0ull : bitmap;
}
u64 clean(u32 domain) { return report(domain, XEN_DOMCTL_SHADOW_OP_CLEAN); }

void check_pages(const char* what, u64 found, u64 expected) {
  test_check(found == expected, "%s: pages 0x%lx, expected 0x%lx", what, found, expected);
}

// A frame that was written, and the one behind it where the hypervisor writes two.
void check_written(const char* what, u64 found, unsigned page) {
  test_check((found >> page & 1) && !(found & ~(3ull << page)), "%s: pages 0x%lx, expected page %u", what,
             found, page);
}

// The hypervisor writes to it what a domain of its architecture has there.
long write_to(u32 domain, Mfn frame) {
  xen_domctl op{};
  op.u.hypercall_init.gmfn = frame;
  return domctl(XEN_DOMCTL_hypercall_init, domain, op);
}

constexpr u32 all[] = {XEN_DOMCTL_SHADOW_OP_OFF, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY,
                       XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_OP_PEEK};

void check_refusals(u32 domain) {
  for (u32 what : all) {
    test_equal("of no domain", ask(test_no_such_domain, what), -XEN_ESRCH);
    test_equal("of the caller itself", ask(0, what), -XEN_EINVAL);
  }
  test_equal("a report that is not on", ask(domain, XEN_DOMCTL_SHADOW_OP_CLEAN), -XEN_EINVAL);
  test_equal("a look that is not on", ask(domain, XEN_DOMCTL_SHADOW_OP_PEEK), -XEN_EINVAL);
  test_equal("off that is not on", ask(domain, XEN_DOMCTL_SHADOW_OP_OFF), 0);
  test_equal("no such operation", ask(domain, 99), -XEN_EOPNOTSUPP);
  test_equal("on", ask(domain, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), 0);
  test_equal("on twice", ask(domain, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), -XEN_EINVAL);
  test_equal("a report of an unknown mode", ask(domain, XEN_DOMCTL_SHADOW_OP_CLEAN, 2), -XEN_EINVAL);
}

long give_back(u32 domain, Mfn frame) {
  xen_memory_reservation_t r{};
  set_xen_guest_handle(r.extent_start, &frame);
  r.nr_extents = 1;
  r.domid = static_cast<domid_t>(domain);
  return hypercall_memory_op(XENMEM_decrease_reservation, &r);
}

void check_frames(u32 domain) {
  Mfn frames[frame_count];
  check_pages("at first", clean(domain), 0);
  test_equal("frames", test_populate(domain, 0, frame_count, frames), frame_count);
  check_pages("what has come", report(domain, XEN_DOMCTL_SHADOW_OP_PEEK), 0xff);
  check_pages("of fewer", report(domain, XEN_DOMCTL_SHADOW_OP_CLEAN, 3), 0x7);
  check_pages("the others", clean(domain), 0xf8);
  check_pages("told once", clean(domain), 0);
  test_equal("hypercall_init", write_to(domain, frames[5]), 0);
  check_written("what was written", clean(domain), 5);
  test_equal("given back", give_back(domain, frames[2]), 1);
  check_pages("what has gone", clean(domain), 1u << 2);
  test_equal("hypercall_init", write_to(domain, frames[6]), 0);
}

// Page 6 is dirty.
void check_handles(u32 domain) {
  xen_domctl op{};
  op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_CLEAN;
  op.u.shadow_op.pages = pages;
  set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, static_cast<u8*>(test_unmapped));
  test_equal("a report to nowhere", domctl(XEN_DOMCTL_shadow_op, domain, op), -XEN_EFAULT);
  check_written("is not lost", report(domain, XEN_DOMCTL_SHADOW_OP_PEEK), 6);
  op = {};
  op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_CLEAN;
  op.u.shadow_op.pages = ~0ull;
  test_equal("a report that nobody wants, of everything", domctl(XEN_DOMCTL_shadow_op, domain, op), 0);
  test_check(op.u.shadow_op.stats.dirty_count != 0, "it tells of no marks");
  check_pages("after that", clean(domain), 0);
}

u64 free_pages() {
  xen_sysctl_physinfo info;
  test_equal("physinfo", physical_info(info), 0);
  return info.free_pages;
}

long give_page(u32 domain, bool allow) {
  xen_domctl op{};
  op.u.iomem_permission = {0xfeb00, 1, static_cast<u8>(allow)};
  return domctl(XEN_DOMCTL_iomem_permission, domain, op);
}

// A device writes where nobody sees it.
void check_device() {
  const u32 domain = test_make_domain(1, most_kib);
  test_equal("a device given", give_page(domain, true), 0);
  test_equal("on with a device", ask(domain, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), -XEN_EBUSY);
  test_equal("taken back", give_page(domain, false), 0);
  test_equal("on", ask(domain, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), 0);
  test_equal("a device for who has log-dirty", give_page(domain, true), -XEN_EBUSY);
  test_destroy_domain(domain);
}
}  // namespace

void test_main() {
  if (!test_is_privileged()) {
    for (u32 what : all) {
      test_equal("of dom0, by another", ask(0, what), -XEN_EPERM);
      test_equal("of itself, by another", ask(test_own_domain(), what), -XEN_EPERM);
    }
    return;
  }
  const u64 free = free_pages();
  const u32 domain = test_make_domain(2, most_kib);
  check_refusals(domain);
  check_frames(domain);
  check_handles(domain);
  test_equal("off", ask(domain, XEN_DOMCTL_SHADOW_OP_OFF), 0);
  test_equal("on again", ask(domain, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), 0);
  test_destroy_domain(domain);  // while it is on
  check_device();
  test_check(free_pages() == free, "%lu pages are free, %lu were", free_pages(), free);
}
