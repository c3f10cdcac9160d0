// Typed page tables: what may refer to what, what a failure leaves behind, and when a type may change.
#include <catch2/catch.hpp>

#include "hypervisor/arch/x86_64/mm_tables.h"
#include "machine.h"

using namespace hvtest;

namespace {
constexpr Pte kRw = kPtePresent | kPteWritable | kPteUser, kRo = kPtePresent | kPteUser;

struct Tables {
  Domain* domain = add_domain(3, 1000);
  Mfn l4 = frame_for(domain), l3 = frame_for(domain), l2 = frame_for(domain), l1 = frame_for(domain),
      page = frame_for(domain);
  Tables() {
    words(l4)[0] = make_pte(l3, kRw);
    words(l3)[0] = make_pte(l2, kRw);
    words(l2)[0] = make_pte(l1, kRw);
    words(l1)[0] = make_pte(page, kRw);
    words(l1)[1] = make_pte(l1, kRo);
  }
  ~Tables() { remove_domain(domain); }
  int pin(Mfn mfn, xs_frame_type type) {
    MmGuard guard;
    return type_pin(mfn, type, domain);
  }
  int unpin(Mfn mfn) {
    MmGuard guard;
    return type_unpin(mfn, domain);
  }
  int update(Mfn table, unsigned level, unsigned slot, Pte pte, AccessedDirty mode = AccessedDirty::replace) {
    MmGuard guard;
    return entry_update(table, level, slot, pte, mode, domain, {FrameSource::frames_of_domain, domain});
  }
  int get(Mfn mfn, xs_frame_type type) {
    MmGuard guard;
    return frame_and_type_get(mfn, type, domain);
  }
};
}  // namespace

TEST_CASE_METHOD(Tables, "pinning an L4 types the whole tree, unpinning frees it") {
  REQUIRE(pin(l4, XS_FRAME_L4) == 0);
  CHECK(type_of(frame_type_info(l1)) == XS_FRAME_L1);
  CHECK(type_of(frame_type_info(page)) == XS_FRAME_WRITABLE);
  CHECK(type_refs(page) == 1);
  CHECK(refs(l1) == 3);          // owner, L2, own read-only mapping
  CHECK((words(l4)[256] != 0));  // the hypervisor's slots
  CHECK(pin(l4, XS_FRAME_L4) == -XEN_EINVAL);
  CHECK(refs(l4) == 2);
  REQUIRE(unpin(l4) == 0);
  CHECK(unpin(l4) == -XEN_EINVAL);
  for (const Mfn mfn : {l4, l3, l2, l1, page}) {
    CHECK(type_refs(mfn) == 0);
    CHECK(refs(mfn) == 1);
  }
}

TEST_CASE_METHOD(Tables, "a writable mapping of a table is refused, and nothing is left behind") {
  words(l1)[2] = make_pte(l2, kRw);
  CHECK(pin(l4, XS_FRAME_L4) != 0);
  for (const Mfn mfn : {l4, l3, l2, l1, page}) {
    CHECK(type_refs(mfn) == 0);
    CHECK(refs(mfn) == 1);
    CHECK(!(frame_type_info(mfn) & (XS_TYPE_VALIDATED | XS_TYPE_PINNED)));
  }
}

TEST_CASE_METHOD(Tables, "foreign frames, free frames, large pages, reserved bits and loops are refused") {
  Domain* other = add_domain(4, 10);
  const Mfn foreign = frame_for(other);
  REQUIRE(pin(l4, XS_FRAME_L4) == 0);
  CHECK(update(l1, 1, 5, make_pte(foreign, kRo)) == -XEN_EINVAL);
  CHECK(update(l1, 1, 5, make_pte(kHighFirst + kHighFrames + 1, kRo)) == -XEN_EPERM);
  CHECK(update(l1, 1, 5, make_pte(0xfeb00, kRo)) == -XEN_EPERM);  // device memory
  CHECK(update(l2, 2, 5, make_pte(page, kRw | kPteLarge)) == -XEN_EINVAL);
  CHECK(update(l4, 4, 5, make_pte(l4, kRo)) == -XEN_EINVAL);
  CHECK(update(l3, 3, 5, make_pte(l4, kRo)) == -XEN_EINVAL);
  CHECK(update(l4, 4, 256, make_pte(l3, kRw)) == -XEN_EPERM);
  CHECK(update(l4, 4, 271, 0) == -XEN_EPERM);
  CHECK(update(l4, 4, 272, make_pte(l3, kRw)) == 0);
  CHECK(update(l4, 4, 272, 0) == 0);
  CHECK(refs(foreign) == 1);
  remove_domain(other);
}

TEST_CASE_METHOD(Tables, "updates move references; swapping RW for RO keeps the frame reference only") {
  REQUIRE(pin(l4, XS_FRAME_L4) == 0);
  REQUIRE(update(l1, 1, 0, make_pte(page, kRo)) == 0);
  CHECK(type_refs(page) == 0);
  CHECK(refs(page) == 2);
  const unsigned before = flushes;
  REQUIRE(update(l2, 2, 1, make_pte(page, kRw)) == 0);  // all zero: a valid, empty L1
  CHECK(flushes == before + 1);                         // its writable translation may be cached
  CHECK(type_of(frame_type_info(page)) == XS_FRAME_L1);
  CHECK(update(l1, 1, 6, make_pte(page, kRw)) == -XEN_EINVAL);
  REQUIRE(update(l2, 2, 1, 0) == 0);
  REQUIRE(update(l1, 1, 6, make_pte(page, kRw)) == 0);
  CHECK(type_of(frame_type_info(page)) == XS_FRAME_WRITABLE);
  CHECK(flushes == before + 2);  // paging-structure caches may still lead through it
}

TEST_CASE_METHOD(Tables,
                 "preserve keeps accessed and dirty, replace does not; global is stripped, user forced") {
  REQUIRE(pin(l4, XS_FRAME_L4) == 0);
  words(l1)[0] |= kPteAccessed | kPteDirty;
  REQUIRE(update(l1, 1, 0, make_pte(page, kPtePresent | kPteWritable | kPteGlobal),
                 AccessedDirty::preserve) == 0);
  CHECK(words(l1)[0] == make_pte(page, kRw | kPteAccessed | kPteDirty));
  REQUIRE(update(l1, 1, 0, make_pte(page, kRw)) == 0);
  CHECK(words(l1)[0] == make_pte(page, kRw));
}

TEST_CASE_METHOD(Tables,
                 "a privileged domain may map devices and, where it says so, another domain's frames") {
  Domain* other = add_domain(4, 10);
  const Mfn foreign = frame_for(other);
  domain->privileged = true;
  REQUIRE(pin(l4, XS_FRAME_L4) == 0);
  CHECK(update(l1, 1, 5, make_pte(0xfeb00, kRw)) == 0);
  CHECK(update(l1, 1, 6, make_pte(foreign, kRw)) != 0);
  {
    MmGuard guard;
    CHECK(entry_update(l1, 1, 6, make_pte(foreign, kRw), AccessedDirty::replace, domain,
                       {FrameSource::frames_of_domain, other}) == 0);
  }
  CHECK(type_refs(foreign) == 1);
  other->dying = true;
  while (mm_domain_relinquish(other) != 0) {
  }
  CHECK(frame_owner(foreign) == 4);  // still mapped
  dropped.clear();
  CHECK(update(l1, 1, 6, 0) == 0);
  CHECK(frame_owner(foreign) == XS_OWNER_FREE);
  CHECK(dropped == std::vector<DomId>{4});
  mm_domain_destroy(other);
  delete other;
}

TEST_CASE_METHOD(Tables, "descriptor pages and tables exclude each other") {
  const Mfn gdt = frame_for(domain);
  REQUIRE(get(gdt, XS_FRAME_SEGDESC) == 0);
  CHECK(get(gdt, XS_FRAME_L1) == -XEN_EINVAL);
  CHECK(get(gdt, XS_FRAME_WRITABLE) == -XEN_EINVAL);
  {
    MmGuard guard;
    frame_and_type_put(gdt, domain);
  }
  CHECK(get(gdt, XS_FRAME_WRITABLE) == 0);
  {
    MmGuard guard;
    frame_and_type_put(gdt, domain);
  }
  CHECK(broken_invariant() == "");
}

TEST_CASE_METHOD(Tables, "a shared hypervisor frame may be mapped writable and outlives the mapping") {
  const Mfn shared = alloc_frame();
  share_frame_with_domain(shared, domain);
  REQUIRE(pin(l4, XS_FRAME_L4) == 0);
  REQUIRE(update(l1, 1, 7, make_pte(shared, kRw)) == 0);
  CHECK(type_refs(shared) == 2);
  CHECK(get(shared, XS_FRAME_L1) == -XEN_EINVAL);
  unshare_frame(shared);
  CHECK(frame_owner(shared) == 3);
  REQUIRE(update(l1, 1, 7, 0) == 0);
  CHECK(frame_owner(shared) == XS_OWNER_FREE);
  CHECK(broken_invariant() == "");
}
