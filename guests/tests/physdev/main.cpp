// physdev_op: interrupts and I/O privilege, for dom0; and what everybody else gets.
//
// dom0 drives the devices, so it must learn which interrupts there are, say how they trigger and bind them to
// event channels; no other domain may, or it could end another one's interrupts. The virtual I/O privilege
// level is every kernel's own: at 0 CLI faults, at 1 it does nothing (upcalls are masked elsewhere). Each
// operation is called with arguments that work and with those it must refuse (public/physdev.h). IA-64 has no
// such level: its ports are memory, and a guest has none.
#include "guests/tests/physdev/devices.h"

const char test_name[] = "physdev";

namespace {
constexpr u32 absent = 0xffffff;
void check_pointers() {
  const int operations[] = {PHYSDEVOP_eoi,      PHYSDEVOP_irq_status_query, PHYSDEVOP_alloc_irq_vector,
                            PHYSDEVOP_map_pirq, PHYSDEVOP_unmap_pirq,       PHYSDEVOP_setup_gsi};
  for (int operation : operations)
    test_equal("physdev_op from unmapped memory", hypercall_physdev_op(operation, test_unmapped),
               -XEN_EFAULT);
  test_equal("physdev_op 99", hypercall_physdev_op(99, test_unmapped), -XEN_ENOSYS);
  // Vectors are given back by nobody since Xen took them into its own hands.
  physdev_irq vector{gsi, 0};
  test_equal("free_irq_vector", hypercall_physdev_op(PHYSDEVOP_free_irq_vector, &vector), -XEN_ENOSYS);
}

long map(u32 domain, int type, int index, int pirq) {
  physdev_map_pirq op{};
  op.domid = static_cast<domid_t>(domain);
  op.type = type;
  op.index = index;
  op.pirq = pirq;
  return hypercall_physdev_op(PHYSDEVOP_map_pirq, &op);
}
long unmap(u32 domain, int pirq) {
  physdev_unmap_pirq op{};
  op.domid = static_cast<domid_t>(domain);
  op.pirq = pirq;
  return hypercall_physdev_op(PHYSDEVOP_unmap_pirq, &op);
}
long set_up(int which) {
  physdev_setup_gsi op{which, 1, 1};
  return hypercall_physdev_op(PHYSDEVOP_setup_gsi, &op);
}
long end_interrupt(u32 irq) {
  physdev_eoi op{irq};
  return hypercall_physdev_op(PHYSDEVOP_eoi, &op);
}

void check_everybody() {
  physdev_irq_status_query query{5, 0};
  test_equal("irq_status_query", hypercall_physdev_op(PHYSDEVOP_irq_status_query, &query), 0);
  test_check(query.flags & XENIRQSTAT_needs_eoi, "an interrupt that needs no EOI: flags 0x%x", query.flags);
  query = {absent, 0};
  test_equal("irq_status_query of no interrupt", hypercall_physdev_op(PHYSDEVOP_irq_status_query, &query),
             -XEN_EINVAL);
  test_equal("EOI of no interrupt", end_interrupt(absent), -XEN_EINVAL);
  test_equal("bind_pirq of no interrupt", event_bind_pirq(absent), -XEN_EINVAL);
  test_equal("setup_gsi -1", set_up(-1), -XEN_EINVAL);
  test_equal("setup_gsi of no interrupt", set_up(absent), -XEN_EINVAL);
  test_equal("map_pirq for no domain", map(test_no_such_domain, MAP_PIRQ_TYPE_GSI, gsi, gsi), -XEN_ESRCH);
  test_equal("unmap_pirq for no domain", unmap(test_no_such_domain, gsi), -XEN_ESRCH);
}

void check_unprivileged() {
  physdev_irq vector{gsi, 0};
  test_equal("alloc_irq_vector", hypercall_physdev_op(PHYSDEVOP_alloc_irq_vector, &vector), -XEN_EPERM);
  test_equal("map_pirq", map(DOMID_SELF, MAP_PIRQ_TYPE_GSI, gsi, gsi), -XEN_EPERM);
  test_equal("unmap_pirq", unmap(DOMID_SELF, gsi), -XEN_EPERM);
  test_equal("setup_gsi", set_up(gsi), -XEN_EPERM);
  test_equal("EOI", end_interrupt(5), -XEN_EINVAL);
  test_equal("bind_pirq", event_bind_pirq(5), -XEN_EPERM);
}

void check_interrupt() {
  physdev_irq vector{gsi, 0};
  test_equal("alloc_irq_vector", hypercall_physdev_op(PHYSDEVOP_alloc_irq_vector, &vector), 0);
  test_equal("the vector that a guest is told", vector.vector, gsi);
  test_equal("setup_gsi", set_up(gsi), 0);
  test_equal("map_pirq of type 99", map(DOMID_SELF, 99, gsi, gsi), -XEN_EINVAL);
  test_equal("map_pirq of index -1", map(DOMID_SELF, MAP_PIRQ_TYPE_GSI, -1, gsi), -XEN_EINVAL);
  test_equal("map_pirq of no interrupt", map(DOMID_SELF, MAP_PIRQ_TYPE_GSI, absent, gsi), -XEN_EINVAL);
  test_equal("map_pirq", map(DOMID_SELF, MAP_PIRQ_TYPE_GSI, gsi, gsi), 0);
  const s64 port = event_bind_pirq(gsi);
  test_check(port > 0, "bind_pirq: %s", errno_name(port));
  test_equal("bind_pirq twice", event_bind_pirq(gsi), -XEN_EEXIST);
  evtchn_status_t status{};
  status.dom = DOMID_SELF;
  status.port = static_cast<evtchn_port_t>(port);
  test_equal("status of the port", hypercall_event_channel_op(EVTCHNOP_status, &status), 0);
  test_check(status.status == EVTCHNSTAT_pirq && status.u.pirq == gsi, "status %u of interrupt %u",
             status.status, status.u.pirq);
  test_equal("EOI", end_interrupt(gsi), 0);
  test_equal("close", event_close(static_cast<EventPort>(port)), 0);
  test_equal("unmap_pirq", unmap(DOMID_SELF, gsi), 0);
  test_equal("unmap_pirq of no interrupt", unmap(DOMID_SELF, absent), -XEN_EINVAL);
}
}  // namespace

void test_main() {
  check_pointers();
  check_device_access();
  check_everybody();
  if (!test_is_privileged()) return check_unprivileged();
  check_interrupt();
}
