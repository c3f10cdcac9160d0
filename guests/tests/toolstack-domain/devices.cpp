// Devices are one domain's at a time. On the boards of docs/machine.md, where 24 virtio devices have their
// registers in three pages and interrupts of their own; nothing is plugged in into the first.
#include "guests/tests/toolstack-domain/devices.h"

#include "guests/tests/lib/grants.h"

namespace {
constexpr Mfn registers = 0xfeb00, memory = 0x200;
constexpr u32 interrupt = 24, absent = 0xffffff;

long give_page(u32 domain, Mfn first, u64 count, bool allow) {
  xen_domctl op{};
  op.u.iomem_permission = {first, count, static_cast<u8>(allow)};
  return domctl(XEN_DOMCTL_iomem_permission, domain, op);
}
long give_interrupt(u32 domain, u32 pirq, bool allow) {
  xen_domctl op{};
  op.u.irq_permission.pirq = pirq;
  op.u.irq_permission.allow_access = allow;
  return domctl(XEN_DOMCTL_irq_permission, domain, op);
}
long show_page(u32 domain, u64 gfn, Mfn mfn) {
  xen_domctl op{};
  op.u.memory_mapping = {gfn, mfn, 1, 1, 0};
  return domctl(XEN_DOMCTL_memory_mapping, domain, op);
}

void check_pages(u32 domain, u32 other) {
  test_equal("no page at all", give_page(domain, registers, 0, true), -XEN_EINVAL);
  test_equal("a page without an owner shown", show_page(domain, registers, registers), -XEN_EPERM);
  test_equal("a page given", give_page(domain, registers, 1, true), 0);
  test_equal("given again", give_page(domain, registers, 1, true), 0);
  test_equal("given to another domain", give_page(other, registers, 1, true), -XEN_EBUSY);
  test_equal("shown", show_page(domain, registers, registers), 0);
  test_equal("shown to another domain", show_page(other, registers, registers), -XEN_EPERM);
  test_equal("taken from who has it not", give_page(other, registers, 1, false), 0);
  test_equal("given to another domain still", give_page(other, registers, 1, true), -XEN_EBUSY);
  test_equal("taken back", give_page(domain, registers, 1, false), 0);
  test_equal("given to another domain", give_page(other, registers, 1, true), 0);
  test_destroy_domain(other);
  test_equal("given after its owner's end", give_page(domain, registers, 1, true), 0);
}

void check_interrupts(u32 domain) {
  test_equal("no such interrupt", give_interrupt(domain, absent, true), -XEN_EINVAL);
  const s64 port = event_bind_pirq(interrupt);
  test_check(port > 0, "bind_pirq: %ld", port);
  test_equal("an interrupt given", give_interrupt(domain, interrupt, true), 0);
  evtchn_status_t status{};
  status.dom = DOMID_SELF;
  status.port = static_cast<EventPort>(port);
  test_equal("status of the port", hypercall_event_channel_op(EVTCHNOP_status, &status), 0);
  test_equal("the port of dom0's", status.status, EVTCHNSTAT_closed);
  test_equal("bind_pirq of what was given", event_bind_pirq(interrupt), -XEN_EPERM);
  test_equal("taken back", give_interrupt(domain, interrupt, false), 0);
  const s64 again = event_bind_pirq(interrupt);
  test_check(again > 0, "bind_pirq again: %ld", again);
  event_close(static_cast<EventPort>(again));
}
}  // namespace

void check_devices(u32 domain) {
  if (!test_on_this_hypervisor()) return;  // Xen leaves to its toolstack what is given to whom
  test_equal("memory", give_page(domain, memory, 1, true), -XEN_EINVAL);
  test_equal("dom0's by name", give_page(0, registers, 1, true), -XEN_EINVAL);
  check_pages(domain, test_make_domain(1, 1024));
  check_interrupts(domain);
}
