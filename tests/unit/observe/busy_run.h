// A run with everything in it, long enough for several keyframes: two domains balloon, types change, a domain
// dies.
#pragma once
#include <functional>

#include "fake_guest.h"

namespace xs::test {

inline void busy_run(
    FakeMachine& m, unsigned rounds = 40, const std::function<void()>& after_round = [] {}) {
  auto& o = *m.observer;
  o.step_begin("boot", 0);
  m.boot();
  m.mark(XS_MARK_SWITCH, dv(0x7fff), dv(0));
  m.create(0, 0x41);
  o.name_domain(0, "Domain-0");
  FakeGuest g(m);
  o.name_domain(1, "web");
  g.run();
  g.publish();
  m.mark(XS_MARK_BOOT, 3);
  o.console_line("xen", "(XEN) dom0 entered", m.cpus[0].now_ps);
  o.step_end(true, m.cpus[0].now_ps);
  o.step_begin("balloon", m.cpus[0].now_ps);
  m.mark(XS_MARK_PORT, dv(1), u64{XS_PORT_INTERDOMAIN} << 32 | 3, u64{5} << 32);
  m.mark(XS_MARK_GRANT_TABLE, 1, 0, 0x50);
  m.mark(XS_MARK_GRANT_TABLE, 1, 1, 0x51);
  m.mark(XS_MARK_GRANT_TABLE, 1, 1, invalid_frame);
  for (unsigned round = 0; round < rounds; ++round) {
    m.grant(XS_GRANT_MAP, 1, 0, 8 + round % 5, 0x58 + round % 5,
            round % 2 ? u64{XS_GRANT_WRITE} : XS_GRANT_HELD);
    if (round % 3 == 2) m.grant(XS_GRANT_UNMAP, 1, 0, 8, 0x58, XS_GRANT_HELD);
    m.grant(XS_GRANT_COPY_FROM, 1, 0, 9, 0x59);
    if (round % 2 == 0) m.mark(XS_MARK_PORT, dv(0), u64{XS_PORT_VIRQ} << 32 | (4 + round % 8));
    if (round % 8 == 7) m.mark(XS_MARK_PORT, dv(0), u64{XS_PORT_CLOSED} << 32 | 4);
    const u64 mfn = 0x60 + round % 8;
    m.begin(dv(1), op_multicall);
    m.begin(dv(1), op_populate, 1);
    m.give(1, mfn, 200 + round % 8);
    m.end(dv(1), op_populate, 1);
    m.guest_p2m_store(guest_p2m_va + (200 + round % 8) * 8, mfn);
    m.end(dv(1), op_multicall);
    m.set_type(mfn, FakeMachine::type(XS_FRAME_L1, 1, round % 2));
    m.mark(XS_MARK_SWITCH, dv(1), dv(0), 0, 1);
    m.mark(XS_MARK_EVENT, dv(1), 3, 0);
    m.mark(XS_MARK_BOUNCE, dv(1), 14, guest_base + 8);
    m.mark(XS_MARK_TLB_FLUSH, 3, ~u64{0});
    o.on_trap(m.trap(0, 14, 2, 0x1234000));
    o.on_trap(m.trap(1, 0x40));
    m.begin(dv(1), op_decrease, 1);
    m.release(mfn);
    m.end(dv(1), op_decrease, 1);
    m.guest_p2m_store(guest_p2m_va + (200 + round % 8) * 8, invalid_frame);
    after_round();
  }
  o.on_unmodelled(m.cpus[0], "MSR", 0xc0000123);
  m.create(2, 0x42);
  m.begin(dv(2), op_populate);
  m.mark(XS_MARK_DOMAIN_STATE, 2, XS_DOM_DYING);
  m.release(0x42);
  m.mark(XS_MARK_DOMAIN_STATE, 2, XS_DOM_DEAD);
  o.console_line("dom1", "goodbye", m.cpus[0].now_ps);
  o.step_end(false, m.cpus[0].now_ps);
}

}  // namespace xs::test
