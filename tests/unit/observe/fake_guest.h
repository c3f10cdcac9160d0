// A PV guest in the fake machine: domain 1 with a pinned page-table tree and a published P2M.
//
//     GFN   MFN            what                       type references
//     0..7  high+0..7      data, mapped writable       1 (its L1 entry)
//     8     high+8         L1                          1 (L2 entry)
//     9     high+9         L2                          1
//     10    high+10        L3                          1
//     11    high+11        L4, pinned                  2 (pin, CR3)
//     12    high+12        P2M page, mapped read-only  0
//     13    high+13        list of P2M pages           0
//     14    high+14        list of lists               0
//           0x40           shared_info
#pragma once
#include <cstddef>

#include "fake_machine.h"

#include <xen/xen.h>

namespace xs::test {

inline constexpr u64 guest_p2m_va = 0xffff900000001000;
inline constexpr u64 guest_frames = 15, guest_data = 8;
inline constexpr u64 pte_rw = 0x67, pte_ro = 0x65;

constexpr u64 guest_mfn(u64 gfn) { return high_mfn + gfn; }

struct FakeGuest {
  static constexpr u32 domid = 1;
  static constexpr u64 shared_info = 0x40;
  static constexpr u64 mfn(u64 gfn) { return guest_mfn(gfn); }
  static constexpr u64 l1 = guest_mfn(8), l2 = guest_mfn(9), l3 = guest_mfn(10), l4 = guest_mfn(11),
                       p2m = guest_mfn(12), list = guest_mfn(13), lists = guest_mfn(14);

  explicit FakeGuest(FakeMachine& machine) : m(machine) {
    m.begin(dv(0), op_create);
    m.create(domid, shared_info);
    for (u64 gfn = 0; gfn < guest_frames; ++gfn) m.give(domid, mfn(gfn), gfn);
    m.end(dv(0), op_create);
    build_tables();
    write_p2m();
    m.cpus[0].pages[guest_p2m_va >> 12] = p2m;
    m.map_guest_code(mfn(0));
  }
  void build_tables() {
    for (u64 gfn = 0; gfn < guest_data; ++gfn) {
      m.memory.word(l1, gfn) = mfn(gfn) << 12 | pte_rw;
      m.set_type(mfn(gfn), FakeMachine::type(XS_FRAME_WRITABLE, 1));
      m.set_count(mfn(gfn), XS_COUNT_ALLOCATED | 2);
    }
    m.memory.word(l1, 12) = p2m << 12 | pte_ro;
    m.set_count(p2m, XS_COUNT_ALLOCATED | 2);
    m.memory.word(l2, 0) = l1 << 12 | pte_rw;
    m.memory.word(l3, 0) = l2 << 12 | pte_rw;
    m.memory.word(l4, 0) = l3 << 12 | pte_rw;
    m.memory.word(l4, 256) = u64{0x10} << 12 | pte_rw;  // the hypervisor's slot
    unsigned level = XS_FRAME_L1;
    for (u64 table : {l1, l2, l3}) {
      m.set_type(table, FakeMachine::type(level++, 1));
      m.set_count(table, XS_COUNT_ALLOCATED | 2);
    }
    m.set_type(l4, FakeMachine::type(XS_FRAME_L4, 2, true));
    m.set_count(l4, XS_COUNT_ALLOCATED | 3);
    m.keep(dv(domid), XS_KEPT_KERNEL_TABLE, l4);
  }
  void write_p2m() {
    for (u64 gfn = 0; gfn < guest_frames; ++gfn) m.memory.word(p2m, gfn) = mfn(gfn);
    for (u64 gfn = guest_frames; gfn < 512; ++gfn) m.memory.word(p2m, gfn) = invalid_frame;
    m.memory.word(list, 0) = p2m;
    m.memory.word(lists, 0) = list;
  }
  void publish(u64 entries = 512) {
    m.memory.word(shared_info, (offsetof(shared_info_t, arch) + offsetof(arch_shared_info_t, max_pfn)) / 8) =
        entries;
    m.memory.word(shared_info,
                  (offsetof(shared_info_t, arch) + offsetof(arch_shared_info_t, pfn_to_mfn_frame_list_list)) /
                      8) = lists;
  }
  void run() {
    m.mark(XS_MARK_DOMAIN_STATE, domid, XS_DOM_RUNNING);
    m.mark(XS_MARK_SWITCH, dv(0x7fff), dv(domid));
    m.mark(XS_MARK_DOMAIN_READY, domid);
  }
  /// Balloons one frame down as a guest does: unmap, P2M, hypercall.
  void give_back(u64 gfn) {
    m.memory.word(l1, gfn) = 0;
    m.set_type(mfn(gfn), FakeMachine::type(XS_FRAME_WRITABLE, 0));
    m.set_count(mfn(gfn), XS_COUNT_ALLOCATED | 1);
    m.guest_p2m_store(guest_p2m_va + gfn * 8, invalid_frame);
    m.begin(dv(domid), op_decrease, 1);
    m.release(mfn(gfn));
    m.end(dv(domid), op_decrease, 1);
  }
  /// Lets simulated time pass, so that nothing counts as being in motion.
  void settle() {
    m.cpus[0].now_ps += 2'000'000'000;
    m.mark(XS_MARK_TLB_FLUSH, 1, ~u64{0});
  }
  FakeMachine& m;
};

}  // namespace xs::test
