// Each invariant broken once, and the message that names it.
#include <catch2/catch.hpp>

#include "fake_guest.h"
#include "sim/observe/invariant_checker.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {

struct World {
  FakeMachine m;
  FakeGuest g{booted(m)};
  static FakeMachine& booted(FakeMachine& machine) {
    machine.boot();
    return machine;
  }
  World() {
    g.run();
    g.publish();
    g.settle();
  }
  CheckReport check() { return m.observer->check_invariants(); }
};

/// The one violation of that kind; the text up to the last change.
std::string only(const CheckReport& r, Invariant which) {
  std::string found = r.violation_count == 1 ? "" : "NOT ONE VIOLATION: ";
  if (r.violation_count != 1) return found + r.to_text();
  if (r.violations[0].which != which)
    return std::string("WRONG KIND: ") + invariant_name(r.violations[0].which) + ": " + r.violations[0].text;
  return r.violations[0].text.substr(0, r.violations[0].text.find(';'));
}

}  // namespace

TEST_CASE("a sound machine passes, and the report says what was looked at") {
  World w;
  const CheckReport r = w.check();
  INFO(r.to_text());
  CHECK(r.ok());
  CHECK(r.skipped.empty());
  CHECK(r.frames_checked == 512);
  CHECK(r.p2m_entries_checked == guest_frames);
  CHECK(r.tables_walked == 4);
  CHECK(r.references_counted == guest_data + 1 + 3);
  w.g.give_back(3);
  w.g.settle();
  CHECK(w.check().ok());
}

TEST_CASE("owner: none, unknown, dead") {
  World w;
  SECTION("none") {
    w.m.set_owner(0x70, XS_OWNER_NONE);
    CHECK(only(w.check(), Invariant::owner) == "frame 0x70 has no owner");
  }
  SECTION("unknown") {
    w.m.begin(dv(0), op_populate);
    w.m.set_owner(0x70, 7);
    w.m.end(dv(0), op_populate);
    const CheckReport r = w.check();
    CHECK(only(r, Invariant::owner) == "frame 0x70 is owned by dom7, which does not exist");
    const std::string& text = r.violations[0].text;
    CHECK(text.find("; last changed by dom0 vcpu0 memory_op.populate_physmap at ") != std::string::npos);
    CHECK(text.ends_with(" ms, PC hv.elf: xs_store32+0x0"));
  }
  SECTION("dead") {
    w.m.create(2, 0x71);
    w.m.mark(XS_MARK_DOMAIN_STATE, 2, XS_DOM_DEAD);
    CHECK(only(w.check(), Invariant::owner) == "frame 0x71 is owned by dom2, which is dead");
  }
}

TEST_CASE("DRAM that the firmware keeps has no owner, and its table entries need not exist") {
  FakeMachine m;
  for (u64 mfn = 0; mfn < frames_per_range; ++mfn)
    m.set_owner(mfn, XS_OWNER_FREE), m.set_m2p(mfn, XS_M2P_INVALID);
  m.cpus[0].pages.erase(FakeMachine::m2p_at(high_mfn) >> 12);
  const CheckReport r = m.observer->check_invariants();
  CHECK(r.ok());
  CHECK(r.frames_unmanaged == frames_per_range);
  CHECK(m.observer->compare_with_memory(m.cpus[0]).empty());
}

TEST_CASE("free frames: M2P, type, references, mappings") {
  World w;
  SECTION("M2P") {
    w.m.set_m2p(0x70, 5);
    CHECK(only(w.check(), Invariant::m2p) == "free frame 0x70 has M2P entry 0x5");
  }
  SECTION("type") {
    w.m.set_type(0x70, FakeMachine::type(XS_FRAME_L2, 0));
    CHECK(only(w.check(), Invariant::free_frame) == "free frame 0x70 has type L2 with 0 references");
  }
  SECTION("references") {
    w.m.set_count(0x70, 2);
    CHECK(only(w.check(), Invariant::free_frame) == "free frame 0x70 has 2 general references");
  }
  SECTION("mapped") {
    w.m.memory.word(FakeGuest::l1, 20) = u64{0x70} << 12 | pte_ro;
    CHECK(only(w.check(), Invariant::free_frame) ==
          "free frame 0x70 is named by slot 20 of L1 table 0x100000008 of dom1");
  }
}

TEST_CASE("frames sum to the machine's total") {
  SECTION("the machine has another number of frames than the owners") {
    World w;
    w.m.memory.lose_a_frame();
    CHECK(only(w.check(), Invariant::total) == "owners hold 512 frames, the machine has 511");
  }
  SECTION("what is kept per owner is not what a recount finds") {
    OwnershipTable kept;
    kept.rows = {{1, 10, {}, 0}, {2, 5, {}, 0}, {XS_OWNER_FREE, 85, {}, 0}};
    CHECK(total_disagreements(kept, {{1, 10}, {2, 5}, {XS_OWNER_FREE, 85}}, 100).empty());
    CHECK(total_disagreements(kept, {{1, 9}, {2, 6}, {XS_OWNER_FREE, 85}}, 100) ==
          std::vector<std::string>{"dom1 owns 9 frames, 10 are kept", "dom2 owns 6 frames, 5 are kept"});
    CHECK(total_disagreements(kept, {{1, 10}, {XS_OWNER_FREE, 85}}, 99) ==
          std::vector<std::string>{"dom2 owns 0 frames, 5 are kept",
                                   "owners hold 100 frames, the machine has 99"});
  }
}

TEST_CASE("M2P: one GFN claimed by two frames") {
  World w;
  w.m.give(1, 0x80, 3);
  CHECK(only(w.check(), Invariant::m2p) == "frames 0x80 and 0x100000003 of dom1 both have M2P entry 0x3");
  SECTION("by a guest that publishes no P2M: its own business") {
    w.g.publish(0);
    const CheckReport r = w.check();
    CHECK(r.ok());
    CHECK(r.skipped.size() == 1);
  }
}

TEST_CASE("P2M and M2P disagree") {
  World w;
  SECTION("P2M names a frame of somebody else") {
    w.m.memory.word(FakeGuest::p2m, 100) = 0x70;
    CHECK(only(w.check(), Invariant::p2m) == "P2M of dom1: GFN 0x64 names frame 0x70, which free owns");
  }
  SECTION("P2M names no RAM") {
    w.m.memory.word(FakeGuest::p2m, 100) = 0x5000;
    CHECK(only(w.check(), Invariant::p2m) == "P2M of dom1: GFN 0x64 names frame 0x5000, which is not RAM");
  }
  SECTION("P2M names an own frame whose M2P says otherwise") {
    w.m.memory.word(FakeGuest::p2m, 100) = FakeGuest::mfn(4);
    CHECK(only(w.check(), Invariant::p2m) ==
          "P2M of dom1: GFN 0x64 names frame 0x100000004, whose M2P entry is 0x4");
  }
  SECTION("P2M lacks an owned frame") {
    w.m.memory.word(FakeGuest::p2m, 4) = invalid_frame;
    CHECK(only(w.check(), Invariant::p2m) ==
          "frame 0x100000004 of dom1 has M2P entry 0x4, but P2M of that GFN is empty");
  }
  SECTION("foreign and identity entries are the guest's own business") {
    w.m.memory.word(FakeGuest::p2m, 100) = u64{1} << 63 | 0x70;
    w.m.memory.word(FakeGuest::p2m, 101) = u64{1} << 62 | 0xfee00;
    CHECK(w.check().ok());
  }
}

TEST_CASE("type counts match use") {
  World w;
  SECTION("too few type references") {
    w.m.set_type(FakeGuest::mfn(2), FakeMachine::type(XS_FRAME_WRITABLE, 0));
    CHECK(only(w.check(), Invariant::type_count) ==
          "frame 0x100000002 of dom1, type writable, has 0 type references, but 1 uses are found");
  }
  SECTION("too many type references on a table") {
    w.m.set_type(FakeGuest::l2, FakeMachine::type(XS_FRAME_L2, 2));
    CHECK(only(w.check(), Invariant::type_count) ==
          "frame 0x100000009 of dom1, type L2, has 2 type references, but 1 uses are found");
  }
  SECTION("references without a type") {
    w.m.set_type(FakeGuest::list, FakeMachine::type(XS_FRAME_NONE, 1));
    CHECK(only(w.check(), Invariant::type_count) ==
          "frame 0x10000000d of dom1 has 1 type references without a type");
  }
  SECTION("general references") {
    w.m.set_count(FakeGuest::p2m, XS_COUNT_ALLOCATED | 3);
    CHECK(only(w.check(), Invariant::type_count) ==
          "frame 0x10000000c of dom1 has 3 general references, but 2 uses are found");
  }
  SECTION("a shared page counts the hypervisor's use and the guest's mappings") {
    w.m.memory.word(FakeGuest::l1, 30) = FakeGuest::shared_info << 12 | pte_rw;
    CHECK(w.check().violation_count == 1);
    w.m.set_type(FakeGuest::shared_info, FakeMachine::type(XS_FRAME_SHARED, 2));
    w.m.set_count(FakeGuest::shared_info, XS_COUNT_ALLOCATED | 2);
    CHECK(w.check().ok());
    w.m.set_count(FakeGuest::shared_info, 1);  // the hypervisor has given it up, the mapping is left
    w.m.set_type(FakeGuest::shared_info, FakeMachine::type(XS_FRAME_SHARED, 1));
    CHECK(w.check().ok());
  }
}

TEST_CASE("what VCPUs name outside of tables is counted one by one") {
  World w;
  const u64 desc = FakeGuest::list;
  const auto counts = [&](u64 mfn, unsigned type, u64 refs, bool pinned = false) {
    w.m.set_type(mfn, FakeMachine::type(type, refs, pinned));
    w.m.set_count(mfn, XS_COUNT_ALLOCATED | (refs + 1));
  };
  SECTION("a page table that is one VCPU's kernel and user base and another's kernel base") {
    w.m.keep(dv(1), XS_KEPT_USER_TABLE, FakeGuest::l4);
    w.m.keep(dv(1, 1), XS_KEPT_KERNEL_TABLE, FakeGuest::l4);
    CHECK(only(w.check(), Invariant::type_count) ==
          "frame 0x10000000b of dom1, type L4, has 2 type references, but 4 uses are found");
    counts(FakeGuest::l4, XS_FRAME_L4, 4, true);
    CHECK(w.check().ok());
    w.m.keep(dv(1), XS_KEPT_USER_TABLE, invalid_frame);
    CHECK(only(w.check(), Invariant::type_count) ==
          "frame 0x10000000b of dom1, type L4, has 4 type references, but 3 uses are found");
  }
  SECTION("descriptor pages and vcpu_info") {
    counts(desc, XS_FRAME_SEGDESC, 2);
    CHECK(only(w.check(), Invariant::type_count) ==
          "frame 0x10000000d of dom1, type seg_desc, has 2 type references, but 0 uses are found");
    w.m.keep(dv(1), XS_KEPT_GDT, desc, 13);
    w.m.keep(dv(1), XS_KEPT_LDT, desc, 15);
    counts(FakeGuest::mfn(3), XS_FRAME_WRITABLE, 2);
    w.m.keep(dv(1, 2), XS_KEPT_VCPU_INFO, FakeGuest::mfn(3));
    CHECK(w.check().ok());
  }
  SECTION("the general count lacks a VCPU's reference") {
    counts(desc, XS_FRAME_SEGDESC, 1);
    w.m.keep(dv(1), XS_KEPT_GDT, desc);
    w.m.set_count(desc, XS_COUNT_ALLOCATED | 1);
    CHECK(only(w.check(), Invariant::type_count) ==
          "frame 0x10000000d of dom1 has 1 general references, but 2 uses are found");
  }
  SECTION("a VCPU names another's frame, one of another type, none") {
    w.m.keep(dv(1), XS_KEPT_USER_TABLE, 0x70);
    CHECK(only(w.check(), Invariant::type_count) ==
          "user page table of dom1 vcpu0 is frame 0x70, which free owns");
    w.m.keep(dv(1), XS_KEPT_USER_TABLE, 0x5000);
    CHECK(only(w.check(), Invariant::type_count) ==
          "user page table of dom1 vcpu0 is frame 0x5000, which is not RAM");
    w.m.keep(dv(1), XS_KEPT_USER_TABLE, invalid_frame);
    w.m.keep(dv(1, 1), XS_KEPT_LDT, FakeGuest::mfn(2), 4);
    counts(FakeGuest::mfn(2), XS_FRAME_WRITABLE, 2);
    CHECK(only(w.check(), Invariant::type_count) ==
          "LDT page 4 of dom1 vcpu1 is frame 0x100000002, which has type writable");
  }
  SECTION("a slot that does not exist is no mark") {
    const u64 before = w.m.observer->counters().rejected;
    w.m.mark(XS_MARK_KEPT, dv(1), u64{9} << 32, FakeGuest::l4);
    CHECK(w.m.observer->counters().rejected == before + 1);
    CHECK(w.check().ok());
  }
}

TEST_CASE("no guest writes a page table or the hypervisor's memory") {
  World w;
  SECTION("its own table") {
    w.m.memory.word(FakeGuest::l1, 20) = FakeGuest::l2 << 12 | pte_rw;
    w.m.set_type(FakeGuest::l2,
                 FakeMachine::type(XS_FRAME_L2, 2));  // as a hypervisor that forgot to check would
    w.m.set_count(FakeGuest::l2, XS_COUNT_ALLOCATED | 3);
    CHECK(
        only(w.check(), Invariant::writable_table) ==
        "frame 0x100000009 of dom1, type L2, is mapped writable by slot 20 of L1 table 0x100000008 of dom1");
  }
  SECTION("the frame table") {
    w.m.memory.word(FakeGuest::l1, 20) = u64{0x10} << 12 | pte_rw;
    const CheckReport r = w.check();
    REQUIRE(r.violation_count == 2);  // neither its own nor read-only
    CHECK(r.violations[0].which == Invariant::foreign_map);
    CHECK(r.violations[1].which == Invariant::writable_table);
    CHECK(r.violations[1].text.starts_with(
        "frame 0x10 of xen, type none, is mapped writable by slot 20 of L1 table 0x100000008 of dom1"));
  }
}

TEST_CASE("a privileged domain may map another's frame, but not write its page tables") {
  World w;
  w.m.create(0, 0x71);
  w.m.give(0, 0x72, 0);
  w.m.set_type(0x72, FakeMachine::type(XS_FRAME_L1, 1, true));
  w.m.set_count(0x72, XS_COUNT_ALLOCATED | 2);
  w.m.memory.word(0x72, 7) = FakeGuest::p2m << 12 | pte_ro;
  w.m.set_count(FakeGuest::p2m, XS_COUNT_ALLOCATED | 3);
  CHECK(w.check().ok());
  w.m.memory.word(0x72, 8) = FakeGuest::l1 << 12 | pte_rw;
  w.m.set_type(FakeGuest::l1, FakeMachine::type(XS_FRAME_L1, 2));
  w.m.set_count(FakeGuest::l1, XS_COUNT_ALLOCATED | 3);
  CHECK(only(w.check(), Invariant::writable_table) ==
        "frame 0x100000008 of dom1, type L1, is mapped writable by slot 8 of L1 table 0x72 of dom0");
}

TEST_CASE("an unprivileged domain maps no other's frame") {
  World w;
  w.m.create(2, 0x71);
  w.m.give(2, 0x72, 0);
  w.m.set_count(0x72, XS_COUNT_ALLOCATED | 2);
  w.m.memory.word(FakeGuest::l1, 20) = u64{0x72} << 12 | pte_ro;
  CHECK(only(w.check(), Invariant::foreign_map) ==
        "frame 0x72 of dom2 is mapped by slot 20 of L1 table 0x100000008 of dom1");
}

TEST_CASE("what is in motion is skipped, and said so") {
  World w;
  w.m.set_type(FakeGuest::l2, FakeMachine::type(XS_FRAME_L2, 2));
  REQUIRE_FALSE(w.check().ok());
  SECTION("an open operation of the domain") {
    w.m.begin(dv(1), op_pin_l4);
    const CheckReport r = w.check();
    CHECK(r.ok());
    CHECK(r.skipped == std::vector<std::string>{"dom1: P2M and counts: mmuext_op.PIN_L4_TABLE is running"});
    w.m.end(dv(1), op_pin_l4);
    CHECK_FALSE(w.check().ok());
  }
  SECTION("an idle domain's blocked sched_op does not count as motion") {
    w.m.begin(dv(1), op(29, 1));
    CHECK_FALSE(w.check().ok());
  }
  SECTION("a CPU that repairs a fault inside the hypervisor") {
    const CpuView* cpus[] = {&w.m.cpus[0], &w.m.cpus[1]};
    const auto check = [&] { return w.m.observer->check_invariants(cpus); };
    CHECK_FALSE(check().ok());  // inside, but for an interrupt
    w.m.observer->on_trap(w.m.trap(0, 14, 3, 0x1000));
    const CheckReport r = check();
    CHECK(r.ok());
    CHECK(r.skipped == std::vector<std::string>{"dom1: P2M and counts: CPU 0 is in the hypervisor"});
    w.m.cpus[0].pc_value = guest_base;
    CHECK_FALSE(check().ok());
    w.m.cpus[0].pc_value = hv_base;
    w.m.observer->on_trap(w.m.trap(0, 0x40));
    CHECK_FALSE(check().ok());
    w.m.observer->on_trap(w.m.trap(0, 14, 3, 0x1000));
    w.m.begin(dv(1), op(18)), w.m.end(dv(1), op(18));
    CHECK_FALSE(check().ok());
  }
}

TEST_CASE("a P2M mismatch counts only once the guest has had time to finish") {
  World w;
  w.m.guest_p2m_store(guest_p2m_va + 4 * 8, invalid_frame);  // first step of a balloon
  const CheckReport r = w.check();
  CHECK(r.ok());
  CHECK(r.skipped == std::vector<std::string>{"dom1: P2M not compared: its memory is changing"});
  w.g.settle();
  CHECK(only(w.check(), Invariant::p2m) ==
        "frame 0x100000004 of dom1 has M2P entry 0x4, but P2M of that GFN is empty");
}

TEST_CASE("domains without a P2M of their own are passed over") {
  World w;
  w.m.create(2, 0x71);
  const CheckReport r = w.check();
  CHECK(r.ok());
  CHECK(r.skipped == std::vector<std::string>{"dom2: P2M not compared: has not run yet"});
}

TEST_CASE("many violations are counted, a hundred of a kind are kept") {
  World w;
  for (u64 i = 0; i < 120; ++i) w.m.set_m2p(0x70 + i, i);
  const CheckReport r = w.check();
  CHECK(r.violation_count == 120);
  CHECK(r.violations.size() == 100);
}
