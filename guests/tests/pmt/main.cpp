// The P2M that the hypervisor holds, read by the domain itself (hypervisor/abi/pmt.h), or not at all.
//
// In model `exposed` a domain may have its own table shown. Then each of its frames has an entry, no two the
// same, which goes and comes with the frame; nobody but the hypervisor can change it, whatever the page is
// used for; and where the table was shown there is nothing when it is hidden again. The same is true of dom0
// in model dom0_pmt. Everybody else gets EPERM whatever is asked for. The console says when there was
// something to read.
#include "guests/tests/lib/touch.h"
#include "hypervisor/abi/pmt.h"

const char test_name[] = "pmt";

namespace {
constexpr u64 covered = 512;  // GFNs: one leaf, or the first half of a plain one's

long expose(xs_expose_p2m& request, domid_t domain, Pfn place, u64 gfns, u64 frames) {
  request = {};
  request.domid = domain;
  request.place = place;
  request.gfns = gfns;
  request.frames = frames;
  return hypercall_memory_op(XS_XENMEM_expose_p2m, &request);
}
long expose(Pfn place, u64 gfns, u64 frames) {
  xs_expose_p2m request;
  return expose(request, DOMID_SELF, place, gfns, frames);
}

long reserve(unsigned operation, xen_pfn_t frame) {
  xen_memory_reservation r{};
  set_xen_guest_handle(r.extent_start, &frame);
  r.nr_extents = 1;
  r.domid = DOMID_SELF;
  return hypercall_memory_op(operation, &r);
}

// A table that is shown; its leaf, or directory and leaf, appear one at a time at the address of `lens`.
struct Shown {
  Pfn place, lens;
  u32 form;

  bool plain() const { return form & XS_PMT_PLAIN; }
  Pfn leaf() const {
    if (!(form & XS_PMT_TREE)) return place;
    const Pfn at = *static_cast<volatile u64*>(test_alias(lens, place));
    test_end_alias(lens);
    return at;
  }
  u64 entry(Pfn gfn) const {
    auto* at = static_cast<volatile u8*>(test_alias(lens, leaf()));
    const u64 value =
        plain() ? reinterpret_cast<volatile u32*>(at)[gfn] : reinterpret_cast<volatile u64*>(at)[gfn];
    test_end_alias(lens);
    return value;
  }
  bool present(Pfn gfn) const { return plain() ? entry(gfn) != XS_PMT_NONE : entry(gfn) & XS_P2M_PRESENT; }
};

void check_entries(const Shown& table) {
  u64 last = 0, equal = 0, absent = 0;
  for (Pfn gfn = 0; gfn < covered; gfn++) {
    const u64 entry = table.entry(gfn);
    absent += !table.present(gfn);
    equal += entry == last;
    last = entry;
  }
  test_equal("frames without an entry", static_cast<s64>(absent), 0);
  test_equal("entries that equal the one before", static_cast<s64>(equal), 0);
}

// With a tree the first leaf may be any: the frame is one that the table covers.
void check_changes(const Shown& table, Pfn frame) {
  test_equal("decrease", reserve(XENMEM_decrease_reservation, frame), 1);
  test_check(!table.present(frame), "an entry outlives its frame");
  test_equal("populate", reserve(XENMEM_populate_physmap, frame), 1);
  test_check(table.present(frame), "a frame has no entry");
}

void check_read_only(const Shown& table) {
  void* at = test_alias(table.lens, table.leaf());
  const Touch read = touch_read(at), write = touch_write(at, 0);
  test_check(!read.faulted, "the table cannot be read");
  test_check(write.faulted, "the table can be written");
  test_check(touch_read(at).value == read.value, "a store that faulted changed the table");
  test_end_alias(table.lens);
}

// The hypervisor's pages are not the domain's to give, whatever they are called.
void check_not_owned(const Shown& table) {
  test_equal("decrease of the table's page", reserve(XENMEM_decrease_reservation, table.leaf()), 0);
  test_equal("populate where it is", reserve(XENMEM_populate_physmap, table.leaf()), 0);
}

void check_refusals(Pfn place) {
  xs_expose_p2m request;
  if (!(boot_info->flags & SIF_INITDOMAIN))
    test_equal("dom0's table", expose(request, 0, place, covered, 2), -XEN_EPERM);
  test_equal("table of domain 77", expose(request, 77, place, covered, 2), -XEN_ESRCH);
  test_equal("more than there can be", expose(place, ~0ull, ~0ull), -XEN_EINVAL);
  test_equal("where memory is", expose(0, covered, 2), -XEN_EINVAL);
  test_equal("at a place that is none", expose(1ull << 40, covered, 2), -XEN_EINVAL);
  test_equal("no room", expose(place, covered, 0), -XEN_ENOBUFS);
  test_equal("request in unmapped memory", hypercall_memory_op(XS_XENMEM_expose_p2m, test_unmapped),
             -XEN_EFAULT);
}

void check_hidden_again(const Shown& table) {
  const Pfn leaf = table.leaf();
  test_equal("hiding it", expose(0, 0, 0), 0);
  void* at = test_alias(table.lens, leaf);
  test_check(touch_read(at).faulted, "the table can still be read");
  test_end_alias(table.lens);
  test_equal("populate where it was", reserve(XENMEM_populate_physmap, leaf), 0);  // maxmem is reached
  test_equal("hiding what is hidden", expose(0, 0, 0), 0);
}

void check_readable(Pfn place) {
  print_line("test-pmt: the table can be read");
  check_refusals(place);
  xs_expose_p2m request;
  test_equal("showing the table", expose(request, DOMID_SELF, place, covered, 2), 0);
  const Shown table{place, test_spare_frames(1), request.form};
  const Pfn frame = test_spare_frames(1);
  if (frame >= covered) test_error("frame %lx is beyond %lu", frame, covered);
  check_entries(table);
  check_changes(table, frame);
  check_read_only(table);
  check_not_owned(table);
  test_equal("showing it again elsewhere", expose(place + 16, covered, 2), 0);
  check_hidden_again({place + 16, table.lens, table.form});
}

void check_hidden(Pfn place) {
  xs_expose_p2m request;
  test_equal("own table", expose(place, covered, 2), -XEN_EPERM);
  test_equal("nothing of it", expose(place, 0, 0), -XEN_EPERM);
  test_equal("dom0's table", expose(request, 0, place, covered, 2), -XEN_EPERM);
}
}  // namespace

void test_main() {
  const Pfn place = boot_info->nr_pages + 0x1000;
  const long first = expose(place, covered, 0);
  if (first == -XEN_ENOSYS) test_skip("this hypervisor shows no P2M");
  if (first == -XEN_EPERM) return check_hidden(place);
  check_readable(place);
}
