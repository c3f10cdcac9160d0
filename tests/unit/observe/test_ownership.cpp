// The replica: owners, types, counts, causes, life cycle, from taps alone.
#include <catch2/catch.hpp>

#include "fake_machine.h"
#include "sim/observe/names.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {
struct Notes : Listener {
  std::vector<std::string> lines;
  void on_domain_created(const DomainInfo& d) override {
    lines.push_back("created " + std::to_string(d.domid));
  }
  void on_domain_ready(const DomainInfo& d) override { lines.push_back("ready " + std::to_string(d.domid)); }
  void on_domain_state(const DomainInfo& d, xs_domain_state before) override {
    lines.push_back(std::to_string(d.domid) + " " + domain_state_name(before) + " -> " +
                    domain_state_name(d.state));
  }
  void on_boot_step(unsigned step) override { lines.push_back("boot " + std::to_string(step)); }
  void on_panic(unsigned cpu) override { lines.push_back("panic " + std::to_string(cpu)); }
  void on_unmodelled(const std::string& text) override { lines.push_back(text); }
  void on_triple_fault(unsigned cpu, u64) override { lines.push_back("triple fault " + std::to_string(cpu)); }
};
}  // namespace

TEST_CASE("taps of all images are given, sorted, guests' only for their own P2M") {
  FakeMachine m;
  CHECK(m.observer->taps() == std::vector<u64>{pc_store64, pc_store32, pc_cas64, pc_mark, pc_guest_p2m});
  ScratchDir dir;
  FakeElf liar = guest_elf();
  liar.taps.push_back({guest_base + 0x20, XS_TAP_STORE64, 0});
  ObserverOptions options;
  options.hypervisor = dir.write("hv.elf", hypervisor_elf().bytes());
  options.guests = {dir.write("liar.elf", liar.bytes())};
  CHECK(Observer(options).taps().size() == 5);
}

TEST_CASE("a hypervisor without layout or taps is refused") {
  ScratchDir dir;
  ObserverOptions options;
  options.hypervisor = dir.write("hv.elf", guest_elf().bytes());
  CHECK_THROWS_WITH(Observer(options), "hv.elf: no section .xs_layout: not an observable hypervisor");
  FakeElf elf = hypervisor_elf();
  elf.taps.clear();
  options.hypervisor = dir.write("hv.elf", elf.bytes());
  CHECK_THROWS_WITH(Observer(options), "hv.elf: no section .xs_taps: not an observable hypervisor");
}

TEST_CASE("frames are counted by owner and type and always sum to the machine") {
  FakeMachine m;
  CHECK(m.observer->ownership().frames(XS_OWNER_NONE) == 512);
  m.boot();
  const u64 tables = m.next_table - 0x10;
  OwnershipTable t = m.observer->ownership();
  CHECK(t.total_frames == 512);
  REQUIRE(t.rows.size() == 2);
  CHECK(t.frames(XS_OWNER_XEN) == tables);
  CHECK(t.frames(XS_OWNER_FREE) == 512 - tables);
  m.create(1, 0x40);
  for (u64 i = 0; i < 8; ++i) m.give(1, high_mfn + i, i);
  m.set_type(high_mfn, FakeMachine::type(XS_FRAME_L4, 1, true));
  t = m.observer->ownership();
  REQUIRE(t.rows.size() == 3);
  CHECK(t.rows[0].owner == 1);
  CHECK(t.rows[0].frames == 9);
  CHECK(t.rows[0].by_type[XS_FRAME_L4] == 1);
  CHECK(t.rows[0].by_type[XS_FRAME_SHARED] == 1);
  CHECK(t.rows[0].by_type[XS_FRAME_NONE] == 7);
  CHECK(t.rows[0].pinned == 1);
  u64 sum = 0;
  for (const OwnershipRow& r : t.rows) sum += r.frames;
  CHECK(sum == 512);
  CHECK(m.observer->frames_of(1).size() == 9);
  CHECK(m.observer->frames_of(1)[1] == high_mfn);
  const auto f = m.observer->frame(high_mfn);
  REQUIRE(f);
  CHECK(f->type == XS_FRAME_L4);
  CHECK((f->pinned && f->validated && f->allocated));
  CHECK((f->type_count == 1 && f->general_count == 1 && f->gfn == 0));
  CHECK_FALSE(m.observer->frame(0x100));
  CHECK(t.to_text().find("dom1             9") != std::string::npos);
}

TEST_CASE("a 32-bit store into half of a counter and a 64-bit one over owner and shadow are understood") {
  FakeMachine m;
  m.boot();
  m.set_type(0x50, FakeMachine::type(XS_FRAME_WRITABLE, 5));
  m.store32(FakeMachine::entry(0x50) + 8, 6);
  CHECK(m.observer->frame(0x50)->type_count == 6);
  CHECK(m.observer->frame(0x50)->type == XS_FRAME_WRITABLE);
  m.store32(FakeMachine::entry(0x50) + 12, static_cast<u32>(FakeMachine::type(XS_FRAME_L1, 1) >> 32));
  CHECK(m.observer->frame(0x50)->type == XS_FRAME_L1);
  m.store64(FakeMachine::entry(0x50) + 16, u64{0x1234} << 32 | XS_OWNER_XEN);
  CHECK(m.observer->frame(0x50)->owner == XS_OWNER_XEN);
  CHECK(m.observer->compare_with_memory(m.cpus[0]).empty());
}

TEST_CASE("a compare-and-swap stores only when memory has the expected value") {
  FakeMachine m;
  m.boot();
  m.set_count(0x50, 3);
  m.cas64(FakeMachine::entry(0x50), 4, 9);
  CHECK(m.observer->frame(0x50)->general_count == 3);
  m.cas64(FakeMachine::entry(0x50), 4, 3);
  CHECK(m.observer->frame(0x50)->general_count == 4);
  m.cas64(FakeMachine::entry(0x50) + 16, XS_OWNER_XEN, XS_OWNER_FREE);
  CHECK(m.observer->frame(0x50)->owner == XS_OWNER_XEN);
  CHECK(m.observer->compare_with_memory(m.cpus[0]).empty());
}

TEST_CASE("stores beyond the tables, or for holes in RAM, change nothing and are counted") {
  FakeMachine m;
  m.boot();
  const u64 before = m.observer->counters().stores_outside;
  m.store64(0xffff900000000000, 1);
  m.set_owner(0x100000, 3);        // between the RAM ranges
  m.set_m2p(high_mfn + 0x100, 3);  // behind the last one, in the same page of the table
  CHECK(m.observer->compare_with_memory(m.cpus[0]).empty());
  m.store64(FakeMachine::entry(0x50) + 4, 1);  // misaligned: not understood, but the comparison shows it
  CHECK(m.observer->counters().stores_outside == before + 2);
  CHECK(m.observer->counters().stores_not_ram == 2);
  CHECK(m.observer->compare_with_memory(m.cpus[0]).size() == 1);
}

TEST_CASE("each change knows the operation that caused it, also when multicalls nest and VCPUs move") {
  FakeMachine m;
  m.boot();
  m.create(1, 0x40);
  m.mark(XS_MARK_SWITCH, dv(0x7fff), dv(0, 0), 0, 0);
  m.begin(dv(0), op_multicall);
  m.begin(dv(0), op_populate, 1);
  m.give(1, 0x60, 0);
  m.end(dv(0), op_populate);
  m.give(1, 0x61, 1);
  m.end(dv(0), op_multicall);
  m.give(1, 0x62, 2);
  const auto newest = [&](u64 mfn) { return m.observer->frame_history(mfn).front(); };
  CHECK(newest(0x60).operation == op_populate);
  CHECK(newest(0x61).operation == op_multicall);
  CHECK_FALSE(newest(0x62).in_operation);

  // An operation that blocks stays open while another VCPU runs on the CPU, and ends on another CPU.
  m.begin(dv(1, 0), op_decrease, 0, 0);
  m.mark(XS_MARK_SWITCH, dv(1), dv(0), 0, 0);
  m.set_m2p(0x60, 7);
  CHECK_FALSE(newest(0x60).in_operation);
  m.mark(XS_MARK_SWITCH, dv(0x7fff), dv(1), 0, 1);
  m.tap(1, pc_store64, {FakeMachine::m2p_at(0x61), 9});
  CHECK(newest(0x61).operation == op_decrease);
  CHECK(newest(0x61).domid == 1);
  CHECK(newest(0x61).cpu == 1);
  m.end(dv(1, 0), op_decrease, 0, 1);
  m.tap(1, pc_store64, {FakeMachine::m2p_at(0x61), 10});
  CHECK_FALSE(newest(0x61).in_operation);
}

TEST_CASE("an operation that never returns is ended by the next one") {
  FakeMachine m;
  m.boot();
  m.begin(dv(0), op(23));  // iret
  m.begin(dv(0), op_populate);
  m.end(dv(0), op_populate);
  m.set_m2p(0x60, 1);
  CHECK_FALSE(m.observer->frame_history(0x60).front().in_operation);
}

TEST_CASE("history of a frame runs from newest to oldest, and says when it is cut") {
  ObserverOptions options;
  options.history_records = 4096;
  FakeMachine m(options);
  m.boot();
  m.create(1, 0x40);
  m.give(1, 0x60, 5);
  m.release(0x60);
  bool complete = false;
  const auto history = m.observer->frame_history(0x60, &complete);
  CHECK(complete);
  REQUIRE(history.size() == 5);  // boot owner, dom1, M2P 5, M2P invalid, free
  CHECK(history[0].what == FrameChange::What::owner);
  CHECK((history[0].old_value == 1 && history[0].new_value == XS_OWNER_FREE));
  CHECK(history[4].new_value == XS_OWNER_FREE);
  CHECK(history[4].old_value == XS_OWNER_NONE);
  CHECK(history[0].pc == pc_store32);
  for (u64 i = 0; i < 4096; ++i) m.set_m2p(0x61, i);
  CHECK(m.observer->frame_history(0x60, &complete).empty());
  CHECK_FALSE(complete);
}

TEST_CASE("domains live and die, and the listener hears of it") {
  FakeMachine m;
  Notes notes;
  m.observer->set_listener(&notes);
  m.boot();
  m.create(0, 0x40);
  m.observer->name_domain(0, "Domain-0");
  m.mark(XS_MARK_DOMAIN_STATE, 0, XS_DOM_RUNNING);
  m.mark(XS_MARK_DOMAIN_READY, 0);
  m.mark(XS_MARK_DOMAIN_STATE, 0, XS_DOM_SHUTDOWN, 3);
  m.mark(XS_MARK_PANIC, 0, 0, 0, 1);
  m.observer->on_unmodelled(m.cpus[1], "MSR", 0x123);
  m.observer->on_triple_fault(m.cpus[1]);
  CHECK(notes.lines == std::vector<std::string>{
                           "boot 1", "created 0", "0 paused -> running", "ready 0", "0 running -> shutdown",
                           "panic 1", "CPU 1: MSR 0x123 is not modelled, at hv.elf: xs_mark_store+0x0",
                           "triple fault 1"});
  const auto d = m.observer->domain(0);
  REQUIRE(d);
  CHECK(d->name == "Domain-0");
  CHECK(d->state == XS_DOM_SHUTDOWN);
  CHECK(d->shutdown_reason == 3);
  CHECK(d->ready);
  CHECK(d->frames == 1);
  CHECK(m.observer->domains().size() == 1);
}

TEST_CASE("nonsense from the hypervisor is dropped and counted") {
  FakeMachine m;
  m.boot();
  m.mark(99);
  m.mark(XS_MARK_DOMAIN_CREATED, 0x12345678, 0, 0);
  CHECK(m.observer->counters().rejected == 2);
  CHECK(m.observer->domains().empty());
}

TEST_CASE("operations are counted by name") {
  FakeMachine m;
  m.boot();
  for (int i = 0; i < 3; ++i) m.begin(dv(0), op(12, 6 | i << 6)), m.end(dv(0), op(12, 6 | i << 6));
  m.begin(dv(0), op_create);
  const auto counts = m.observer->operation_counts();
  CHECK(counts.at("memory_op.populate_physmap") == 3);
  CHECK(counts.at("domctl.createdomain") == 1);
  CHECK(m.observer->counters().operations == 4);
}

TEST_CASE("the replica is compared with memory, field by field") {
  FakeMachine m;
  m.boot();
  CHECK(m.observer->compare_with_memory(m.cpus[0]).empty());
  CHECK(m.observer->check_invariants().frames_unmanaged == 0);
  // Stores that no tap told.
  const u32 owner = 3;
  m.poke(FakeMachine::entry(0x55) + 16, &owner, 4);
  const u64 gfn = 0x77;
  m.poke(FakeMachine::m2p_at(high_mfn + 1), &gfn, 8);
  u64 count = 0;
  const auto differences = m.observer->compare_with_memory(m.cpus[0], &count);
  CHECK(count == 2);
  REQUIRE(differences.size() == 2);
  CHECK(differences[0].text ==
        "frame 0x55 of free: owner is 0x3 in memory, 0x7ffe in the replica; last changed by no "
        "operation at 0.171000 ms, PC hv.elf: xs_store32+0x0");
  CHECK(differences[1].text ==
        "frame 0x100000001 of free: M2P is 0x77 in memory, 0xffffffffffffffff in the replica; "
        "last changed by no operation at 0.515000 ms, PC hv.elf: xs_store32+0x0");
  m.cpus[0].pages.erase(FakeMachine::m2p_at(0) >> 12);
  CHECK(m.observer->compare_with_memory(m.cpus[0], &count, 5).size() == 5);
  CHECK(count == 257);
}
