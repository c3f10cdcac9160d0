// Grant tables: who may use a frame, what the entry says meanwhile, and that every reference goes again. Two
// domains of each model, the granter's entries written as a guest writes them.
#include "grants_world.h"

using namespace hvtest;

TEST_CASE("a mapping shows the frame, says so in the entry, and leaves nothing behind") {
  EACH_PAIR();
  const u64 name = granter.names[10];
  const Mfn mfn = granter.frame(name);
  const bool readonly = GENERATE(false, true);
  granter.grant(9, user, name, GTF_permit_access | (readonly ? GTF_readonly : 0));
  const auto op = user.map(granter, 9, GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0));
  REQUIRE(op.status == GNTST_okay);
  CHECK(op.dev_bus_addr == (models.second == XS_MODEL_DIRECT ? mfn << kPageShift : 0));
  CHECK(marked(XS_GRANT_MAP, !readonly, mfn));
  CHECK(user.shown() == std::pair{mfn, !readonly});
  CHECK(granter.entry(9).flags ==
        (GTF_permit_access | GTF_reading | (readonly ? GTF_readonly : GTF_writing)));
  CHECK(refs(mfn) == 2);
  CHECK(type_refs(mfn) == (readonly ? 0 : 1));
  CHECK(broken_reference() == "");
  CHECK(user.unmap(op) == GNTST_okay);
  CHECK(marked(XS_GRANT_UNMAP, !readonly, mfn));
  CHECK(user.shown().first == kInvalidMfn);
  CHECK(granter.entry(9).flags == (GTF_permit_access | (readonly ? GTF_readonly : 0)));
  CHECK(refs(mfn) == 1);
  CHECK(user.unmap(op) == GNTST_bad_handle);
  CHECK(broken_reference() == "");
}

TEST_CASE("what an entry does not allow is refused, and nothing is announced") {
  EACH_PAIR();
  const u64 name = granter.names[10];
  granter.grant(9, user, name);
  CHECK(user.map(granter, 512).status == GNTST_bad_gntref);
  CHECK(user.map(granter, ~0u).status == GNTST_bad_gntref);
  CHECK(user.map(granter, 8).status == GNTST_general_error);
  CHECK(user.map(granter, 9, GNTMAP_readonly).status == GNTST_bad_gntref);
  granter.entry(9).domid = 7;
  CHECK(user.map(granter, 9).status == GNTST_general_error);
  granter.grant(9, user, name, GTF_accept_transfer);
  CHECK(user.map(granter, 9).status == GNTST_general_error);
  granter.grant(9, user, name, GTF_permit_access | GTF_readonly);
  CHECK(user.map(granter, 9).status == GNTST_general_error);
  CHECK(granter.entry(9).flags == (GTF_permit_access | GTF_readonly));
  // Not its own, not there at all, and of the user's.
  for (const u64 bad : {u64{1000000}, user.frame(user.names[10])}) {
    granter.grant(9, user, bad);
    CHECK(user.map(granter, 9).status == GNTST_general_error);
    CHECK(granter.entry(9).flags == GTF_permit_access);
  }
  CHECK(grant_marks.empty());
  CHECK(broken_reference() == "");
}

TEST_CASE("places that cannot show a frame") {
  EACH_PAIR();
  granter.grant(9, user, granter.names[10]);
  const auto at = [&](u64 address, u32 flags) {
    gnttab_map_grant_ref op = {};
    op.host_addr = address;
    op.flags = flags;
    op.ref = 9;
    op.dom = granter.domain->id;
    user.as_caller();
    REQUIRE(call(GNTTABOP_map_grant_ref, &op) == 0);
    return op.status;
  };
  if (models.second == XS_MODEL_DIRECT) {
    CHECK(at(1ull << 40, GNTMAP_host_map) == GNTST_bad_virt_addr);          // no table there
    CHECK(at(0xffff800000000000, GNTMAP_host_map) == GNTST_bad_virt_addr);  // the hypervisor's
    const u64 l1 = user.l1 << kPageShift, l2 = user.names[2] << kPageShift;
    CHECK(at(l1 + 8 * 8 + 1, GNTMAP_host_map | GNTMAP_contains_pte) == GNTST_general_error);
    CHECK(at(l2 + 8, GNTMAP_host_map | GNTMAP_contains_pte) == GNTST_general_error);
    CHECK(at(user.names[12] << kPageShift, GNTMAP_host_map | GNTMAP_contains_pte) == GNTST_general_error);
    CHECK(at(granter.frame(granter.names[12]) << kPageShift, GNTMAP_host_map | GNTMAP_contains_pte) ==
          GNTST_general_error);
    CHECK(at(l1 + 8 * 8, GNTMAP_host_map | GNTMAP_contains_pte) == GNTST_okay);
    CHECK(user.shown().first == granter.frame(granter.names[10]));
  } else {
    CHECK(at(kPlace, GNTMAP_host_map | GNTMAP_contains_pte) == GNTST_general_error);
    CHECK(at(kPlace, GNTMAP_host_map | GNTMAP_application_map) == GNTST_general_error);
    CHECK(at(kPlace, GNTMAP_host_map | GNTMAP_device_map) == GNTST_general_error);
    CHECK(at(user.names[0] << kPageShift, GNTMAP_host_map) == GNTST_bad_virt_addr);
    CHECK(at(~0ull, GNTMAP_host_map) == GNTST_bad_virt_addr);
  }
  CHECK(broken_reference() == "");
}

TEST_CASE("a frame in use stays the same frame, and its grant cannot be withdrawn from under it") {
  EACH_PAIR();
  const Mfn first = granter.frame(granter.names[10]);
  granter.grant(9, user, granter.names[10]);
  const auto one = user.map(granter, 9);
  REQUIRE(one.status == GNTST_okay);
  granter.entry(9).frame = static_cast<u32>(granter.names[11]);
  gnttab_map_grant_ref op = {};
  op.host_addr = kPlace + kPageSize;
  op.flags = GNTMAP_host_map | GNTMAP_readonly;
  op.ref = 9;
  op.dom = granter.domain->id;
  REQUIRE(call(GNTTABOP_map_grant_ref, &op) == 0);
  REQUIRE(op.status == GNTST_okay);
  CHECK(refs(first) == 3);
  CHECK(refs(granter.frame(granter.names[11])) == 1);
  CHECK(user.unmap(one) == GNTST_okay);
  CHECK(granter.entry(9).flags == (GTF_permit_access | GTF_reading));
  CHECK(user.unmap(op) == GNTST_general_error);  // not what is shown there
  CHECK(user.unmap(op, kPlace + kPageSize) == GNTST_okay);
  CHECK(granter.entry(9).flags == GTF_permit_access);
}

TEST_CASE("the granter's end leaves the frame to those who map it") {
  EACH_PAIR();
  granter.grant(9, user, granter.names[10]);
  const auto op = user.map(granter, 9);
  REQUIRE(op.status == GNTST_okay);
  end_domain(granter.domain);
  CHECK(granter.domain->mm.total_pages == 1);
  CHECK(broken_reference() == "");
  CHECK(user.map(granter, 9).status == GNTST_bad_domain);
  CHECK(user.unmap(op) == GNTST_okay);
  CHECK(granter.domain->mm.total_pages == 0);
}

TEST_CASE("the user's end ends its mappings") {
  EACH_PAIR();
  granter.grant(9, user, granter.names[10]);
  REQUIRE(user.map(granter, 9).status == GNTST_okay);
  end_domain(user.domain);
  CHECK(granter.entry(9).flags == GTF_permit_access);
  CHECK(refs(granter.frame(granter.names[10])) == 1);
  CHECK(marked(XS_GRANT_UNMAP, true, granter.frame(granter.names[10])));
  CHECK(user.domain->grants.mappings == 0);
}

TEST_CASE("copies between own and granted frames") {
  EACH_PAIR();
  u64* theirs = words(granter.frame(granter.names[10]));
  u64* ours = words(user.frame(user.names[10]));
  for (u64 i = 0; i < 512; i++) theirs[i] = i, ours[i] = 0;
  granter.grant(9, user, granter.names[10], GTF_permit_access | GTF_readonly);
  gnttab_copy op = {};
  op.source.u.ref = 9;
  op.source.domid = granter.domain->id;
  op.source.offset = 80;
  op.dest.u.gmfn = user.names[10];
  op.dest.domid = DOMID_SELF;
  op.dest.offset = 160;
  op.len = 800;
  op.flags = GNTCOPY_source_gref;
  const auto status = [&] {
    user.as_caller();
    REQUIRE(call(GNTTABOP_copy, &op) == 0);
    return op.status;
  };
  CHECK(status() == GNTST_okay);
  CHECK(ours[19] == 0);
  CHECK(ours[20] == 10);
  CHECK(ours[119] == 109);
  CHECK(ours[120] == 0);
  CHECK(marked(XS_GRANT_COPY_FROM, false, granter.frame(granter.names[10])));
  CHECK(granter.entry(9).flags == (GTF_permit_access | GTF_readonly));
  op.dest.offset = 4096 - 799;
  CHECK(status() == GNTST_bad_copy_arg);
  op.dest.offset = 0;
  std::swap(op.source, op.dest);
  op.flags = GNTCOPY_dest_gref;
  CHECK(status() == GNTST_general_error);  // for reading only
  granter.entry(9).flags = GTF_permit_access;
  CHECK(status() == GNTST_okay);
  CHECK(theirs[10] == 0);
  CHECK(theirs[30] == 10);
  op.source.domid = granter.domain->id;
  CHECK(status() == GNTST_permission_denied);
  op.source.domid = DOMID_SELF;
  op.source.u.gmfn = 1000000;
  CHECK(status() == GNTST_bad_page);
  op.source.u.gmfn = user.names[10];
  op.dest.domid = 77;
  CHECK(status() == GNTST_bad_domain);
  if (models.second == XS_MODEL_DIRECT) {  // into a page table, never
    op = {};
    op.source = {{.gmfn = user.names[10]}, DOMID_SELF, 0};
    op.dest = {{.gmfn = user.l1}, DOMID_SELF, 0};
    op.len = 8;
    CHECK(status() == GNTST_bad_page);
  }
  CHECK(broken_reference() == "");
}

TEST_CASE("a transfer moves the frame with its contents") {
  EACH_PAIR();
  const u64 name = user.names[10];
  const Mfn mfn = user.frame(name);
  words(mfn)[7] = 0x1234;
  granter.grant(9, user, models.first == XS_MODEL_TRANSLATED ? 3 : 0, GTF_accept_transfer);
  gnttab_transfer op = {};
  op.mfn = name;
  op.domid = granter.domain->id;
  op.ref = 9;
  user.as_caller();
  REQUIRE(call(GNTTABOP_transfer, &op) == 0);
  REQUIRE(op.status == GNTST_okay);
  CHECK(frame_owner(mfn) == granter.domain->id);
  CHECK(words(mfn)[7] == 0x1234);
  CHECK(marked(XS_GRANT_TRANSFER, true, mfn));
  CHECK(granter.entry(9).flags == (GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed));
  if (models.first == XS_MODEL_TRANSLATED) {
    CHECK(granter.frame(3) == mfn);
    CHECK(m2p_get(mfn) == 3);
    CHECK(granter.entry(9).frame == 3);
  } else {
    CHECK(granter.entry(9).frame == mfn);
    CHECK(m2p_get(mfn) == XS_M2P_INVALID);
  }
  if (models.second == XS_MODEL_TRANSLATED) CHECK(user.frame(name) == kInvalidMfn);
  CHECK(user.domain->mm.total_pages == kFrames - 1);
  CHECK(granter.domain->mm.total_pages == kFrames + 1);
  REQUIRE(call(GNTTABOP_transfer, &op) == 0);
  CHECK(op.status == GNTST_bad_page);
  CHECK(broken_invariant() == "");
  CHECK(broken_reference() == "");
}

TEST_CASE("a transfer that fails: bad_page keeps the frame, all else loses it") {
  EACH_PAIR();
  gnttab_transfer op = {};
  op.domid = granter.domain->id;
  op.ref = 9;
  const auto give = [&](unsigned which) {
    op.mfn = user.names[which];
    user.as_caller();
    REQUIRE(call(GNTTABOP_transfer, &op) == 0);
    return op.status;
  };
  if (models.second == XS_MODEL_DIRECT) CHECK(give(3) == GNTST_bad_page);  // its L1
  user.grant(9, granter, user.names[10]);
  const auto mapped = granter.map(user, 9);
  REQUIRE(mapped.status == GNTST_okay);
  CHECK(give(10) == GNTST_bad_page);  // somebody uses it
  CHECK(granter.unmap(mapped) == GNTST_okay);
  CHECK(user.domain->mm.total_pages == kFrames);
  CHECK(give(10) == GNTST_bad_gntref);  // the entry accepts none
  op.ref = 600;
  CHECK(give(11) == GNTST_bad_gntref);
  op.domid = 77;
  CHECK(give(12) == GNTST_bad_domain);
  op.domid = granter.domain->id;
  op.ref = 9;
  granter.grant(9, user, granter.names[10], GTF_accept_transfer);
  if (models.first == XS_MODEL_TRANSLATED) {  // there is a frame already
    CHECK(give(13) == GNTST_general_error);
    CHECK(granter.entry(9).flags == GTF_accept_transfer);
  }
  granter.domain->mm.max_pages = granter.domain->mm.total_pages;
  CHECK(give(14) == GNTST_general_error);
  CHECK(user.domain->mm.total_pages == kFrames - (models.first == XS_MODEL_TRANSLATED ? 5 : 4));
  CHECK(granter.domain->mm.total_pages == kFrames);
  CHECK(broken_invariant() == "");
}

TEST_CASE("device mappings hold the frame by themselves") {
  World w(XS_MODEL_TRANSLATED, XS_MODEL_DIRECT);
  Party &granter = *w.granter, &user = *w.user;
  const Mfn mfn = granter.frame(granter.names[10]);
  granter.grant(9, user, granter.names[10]);
  const auto op = user.map(granter, 9, GNTMAP_host_map | GNTMAP_device_map);
  REQUIRE(op.status == GNTST_okay);
  CHECK(op.dev_bus_addr == mfn << kPageShift);
  CHECK(refs(mfn) == 3);
  CHECK(broken_reference() == "");
  CHECK(user.unmap(op, kPlace, op.dev_bus_addr + kPageSize) == GNTST_bad_dev_addr);
  CHECK(user.unmap(op) == GNTST_okay);
  CHECK(refs(mfn) == 2);
  CHECK(granter.entry(9).flags == (GTF_permit_access | GTF_reading | GTF_writing));
  CHECK(user.unmap(op, 0, op.dev_bus_addr) == GNTST_okay);
  CHECK(granter.entry(9).flags == GTF_permit_access);
  // Left to the domain's end, both kinds.
  REQUIRE(user.map(granter, 9, GNTMAP_host_map | GNTMAP_device_map).status == GNTST_okay);
}

TEST_CASE("unmap and replace puts another page in the frame's place") {
  EACH_PAIR();
  granter.grant(9, user, granter.names[10]);
  const auto mapped = user.map(granter, 9);
  REQUIRE(mapped.status == GNTST_okay);
  gnttab_unmap_and_replace op = {};
  op.host_addr = kPlace;
  op.handle = mapped.handle;
  user.as_caller();
  const bool direct = models.second == XS_MODEL_DIRECT;
  op.new_addr = direct ? 0x9000 : 7 << kPageShift;
  if (!direct) {
    REQUIRE(call(GNTTABOP_unmap_and_replace, &op) == 0);
    CHECK(op.status == GNTST_general_error);  // there is nothing
    op.new_addr = user.names[12] << kPageShift;
  } else {
    mmu_update request = {(user.l1 << kPageShift) + 9 * 8,
                          make_pte(user.names[12], kPtePresent | kPteWritable)};
    REQUIRE(do_mmu_update({{reinterpret_cast<Vaddr>(&request), 1, 0, DOMID_SELF, 0, 0}}) == 0);
  }
  const Mfn own = user.frame(user.names[12]);
  REQUIRE(call(GNTTABOP_unmap_and_replace, &op) == 0);
  CHECK(op.status == GNTST_okay);
  CHECK(user.shown() == std::pair{own, true});
  CHECK(granter.entry(9).flags == GTF_permit_access);
  CHECK(broken_reference() == "");
  CHECK(broken_invariant() == "");
}

TEST_CASE("a granted entry that a guest overwrites is gone, and its handle useless") {
  World w(XS_MODEL_DIRECT, XS_MODEL_DIRECT);
  Party &granter = *w.granter, &user = *w.user;
  granter.grant(9, user, granter.names[10]);
  const auto op = user.map(granter, 9);
  REQUIRE(op.status == GNTST_okay);
  mmu_update request = {(user.l1 << kPageShift) + kPlaceSlot * 8, 0};
  REQUIRE(do_mmu_update({{reinterpret_cast<Vaddr>(&request), 1, 0, DOMID_SELF, 0, 0}}) == 0);
  CHECK(refs(granter.frame(granter.names[10])) == 1);
  CHECK(user.unmap(op) == GNTST_general_error);
  CHECK(broken_reference() == "");
}

TEST_CASE("tables: size, versions, swaps, limits") {
  EACH_PAIR();
  user.as_caller();
  gnttab_query_size size = {};
  size.dom = DOMID_SELF;
  REQUIRE(call(GNTTABOP_query_size, &size) == 0);
  CHECK(size.nr_frames == 1);
  CHECK(size.max_nr_frames == kMostGrantPages);
  size.dom = granter.domain->id;
  REQUIRE(call(GNTTABOP_query_size, &size) == 0);
  CHECK(size.status == GNTST_permission_denied);
  size.dom = 77;
  REQUIRE(call(GNTTABOP_query_size, &size) == 0);
  CHECK(size.status == GNTST_bad_domain);
  CHECK(call(GNTTABOP_query_size, &size, 2) == -XEN_EINVAL);
  xen_pfn_t list[kMostGrantPages + 1];
  gnttab_setup_table setup = {};
  setup.dom = DOMID_SELF;
  set_xen_guest_handle(setup.frame_list, list);
  setup.nr_frames = kMostGrantPages + 1;
  REQUIRE(call(GNTTABOP_setup_table, &setup) == 0);
  CHECK(setup.status == GNTST_general_error);
  setup.nr_frames = 3;
  REQUIRE(call(GNTTABOP_setup_table, &setup) == 0);
  CHECK(setup.status == GNTST_okay);
  CHECK((list[2] == XS_M2P_INVALID) == (models.second == XS_MODEL_TRANSLATED));
  CHECK(user.domain->grants.pages == 3);
  gnttab_set_version version = {2};
  CHECK(call(GNTTABOP_set_version, &version) == -XEN_ENOSYS);
  version.version = 1;
  CHECK(call(GNTTABOP_set_version, &version) == 0);
  user.grant(9, granter, 123);
  user.grant(600, granter, 456);
  gnttab_swap_grant_ref swap = {9, 600, 0};
  REQUIRE(call(GNTTABOP_swap_grant_ref, &swap) == 0);
  CHECK(swap.status == GNTST_okay);
  CHECK(user.entry(9).frame == 456);
  CHECK(user.entry(600).frame == 123);
  swap.ref_b = 512 * 3;
  REQUIRE(call(GNTTABOP_swap_grant_ref, &swap) == 0);
  CHECK(swap.status == GNTST_bad_gntref);
  CHECK(call(99, &swap) == -XEN_ENOSYS);
  CHECK(call(GNTTABOP_map_grant_ref, nullptr) == -XEN_EFAULT);
  CHECK(call(GNTTABOP_map_grant_ref, nullptr, 0x80000000) == -XEN_EINVAL);
  user.domain->grants.mapping_page_limit = 0;
  granter.grant(9, user, granter.names[10]);
  CHECK(user.map(granter, 9).status == GNTST_no_space);
}

TEST_CASE("a reference that is in use takes no frame") {
  EACH_PAIR();
  granter.grant(9, user, granter.names[10]);
  const auto mapped = user.map(granter, 9);
  REQUIRE(mapped.status == GNTST_okay);
  granter.grant(9, user, models.first == XS_MODEL_TRANSLATED ? 3 : 0, GTF_accept_transfer);
  gnttab_transfer op = {};
  op.mfn = user.names[10];
  op.domid = granter.domain->id;
  op.ref = 9;
  user.as_caller();
  REQUIRE(call(GNTTABOP_transfer, &op) == 0);
  CHECK(op.status == GNTST_bad_gntref);
  CHECK(granter.entry(9).flags == GTF_accept_transfer);
  CHECK(user.unmap(mapped) == GNTST_okay);
  CHECK(broken_invariant() == "");
}

TEST_CASE("a mapping does not end where another one shows its frame with other rights") {
  World w(XS_MODEL_TRANSLATED, XS_MODEL_TRANSLATED);
  const Party &granter = *w.granter, &user = *w.user;
  granter.grant(8, user, granter.names[12]);
  const auto writable = user.map(granter, 8);
  REQUIRE(writable.status == GNTST_okay);
  gnttab_map_grant_ref readable = {};
  readable.host_addr = kPlace + kPageSize;
  readable.flags = GNTMAP_host_map | GNTMAP_readonly;
  readable.ref = 8;
  readable.dom = granter.domain->id;
  REQUIRE(call(GNTTABOP_map_grant_ref, &readable) == 0);
  REQUIRE(readable.status == GNTST_okay);
  CHECK(user.unmap(writable, kPlace + kPageSize) == GNTST_general_error);
  CHECK(user.unmap(readable, kPlace) == GNTST_general_error);
  CHECK(user.unmap(writable) == GNTST_okay);
  CHECK(user.unmap(readable, kPlace + kPageSize) == GNTST_okay);
}
