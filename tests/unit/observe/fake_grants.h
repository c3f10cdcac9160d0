// dom1 grants a frame of its own to dom2, on core 0; dom3 runs on core 1.
//
//     0x50  page 0 of dom1's grant table      0x60  dom1's frame at GFN 20, which entry 9 may name
//     0x72  an L1 table of dom2's
#pragma once
#include <set>

#include "fake_guest.h"

#include <xen/grant_table.h>

namespace xs::test {

using namespace observe;

inline constexpr u32 granter = 1, user = 2, other = 3;
inline constexpr u64 table = 0x50, granted = 0x60, user_l1 = 0x72;
inline constexpr u32 ref = 9;

/// dom1 with a grant table and frame 0x60 to grant, dom2 with a page table, dom3 on core 1.
struct Grants {
  std::set<std::pair<unsigned, u64>> tlb;  // core, frame
  u64 quanta = 7;
  FakeMachine m;
  FakeGuest g;

  explicit Grants(const char* architecture = "x86_64")
      : m([&] {
          ObserverOptions options;
          options.isolation_monitor = true;
          options.architecture = architecture;
          return options;
        }()),
        g(booted(m)) {
    m.observer->watch_tlbs([this](unsigned cpu, u64 mfn) { return tlb.contains({cpu, mfn}); });
    g.run();
    g.publish();
    m.create(0, 0x41);
    m.create(user, 0x71);
    m.create(other, 0x74);
    m.give(granter, granted, 20);
    m.memory.word(FakeGuest::p2m, 20) = granted;
    m.set_count(table, XS_COUNT_ALLOCATED | 1);
    m.set_type(table, FakeMachine::type(XS_FRAME_SHARED, 1));
    m.set_owner(table, granter);
    m.mark(XS_MARK_GRANT_TABLE, granter, 0, table);
    m.give(user, user_l1, 0);
    m.set_type(user_l1, FakeMachine::type(XS_FRAME_L1, 1, true));
    m.set_count(user_l1, XS_COUNT_ALLOCATED | 2);
    m.mark(XS_MARK_SWITCH, dv(granter), dv(user));
    m.mark(XS_MARK_SWITCH, idle_dv, dv(other), 0, 1);
    g.settle();
  }
  static FakeMachine& booted(FakeMachine& machine) {
    machine.boot();
    return machine;
  }
  void watch_quanta() {
    m.observer->watch_quanta([this] { return quanta; });
  }

  void entry(unsigned flags, u32 to = user, u64 frame = granted, u32 number = ref) {
    m.memory.word(table, number) = flags | u64{to} << 16 | frame << 32;
  }
  unsigned flags() { return m.memory.word(table, ref) & 0xffff; }
  /// As a guest allows it, and the hypervisor announces.
  void allow_and_announce(bool write) {
    entry(GTF_permit_access | GTF_reading | (write ? unsigned{GTF_writing} : 0));
  }
  void use(xs_grant_use what, u64 access = 0, u32 who = user, u64 mfn = granted) {
    m.begin(dv(who), op_grant_map);
    m.grant(what, granter, who, ref, mfn, access);
    m.end(dv(who), op_grant_map);
  }
  void map(bool write) {
    allow_and_announce(write);
    use(XS_GRANT_MAP, write ? u64{XS_GRANT_WRITE} : 0);
  }
  /// `after`: what is left in the entry.
  void unmap(bool write, unsigned after = GTF_permit_access, u32 who = user) {
    m.begin(dv(who), op_grant_unmap);
    m.grant(XS_GRANT_UNMAP, granter, who, ref, granted, write ? u64{XS_GRANT_WRITE} : 0);
    m.memory.word(table, ref) = (m.memory.word(table, ref) & ~u64{0xffff}) | after;
    m.end(dv(who), op_grant_unmap);
  }
  /// An entry of dom2's page table; the references are the frame's.
  void show(unsigned slot, bool write, unsigned type_references, unsigned references, u64 mfn = granted) {
    m.memory.word(user_l1, slot) = mfn << 12 | (write ? pte_rw : pte_ro);
    m.set_type(mfn, FakeMachine::type(XS_FRAME_WRITABLE, type_references));
    m.set_count(mfn, XS_COUNT_ALLOCATED | (references + 1));
  }
  u64 fill(u64 mfn, bool write) {
    m.observer->on_tlb_fill(m.cpus[0], 0x1000, mfn << 12, frame_size, write, true);
    return m.observer->counters().isolation_violations;
  }
  const ObserverCounters& counters() { return m.observer->counters(); }
  /// The finding without where; "" when there is none.
  std::string found() {
    const auto& all = m.observer->isolation_violations();
    if (all.empty()) return "";
    if (all.size() > 1) return "SEVERAL: " + all[1].text;
    if (all[0].which != Invariant::grant) return std::string("ANOTHER: ") + invariant_name(all[0].which);
    return all[0].text.substr(0, all[0].text.find(';'));
  }
  std::string violation(Invariant which) {
    const CheckReport r = m.observer->check_invariants();
    if (r.violation_count != 1 || r.violations[0].which != which) return r.to_text();
    return r.violations[0].text.substr(0, r.violations[0].text.find(';'));
  }
};

}  // namespace xs::test
