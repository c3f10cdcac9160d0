// PHYSDEVOP_*: what dom0 needs to drive devices behind I/O APICs. A PIRQ is the GSI of the same number.
#include "hypervisor/arch/x86_64/arch_hypercalls.h"
#include "hypervisor/arch/x86_64/ioapic.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/pirq.h"

namespace hv {
namespace {

int may_drive_interrupts() { return current()->domain->privileged ? 0 : -XEN_EPERM; }

long eoi(Vaddr arg) {
  physdev_eoi op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  // Others have none to end.
  if (!current()->domain->privileged || !arch_pirq_exists(op.irq)) return -XEN_EINVAL;
  gsi_eoi(op.irq);
  return 0;
}

long status(Vaddr arg) {
  physdev_irq_status_query op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (!arch_pirq_exists(op.irq)) return -XEN_EINVAL;
  op.flags = XENIRQSTAT_needs_eoi;  // always, as Xen says it: harmless for an edge
  return copy_to_guest(arg, op) ? 0 : -XEN_EFAULT;
}

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

/// Vectors are the hypervisor's own business: the caller gets its number back, as from Xen.
long alloc_vector(Vaddr arg) {
  physdev_irq op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (const int rc = may_drive_interrupts(); rc != 0) return rc;
  op.vector = op.irq;
  return copy_to_guest(arg, op) ? 0 : -XEN_EFAULT;
}

/// Physical interrupts are dom0's alone.
int check_owner(DomId id) {
  const DomainRef domain(id);
  if (!domain) return -XEN_ESRCH;
  if (const int rc = may_drive_interrupts(); rc != 0) return rc;
  return domain.is_caller() ? 0 : -XEN_EPERM;
}

long map_pirq(Vaddr arg) {
  physdev_map_pirq op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (const int rc = check_owner(op.domid); rc != 0) return rc;
  if (op.type != MAP_PIRQ_TYPE_GSI) return -XEN_EINVAL;
  if (op.index < 0 || !arch_pirq_exists(static_cast<unsigned>(op.index))) return -XEN_EINVAL;
  if (op.pirq >= 0 && op.pirq != op.index) return -XEN_EINVAL;
  op.pirq = op.index;
  return copy_to_guest(arg, op) ? 0 : -XEN_EFAULT;
}

long unmap_pirq(Vaddr arg) {
  physdev_unmap_pirq op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (const int rc = check_owner(op.domid); rc != 0) return rc;
  return op.pirq >= 0 && arch_pirq_exists(static_cast<unsigned>(op.pirq)) ? 0 : -XEN_EINVAL;
}

long setup_gsi(Vaddr arg) {
  physdev_setup_gsi op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (op.gsi < 0 || !arch_pirq_exists(static_cast<unsigned>(op.gsi))) return -XEN_EINVAL;
  if (const int rc = may_drive_interrupts(); rc != 0) return rc;
  gsi_set_trigger(static_cast<unsigned>(op.gsi), op.triggering != 0, op.polarity != 0);
  return 0;
}

}  // namespace

long do_physdev_op(const HypercallArgs& args) {
  const Vaddr arg = args.arg[1];
  switch (args.arg[0]) {
    case PHYSDEVOP_eoi:
      return eoi(arg);
    case PHYSDEVOP_irq_status_query:
      return status(arg);
    case PHYSDEVOP_set_iopl:
      return set_iopl(arg);
    case PHYSDEVOP_apic_read:
      return read_apic(arg);
    case PHYSDEVOP_apic_write:
      return write_apic(arg);
    case PHYSDEVOP_alloc_irq_vector:
      return alloc_vector(arg);
    case PHYSDEVOP_map_pirq:
      return map_pirq(arg);
    case PHYSDEVOP_unmap_pirq:
      return unmap_pirq(arg);
    case PHYSDEVOP_setup_gsi:
      return setup_gsi(arg);
    default:
      return -XEN_ENOSYS;  // PCI, MSI, port bitmaps: no such device and no port is a guest's
  }
}

}  // namespace hv
