// physdev_op: interrupts and I/O privilege, for dom0; and what everybody else gets.
//
// dom0 drives the devices, so it must learn which interrupts there are, say how they trigger and bind them to
// event channels; no other domain may, or it could end another one's interrupts. The virtual I/O privilege
// level is every kernel's own: at 0 CLI faults, at 1 it does nothing (upcalls are masked elsewhere). Each
// operation is called with arguments that work and with those it must refuse (public/physdev.h).
#include "guests/tests/lib/domain.h"

const char test_name[] = "physdev";

namespace {
constexpr u32 gsi = 20;  // of the first I/O APIC, and no ISA device's
constexpr u32 absent = 0xffffff;
constexpr u64 io_apic = 0xfec00000;

u64 resume;  // where a faulting instruction of the test goes on
u64 seen_vector;

bool on_trap(TrapFrame* frame) {
  if (!resume) return false;
  seen_vector = frame->vector;
  frame->rip = resume;
  return true;
}

void check_pointers() {
  const int operations[] = {PHYSDEVOP_eoi,       PHYSDEVOP_irq_status_query, PHYSDEVOP_set_iopl,
                            PHYSDEVOP_apic_read, PHYSDEVOP_apic_write,       PHYSDEVOP_alloc_irq_vector,
                            PHYSDEVOP_map_pirq,  PHYSDEVOP_unmap_pirq,       PHYSDEVOP_setup_gsi};
  for (int operation : operations)
    test_equal("physdev_op from unmapped memory", hypercall_physdev_op(operation, test_unmapped),
               -XEN_EFAULT);
  test_equal("physdev_op 99", hypercall_physdev_op(99, test_unmapped), -XEN_ENOSYS);
  // Vectors are given back by nobody since Xen took them into its own hands.
  physdev_irq vector{gsi, 0};
  test_equal("free_irq_vector", hypercall_physdev_op(PHYSDEVOP_free_irq_vector, &vector), -XEN_ENOSYS);
}

long set_iopl(u32 level) {
  physdev_set_iopl op{level};
  return hypercall_physdev_op(PHYSDEVOP_set_iopl, &op);
}

u64 vector_of_cli() {
  seen_vector = ~0ull;
  asm volatile("movq $1f, %0\n cli\n 1:" : "=m"(resume) : : "memory");
  resume = 0;
  return seen_vector;
}

void check_io_privilege() {
  test_equal("set_iopl 4", set_iopl(4), -XEN_EINVAL);
  test_equal("set_iopl 0", set_iopl(0), 0);
  test_equal("CLI at level 0", static_cast<s64>(vector_of_cli()), trap_general_protection);
  test_equal("set_iopl 1", set_iopl(1), 0);
  const bool masked = events_masked(0);
  test_equal("CLI at level 1", static_cast<s64>(vector_of_cli()), -1);
  test_check(events_masked(0) == masked, "CLI has changed the upcall mask");
}

void check_port() {
  u8 byte = 0;
  asm volatile("movq $1f, %0\n inb $0x60, %1\n 1:" : "=m"(resume), "+a"(byte) : : "memory");
  resume = 0;
  test_equal("a port that is not this domain's", byte, 0xff);
}

long read_apic(u64 base, u32 reg, u32& value) {
  physdev_apic op{base, reg, 0};
  const long error = hypercall_physdev_op(PHYSDEVOP_apic_read, &op);
  value = op.value;
  return error;
}
long write_apic(u64 base, u32 reg) {
  physdev_apic op{base, reg, 0};
  return hypercall_physdev_op(PHYSDEVOP_apic_write, &op);
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
  u32 value;
  physdev_irq vector{gsi, 0};
  test_equal("alloc_irq_vector", hypercall_physdev_op(PHYSDEVOP_alloc_irq_vector, &vector), -XEN_EPERM);
  test_equal("apic_read", read_apic(io_apic, 1, value), -XEN_EPERM);
  test_equal("apic_write", write_apic(io_apic, 0), -XEN_EPERM);
  test_equal("map_pirq", map(DOMID_SELF, MAP_PIRQ_TYPE_GSI, gsi, gsi), -XEN_EPERM);
  test_equal("unmap_pirq", unmap(DOMID_SELF, gsi), -XEN_EPERM);
  test_equal("setup_gsi", set_up(gsi), -XEN_EPERM);
  test_equal("EOI", end_interrupt(5), -XEN_EINVAL);
  test_equal("bind_pirq", event_bind_pirq(5), -XEN_EPERM);
}

void check_io_apic() {
  u32 version = 0, value;
  test_equal("apic_read", read_apic(io_apic, 1, version), 0);
  test_check((version >> 16 & 0xff) >= gsi, "an I/O APIC with version 0x%x", version);
  test_equal("apic_read at no I/O APIC", read_apic(0x12345000, 1, value), -XEN_EINVAL);
  test_equal("apic_write", write_apic(io_apic, 0), 0);
  test_equal("apic_write at no I/O APIC", write_apic(0x12345000, 0), -XEN_EINVAL);
  physdev_irq vector{gsi, 0};
  test_equal("alloc_irq_vector", hypercall_physdev_op(PHYSDEVOP_alloc_irq_vector, &vector), 0);
  test_equal("the vector that a guest is told", vector.vector, gsi);
}

void check_interrupt() {
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
  test_on_trap(on_trap);
  check_pointers();
  check_io_privilege();
  check_everybody();
  if (!test_is_privileged()) {
    check_port();
    return check_unprivileged();
  }
  check_io_apic();
  check_interrupt();
}
