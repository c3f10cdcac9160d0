#include "guests/tests/physdev/devices.h"

namespace {
constexpr u64 io_apic = 0xfec00000;

u64 resume;  // where a faulting instruction of the test goes on
u64 seen_vector;

bool on_trap(TrapFrame* frame) {
  if (!resume) return false;
  seen_vector = frame->vector;
  frame->rip = resume;
  return true;
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
void check_io_apic() {
  u32 version = 0, value;
  test_equal("apic_read", read_apic(io_apic, 1, version), 0);
  test_check((version >> 16 & 0xff) >= gsi, "an I/O APIC with version 0x%x", version);
  test_equal("apic_read at no I/O APIC", read_apic(0x12345000, 1, value), -XEN_EINVAL);
  test_equal("apic_write", write_apic(io_apic, 0), 0);
  test_equal("apic_write at no I/O APIC", write_apic(0x12345000, 0), -XEN_EINVAL);
}

void check_io_apic_refused() {
  u32 value;
  test_equal("apic_read", read_apic(io_apic, 1, value), -XEN_EPERM);
  test_equal("apic_write", write_apic(io_apic, 0), -XEN_EPERM);
}
}  // namespace

void check_device_access() {
  const int operations[] = {PHYSDEVOP_set_iopl, PHYSDEVOP_apic_read, PHYSDEVOP_apic_write};
  for (int operation : operations)
    test_equal("physdev_op from unmapped memory", hypercall_physdev_op(operation, test_unmapped),
               -XEN_EFAULT);
  test_on_trap(on_trap);
  check_io_privilege();
  if (test_is_privileged()) return check_io_apic();
  check_port();
  check_io_apic_refused();
}
