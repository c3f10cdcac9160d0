#include "guests/tests/grants/grants.h"

namespace {
using Side = decltype(gnttab_copy_t::source);

Side own_frame(Pfn page, unsigned offset = 0) {
  Side side{};
  side.u.gmfn = test_machine(page);
  side.domid = DOMID_SELF;
  side.offset = static_cast<u16>(offset);
  return side;
}
Side granted(const OwnGrant& g, unsigned offset = 0) {
  Side side{};
  side.u.ref = g.ref;
  side.domid = static_cast<domid_t>(test_own_domain());
  side.offset = static_cast<u16>(offset);
  return side;
}

gnttab_copy_t request(const Side& from, const Side& to, u64 bytes, unsigned flags = 0) {
  gnttab_copy_t op{};
  op.source = from;
  op.dest = to;
  op.len = static_cast<u16>(bytes);
  op.flags = static_cast<u16>(flags);
  return op;
}
int copy(const Side& from, const Side& to, u64 bytes, unsigned flags = 0) {
  gnttab_copy_t op = request(from, to, bytes, flags);
  return test_grant_op(GNTTABOP_copy, op);
}

u8* bytes_of(Pfn page) { return static_cast<u8*>(test_va(page)); }
void fill(Pfn page, unsigned seed) {
  for (unsigned i = 0; i < page_bytes; i++) bytes_of(page)[i] = static_cast<u8>(i * 7 + i / 256 + seed);
}

// Exactly the bytes that were named, and no other.
void check_range(Pfn from, Pfn to, unsigned source, unsigned dest, unsigned bytes) {
  fill(from, 1);
  fill(to, 99);
  test_status("copy", copy(own_frame(from, source), own_frame(to, dest), bytes), GNTST_okay);
  unsigned wrong = 0;
  for (unsigned i = 0; i < page_bytes; i++) {
    const bool copied = i >= dest && i - dest < bytes;
    const unsigned at = copied ? i - dest + source : i;
    wrong += bytes_of(to)[i] != static_cast<u8>(at * 7 + at / 256 + (copied ? 1 : 99));
  }
  test_check(wrong == 0, "%u bytes from 0x%x to 0x%x: %u are wrong", bytes, source, dest, wrong);
}

void check_bounds(Pfn from, Pfn to) {
  const Side start = own_frame(from);
  test_refusal("more than a page", copy(start, own_frame(to), page_bytes + 1), GNTST_bad_copy_arg);
  test_refusal("most that can be said", copy(start, own_frame(to), 0xffff), GNTST_bad_copy_arg);
  test_refusal("over the source's end", copy(own_frame(from, 4000), own_frame(to), 97), GNTST_bad_copy_arg);
  test_refusal("over the target's end", copy(start, own_frame(to, 4095), 2), GNTST_bad_copy_arg);
  test_refusal("behind the source", copy(own_frame(from, 4097), own_frame(to), 0), GNTST_bad_copy_arg);
}

void check_permissions(const OwnGrant& free, const OwnGrant& readonly, Pfn page) {
  test_status("from a grant for reading", copy(granted(readonly), own_frame(page), 8, GNTCOPY_source_gref),
              GNTST_okay);
  test_equal("what was copied", *reinterpret_cast<u64*>(bytes_of(page)), 0x600d);
  test_refusal("to a grant for reading", copy(own_frame(page), granted(readonly), 8, GNTCOPY_dest_gref),
               GNTST_general_error);
  free.word() = 0;
  test_status("from one grant to another",
              copy(granted(readonly), granted(free), 8, GNTCOPY_source_gref | GNTCOPY_dest_gref), GNTST_okay);
  test_equal("what was copied", static_cast<s64>(free.word()), 0x600d);
  test_equal("flags of the source", readonly.flags(), GTF_permit_access | GTF_readonly);
  test_equal("flags of the target", free.flags(), GTF_permit_access);
}

void check_refused_sides(const OwnGrant& g, Pfn page) {
  Side side = own_frame(page);
  side.domid = static_cast<domid_t>(test_own_domain() + 1);
  test_refusal("a frame of another domain", copy(side, own_frame(page), 8), GNTST_permission_denied);
  side.domid = static_cast<domid_t>(test_own_domain());
  test_refusal("its own by its number", copy(own_frame(page), side, 8), GNTST_permission_denied);
  side = own_frame(page);
  side.u.gmfn = 0x3fffffffff;
  test_refusal("from no frame", copy(side, own_frame(page), 8), GNTST_bad_page);
  test_refusal("to no frame", copy(own_frame(page), side, 8), GNTST_bad_page);
  side = granted(g);
  side.domid = test_no_such_domain;
  test_refusal("by a reference of no domain", copy(side, own_frame(page), 8, GNTCOPY_source_gref),
               GNTST_bad_domain);
  side = granted(g);
  side.u.ref = no_grant;
  test_refusal("by a reference beyond the table", copy(side, own_frame(page), 8, GNTCOPY_source_gref),
               GNTST_bad_gntref);
  side.u.ref = GNTTAB_NR_RESERVED_ENTRIES - 1;
  test_refusal("by an unused reference", copy(own_frame(page), side, 8, GNTCOPY_dest_gref),
               GNTST_general_error);
}

void check_list(const OwnGrant& g, Pfn page) {
  gnttab_copy_t list[3] = {request(granted(g), own_frame(page), 8, GNTCOPY_source_gref),
                           request(granted(g), own_frame(page, 4095), 8, GNTCOPY_source_gref),
                           request(own_frame(page), own_frame(page, 64), 8)};
  g.word() = 0x1157;
  test_equal("a list of copies", hypercall_grant_table_op(GNTTABOP_copy, list, count_of(list)), 0);
  test_status("the first", list[0].status, GNTST_okay);
  test_refusal("the second", list[1].status, GNTST_bad_copy_arg);
  test_status("the third", list[2].status, GNTST_okay);
  test_equal("what came of it", *reinterpret_cast<u64*>(bytes_of(page) + 64), 0x1157);
}
}  // namespace

void check_copies() {
  const Pfn from = test_spare_frames(2), to = from + 1;
  check_range(from, to, 0, 0, page_bytes);
  check_range(from, to, 0, 0, 0);
  check_range(from, to, 4095, 0, 1);
  check_range(from, to, 1, 3001, 1095);
  check_range(from, to, 17, 64, 333);
  check_bounds(from, to);
  const OwnGrant free = grant_to_self(), readonly = grant_to_self(true);
  check_permissions(free, readonly, to);
  check_refused_sides(free, to);
  check_list(free, to);
  end_grant(free);
  end_grant(readonly);
}
