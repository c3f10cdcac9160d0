// Devices' registers are memory. dom0 has those of the virtio devices, uncached, at their own addresses;
// nobody has ports, the local SAPIC's messages, or the interrupt controller.
#include "guests/tests/lib/touch.h"
#include "guests/tests/physdev/devices.h"

namespace {
Touch touch_device(u64 address) { return touch_read(reinterpret_cast<void*>(DEVICE_BASE + address)); }

void check_operations() {
  const int operations[] = {PHYSDEVOP_set_iopl, PHYSDEVOP_apic_read, PHYSDEVOP_apic_write};
  for (int operation : operations)
    test_equal("an operation of x86's", hypercall_physdev_op(operation, test_unmapped), -XEN_ENOSYS);
}
}  // namespace

void check_device_access() {
  constexpr u64 virtio = 0xfeb00000, behind_virtio = 0xfec00000, sapic_messages = 0xfee00000,
                ports = 0xffffc000000;  // docs/machine.md
  check_operations();
  test_check(touch_device(virtio).faulted != test_is_privileged(), "virtio devices: %s",
             test_is_privileged() ? "not there" : "there for every domain");
  test_check(touch_device(behind_virtio).faulted, "the I/O SAPIC can be read");
  test_check(touch_device(sapic_messages).faulted, "a domain can send interrupts to processors");
  test_check(touch_device(ports).faulted, "ports can be read");
}
