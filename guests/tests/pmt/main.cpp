// The P2M that the hypervisor holds, read by the domain itself (hypervisor/abi/pmt.h), or not at all.
//
// In model `exposed` a domain may have its own table shown. Then each of its frames has an entry, no two the
// same, which goes and comes with the frame; nobody but the hypervisor can change it, whatever the page is
// used for; and where the table was shown there is nothing when it is hidden again. The same is true of dom0
// in model dom0_pmt, which may be shown its own for writing: then its frames change places when it asks for
// that, and nothing else ever comes of what it writes. Everybody else gets EPERM whatever is asked for. The
// console says when there was something to read, or to write.
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

long commit(const u64* gfns, u32 count, u32& refused) {
  xs_commit_p2m request{hypercall_arg(gfns), count, ~0u};
  const long error = hypercall_memory_op(XS_XENMEM_commit_p2m, &request);
  refused = request.refused;
  return error;
}
void check_commit(const char* what, const u64* gfns, u32 count, long expected) {
  u32 refused;
  test_equal(what, commit(gfns, count, refused), expected);
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
  bool writable() const { return form & XS_PMT_WRITABLE; }
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
  void write(Pfn gfn, u64 value) const {
    static_cast<volatile u32*>(test_alias(lens, leaf()))[gfn] = static_cast<u32>(value);
    test_end_alias(lens);
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
  const u64 gfn = 0;
  check_commit("commit of what is for reading", &gfn, 1, -XEN_EPERM);
}

volatile u64* first_word(Pfn frame) { return static_cast<volatile u64*>(test_va(frame)); }

void check_swap(const Shown& table, Pfn a, Pfn b) {
  const u64 gfns[] = {a, b}, of_a = table.entry(a), of_b = table.entry(b);
  *first_word(a) = 0xa;
  *first_word(b) = 0xb;
  table.write(a, of_b);
  table.write(b, of_a);
  test_check(*first_word(a) == 0xa && *first_word(b) == 0xb, "frames moved before anybody asked for it");
  check_commit("swap of two frames", gfns, 2, 0);
  test_check(*first_word(a) == 0xb && *first_word(b) == 0xa, "the frames have not changed places");
  test_check(table.entry(a) == of_b && table.entry(b) == of_a, "the table says something else");
}

// Whatever frame is named, it is not had; and the table says afterwards what is so.
void check_stolen(const Shown& table, Pfn a, Pfn b) {
  const u64 gfns[] = {b, a}, own = table.entry(a), none[] = {a, a}, of_table = table.leaf();
  *first_word(a) = 0xa;
  const u64 others[] = {u64{0}, own + 1,    own - 1,        own + 0x1000,
                        u64{1}, u64{0x100}, table.entry(b), u64{XS_PMT_NONE - 1}};
  for (const u64 mfn : others) {
    table.write(a, mfn);
    u32 refused;
    test_equal("another frame", commit(gfns, 2, refused), -XEN_EINVAL);
    test_equal("which one is refused", refused, 1);
    test_check(table.entry(a) == own, "what was refused stays in the table");
    test_equal("word of the frame", static_cast<s64>(*first_word(a)), 0xa);
  }
  check_commit("a frame named twice", none, 2, -XEN_EINVAL);
  check_commit("the table's own page", &of_table, 1, -XEN_EINVAL);
  const u64 beyond[] = {~0ull, 1ull << 36, 1ull << 40};
  for (const u64& gfn : beyond) check_commit("beyond the table", &gfn, 1, -XEN_EINVAL);
  check_commit("more than there can be", gfns, ~0u, -XEN_EINVAL);
  check_commit("list in unmapped memory", static_cast<const u64*>(test_unmapped), 1, -XEN_EFAULT);
  test_equal("request in unmapped memory", hypercall_memory_op(XS_XENMEM_commit_p2m, test_unmapped),
             -XEN_EFAULT);
}

// A frame that no entry names goes, and its place is free.
void check_given_up(const Shown& table, Pfn frame) {
  const u64 gfn = frame;
  table.write(frame, XS_PMT_NONE);
  check_commit("giving a frame up", &gfn, 1, 0);
  test_check(touch_read(test_va(frame)).faulted, "a frame that was given up can be read");
  test_equal("populate where it was", reserve(XENMEM_populate_physmap, frame), 1);
  test_check(table.present(frame), "a frame has no entry");
}

void check_written(const Shown& table) {
  print_line("test-pmt: the table can be written");
  const Pfn a = test_spare_frames(2), b = a + 1;
  if (b >= covered) test_error("frame %lx is beyond %lu", b, covered);
  check_swap(table, a, b);
  check_stolen(table, a, b);
  check_swap(table, b, a);
  check_given_up(table, b);
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
  table.writable() ? check_written(table) : check_read_only(table);
  check_not_owned(table);
  test_equal("showing it again elsewhere", expose(place + 16, covered, 2), 0);
  check_hidden_again({place + 16, table.lens, table.form});
}

void check_hidden(Pfn place) {
  xs_expose_p2m request;
  test_equal("own table", expose(place, covered, 2), -XEN_EPERM);
  test_equal("nothing of it", expose(place, 0, 0), -XEN_EPERM);
  test_equal("dom0's table", expose(request, 0, place, covered, 2), -XEN_EPERM);
  const u64 gfn = 0;
  check_commit("commit of what is not shown", &gfn, 1, -XEN_EPERM);
}
}  // namespace

void test_main() {
  const Pfn place = boot_info->nr_pages + 0x1000;
  const long first = expose(place, covered, 0);
  if (first == -XEN_ENOSYS) test_skip("this hypervisor shows no P2M");
  if (first == -XEN_EPERM) return check_hidden(place);
  check_readable(place);
}
