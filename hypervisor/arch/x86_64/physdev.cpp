// PHYSDEVOP_* of x86: I/O privilege, and the I/O APICs' registers.
#include "hypervisor/common/physdev.h"

#include "hypervisor/arch/x86_64/ioapic.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/percpu.h"

namespace hv {
namespace {

long set_iopl(Vaddr arg) {
  physdev_set_iopl op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (op.iopl > 3) return -XEN_EINVAL;
  current()->arch.iopl = static_cast<u8>(op.iopl);  // emulate.cpp
  return 0;
}

long read_apic(Vaddr arg) {
  physdev_apic op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (const int rc = may_drive_interrupts(); rc != 0) return rc;
  if (!ioapic_read_register(op.apic_physbase, op.reg, op.value)) return -XEN_EINVAL;
  return copy_to_guest(arg, op) ? 0 : -XEN_EFAULT;
}

/// dom0 rewrites routes; the hypervisor's stand.
long write_apic(Vaddr arg) {
  physdev_apic op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (const int rc = may_drive_interrupts(); rc != 0) return rc;
  return ioapic_read_register(op.apic_physbase, op.reg, op.value) ? 0 : -XEN_EINVAL;
}

}  // namespace

long arch_physdev_op(u64 command, Vaddr arg) {
  switch (command) {
    case PHYSDEVOP_set_iopl:
      return set_iopl(arg);
    case PHYSDEVOP_apic_read:
      return read_apic(arg);
    case PHYSDEVOP_apic_write:
      return write_apic(arg);
    default:
      return -XEN_ENOSYS;
  }
}

}  // namespace hv
