// XS_GNTTABOP_donate and _exchange: frames that change hands, in all pairs of models. Whatever is refused
// stays where it is.
#include "grants_world.h"

using namespace hvtest;

namespace {
/// A list of moves by `from`, which finds its statuses there.
void move_frames(const Party& from, unsigned op, gnttab_transfer* list, u64 count) {
  from.as_caller();
  REQUIRE(call(op, list, count) == 0);
}
gnttab_transfer move_op(const Party& from, unsigned which, const Party& to, u32 ref) {
  gnttab_transfer op = {};
  op.mfn = from.names[which];
  op.domid = to.domain->id;
  op.ref = ref;
  return op;
}
constexpr u16 kAcceptsExchange = GTF_accept_transfer | XS_GTF_EXCHANGE;
constexpr u16 kMoved = GTF_transfer_committed | GTF_transfer_completed;
}  // namespace

TEST_CASE("an exchange: each frame is what the other one was") {
  EACH_PAIR();
  constexpr unsigned kCount = 3;
  Mfn given[kCount], returned[kCount];
  u64 offered[kCount];
  gnttab_transfer ops[kCount];
  for (unsigned i = 0; i < kCount; i++) {
    given[i] = user.frame(user.names[10 + i]);
    returned[i] = granter.frame(granter.names[14 + i]);
    offered[i] = granter.names[14 + i];
    words(given[i])[7] = 0x100 + i, words(returned[i])[7] = 0x200 + i;
    granter.grant(9 + i, user, offered[i], kAcceptsExchange);
    ops[i] = move_op(user, 10 + i, granter, 9 + i);
  }
  dropped.clear();
  const u64 marks = grant_marks.size();
  move_frames(user, XS_GNTTABOP_exchange, ops, kCount);
  for (unsigned i = 0; i < kCount; i++) {
    CAPTURE(i);
    REQUIRE(ops[i].status == GNTST_okay);
    CHECK(frame_owner(given[i]) == granter.domain->id);
    CHECK(frame_owner(returned[i]) == user.domain->id);
    CHECK(m2p_get(given[i]) == 30 + i);     // the place of the granter's frame 14 + i
    CHECK(m2p_get(returned[i]) == 26 + i);  // and that of the user's 10 + i
    CHECK(words(given[i])[7] == 0x100 + i);
    CHECK(words(returned[i])[7] == 0x200 + i);
    CHECK(granter.entry(9 + i).flags == (kAcceptsExchange | kMoved));
    const bool told = models.first == XS_MODEL_DIRECT;
    CHECK(granter.entry(9 + i).frame == (told ? given[i] : offered[i]));
    CHECK(ops[i].mfn == (models.second == XS_MODEL_DIRECT ? returned[i] : user.names[10 + i]));
    CHECK(user.frame(ops[i].mfn) == returned[i]);
    CHECK(granter.frame(granter.entry(9 + i).frame) == given[i]);
    const GrantMark &to = grant_marks[marks + 2 * i], &from = grant_marks[marks + 2 * i + 1];
    CHECK((to.use == XS_GRANT_EXCHANGE_TO && to.mfn == given[i]));
    CHECK((from.use == XS_GRANT_EXCHANGE_FROM && from.mfn == returned[i]));
  }
  CHECK(user.domain->mm.total_pages == kFrames);
  CHECK(granter.domain->mm.total_pages == kFrames);
  move_frames(user, XS_GNTTABOP_exchange, ops, 1);
  CHECK(ops[0].status == GNTST_bad_gntref);  // completed
  CHECK(frame_owner(returned[0]) == user.domain->id);
  CHECK(broken_invariant() == "");
  CHECK(broken_reference() == "");
}

TEST_CASE("an exchange that is refused leaves both frames where they are") {
  EACH_PAIR();
  const u64 offered = granter.names[14];
  const Mfn given = user.frame(user.names[10]), kept = granter.frame(offered);
  const auto status = [&](gnttab_transfer op) {
    move_frames(user, XS_GNTTABOP_exchange, &op, 1);
    CHECK(frame_owner(given) == user.domain->id);
    CHECK(frame_owner(kept) == granter.domain->id);
    CHECK(m2p_get(given) == 26);
    CHECK(m2p_get(kept) == 30);
    CHECK(user.frame(user.names[10]) == given);
    CHECK(granter.frame(offered) == kept);
    CHECK((granter.entry(9).flags & GTF_transfer_committed) == 0);
    return op.status;
  };
  gnttab_transfer op = move_op(user, 10, granter, 9);
  SECTION("no such domain") {
    op.domid = 77;
    CHECK(status(op) == GNTST_bad_domain);
    op.domid = DOMID_SELF;
    CHECK(status(op) == GNTST_bad_domain);
  }
  SECTION("no such entry") {
    op.ref = 600;
    CHECK(status(op) == GNTST_bad_gntref);
    op.ref = ~0u;
    CHECK(status(op) == GNTST_bad_gntref);
  }
  SECTION("an entry for something else, or somebody else") {
    for (const u16 flags : {GTF_accept_transfer, GTF_permit_access, GTF_invalid}) {
      granter.grant(9, user, offered, flags);
      CHECK(status(op) == GNTST_bad_gntref);
    }
    granter.grant(9, user, offered, kAcceptsExchange);
    granter.entry(9).domid = 7;
    CHECK(status(op) == GNTST_bad_gntref);
    // Nor does an entry for an exchange accept what is given otherwise; GNTTABOP_transfer loses it.
    granter.entry(9).domid = user.domain->id;
    move_frames(user, XS_GNTTABOP_donate, &op, 1);
    CHECK(op.status == GNTST_bad_gntref);
  }
  SECTION("a frame that is not the receiver's, none, or in use") {
    for (const u64 bad : {u64{1000000}, u64{user.frame(user.names[11])}, u64{0xffffffff}}) {
      granter.grant(9, user, bad, kAcceptsExchange);
      CHECK(status(op) == GNTST_bad_gntref);
    }
    granter.grant(10, user, offered);
    const auto mapped = user.map(granter, 10);
    REQUIRE(mapped.status == GNTST_okay);
    granter.grant(9, user, offered, kAcceptsExchange);
    CHECK(status(op) == GNTST_bad_gntref);
    REQUIRE(user.unmap(mapped) == GNTST_okay);
  }
  SECTION("a frame of the caller's that is in use, or none") {
    granter.grant(9, user, offered, kAcceptsExchange);
    user.grant(10, granter, user.names[10]);
    const auto mapped = granter.map(user, 10);
    REQUIRE(mapped.status == GNTST_okay);
    CHECK(status(op) == GNTST_bad_page);
    REQUIRE(granter.unmap(mapped) == GNTST_okay);
    for (const u64 bad : {u64{1000000}, ~u64{0}, u64{kept}}) {
      op.mfn = bad;
      CHECK(status(op) == GNTST_bad_page);
    }
    if (models.second == XS_MODEL_DIRECT) {
      op.mfn = user.l1;
      CHECK(status(op) == GNTST_bad_page);
    }
  }
  CHECK(broken_invariant() == "");
  CHECK(broken_reference() == "");
}

TEST_CASE("a list that names a frame twice moves it once") {
  EACH_PAIR();
  gnttab_transfer ops[4];
  for (unsigned i = 0; i < 4; i++) granter.grant(9 + i, user, granter.names[14 + i], kAcceptsExchange);
  granter.entry(11).frame = granter.entry(9).frame;
  ops[0] = move_op(user, 10, granter, 9);
  ops[1] = move_op(user, 10, granter, 10);  // ours once more
  ops[2] = move_op(user, 11, granter, 11);  // theirs once more
  ops[3] = move_op(user, 12, granter, 9);   // the entry once more
  move_frames(user, XS_GNTTABOP_exchange, ops, 4);
  CHECK(ops[0].status == GNTST_okay);
  CHECK(ops[1].status == GNTST_bad_page);
  CHECK(ops[2].status == GNTST_bad_gntref);
  CHECK(ops[3].status == GNTST_bad_gntref);
  CHECK(granter.entry(10).flags == kAcceptsExchange);
  CHECK(granter.entry(11).flags == kAcceptsExchange);
  CHECK(broken_invariant() == "");
  CHECK(broken_reference() == "");
}

TEST_CASE("a domain exchanges with itself") {
  for (const xs_memory_model model : {XS_MODEL_DIRECT, XS_MODEL_TRANSLATED}) {
    World w(model, XS_MODEL_DIRECT);
    const Party& own = *w.granter;
    const Mfn a = own.frame(own.names[10]), b = own.frame(own.names[11]);
    own.grant(9, own, own.names[11], kAcceptsExchange);
    own.grant(10, own, own.names[12], kAcceptsExchange);
    gnttab_transfer ops[2] = {move_op(own, 10, own, 9), move_op(own, 12, own, 10)};
    move_frames(own, XS_GNTTABOP_exchange, ops, 2);
    CHECK(ops[0].status == GNTST_okay);
    CHECK(ops[1].status == GNTST_bad_gntref);  // a frame for itself
    CHECK(m2p_get(a) == 27);
    CHECK(m2p_get(b) == 26);
    CHECK(broken_invariant() == "");
  }
}

TEST_CASE("a donation leaves a hole, and what is refused stays") {
  EACH_PAIR();
  const bool places = models.first == XS_MODEL_TRANSLATED;
  gnttab_transfer ops[4];
  Mfn mfns[4];
  for (unsigned i = 0; i < 4; i++) {
    granter.grant(9 + i, user, places ? 3 + i : 0, GTF_accept_transfer);
    ops[i] = move_op(user, 10 + i, granter, 9 + i);
    mfns[i] = user.frame(user.names[10 + i]);
  }
  granter.entry(10).flags = GTF_permit_access;
  if (places) granter.entry(11).frame = static_cast<u32>(granter.names[10]);  // there is something
  ops[3].mfn = ops[0].mfn;
  move_frames(user, XS_GNTTABOP_donate, ops, 4);
  CHECK(ops[0].status == GNTST_okay);
  CHECK(frame_owner(mfns[0]) == granter.domain->id);
  CHECK(granter.entry(9).flags == (GTF_accept_transfer | kMoved));
  if (places) CHECK(granter.frame(3) == mfns[0]);
  if (models.second == XS_MODEL_TRANSLATED) CHECK(user.frame(user.names[10]) == kInvalidMfn);
  CHECK(ops[1].status == GNTST_bad_gntref);
  CHECK(ops[2].status == (places ? GNTST_general_error : GNTST_okay));
  if (places) CHECK(granter.entry(11).flags == GTF_accept_transfer);
  CHECK(ops[3].status == GNTST_bad_page);
  for (const unsigned i : {1u, places ? 2u : 1u}) {
    CHECK(frame_owner(mfns[i]) == user.domain->id);
    CHECK(m2p_get(mfns[i]) == 26 + i);
    CHECK(user.frame(user.names[10 + i]) == mfns[i]);
  }
  const u64 gone = places ? 1 : 2;
  CHECK(user.domain->mm.total_pages == kFrames - gone);
  CHECK(granter.domain->mm.total_pages == kFrames + gone);
  granter.domain->mm.max_pages = granter.domain->mm.total_pages;
  granter.grant(9, user, places ? 7 : 0, GTF_accept_transfer);
  ops[0] = move_op(user, 14, granter, 9);
  move_frames(user, XS_GNTTABOP_donate, ops, 1);
  CHECK(ops[0].status == GNTST_general_error);
  CHECK(granter.entry(9).flags == GTF_accept_transfer);
  CHECK(user.domain->mm.total_pages == kFrames - gone);
  CHECK(broken_invariant() == "");
  CHECK(broken_reference() == "");
}

TEST_CASE("a domain that has nothing is given to in vain, again and again") {
  World w(XS_MODEL_TRANSLATED, XS_MODEL_TRANSLATED);
  const Party &granter = *w.granter, &user = *w.user;
  for (const u64 name : granter.names) {
    MmGuard guard;
    REQUIRE(granter.domain->mm.model->remove(granter.domain, name) == 0);
  }
  REQUIRE(granter.domain->mm.total_pages == 0);
  gnttab_transfer ops[3];
  for (unsigned i = 0; i < 3; i++) {
    granter.grant(9 + i, user, 1u << 30, GTF_accept_transfer);  // where its P2M has no page yet
    ops[i] = move_op(user, 10 + i, granter, 9 + i);
  }
  constexpr u64 kMore = 1000;  // than it may have
  granter.domain->mm.p2m.pages += kMore;
  move_frames(user, XS_GNTTABOP_donate, ops, 3);
  granter.domain->mm.p2m.pages -= kMore;
  for (const gnttab_transfer& op : ops) CHECK(op.status == GNTST_general_error);
  CHECK(granter.domain->mm.total_pages == 0);
  CHECK(user.domain->mm.total_pages == kFrames);
  CHECK(broken_invariant() == "");
}
