// PHYSDEVOP_*: what dom0 needs to drive devices behind an interrupt controller. A PIRQ is the GSI of the same
// number.
#include "hypervisor/common/physdev.h"

#include "hypervisor/common/devices.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/pirq.h"

namespace hv {

int may_drive_interrupts() { return current()->domain->privileged ? 0 : -XEN_EPERM; }

namespace {

long eoi(Vaddr arg) {
  physdev_eoi op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (!pirq_is_of(current()->domain, op.irq) || !arch_pirq_exists(op.irq)) return -XEN_EINVAL;
  arch_pirq_eoi(op.irq);
  return 0;
}

long status(Vaddr arg) {
  physdev_irq_status_query op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (!arch_pirq_exists(op.irq)) return -XEN_EINVAL;
  op.flags = XENIRQSTAT_needs_eoi;  // always, as Xen says it: harmless for an edge
  return copy_to_guest(arg, op) ? 0 : -XEN_EFAULT;
}

/// Vectors are the hypervisor's own business: the caller gets its number back, as from Xen.
long alloc_vector(Vaddr arg) {
  physdev_irq op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (const int rc = may_drive_interrupts(); rc != 0) return rc;
  op.vector = op.irq;
  return copy_to_guest(arg, op) ? 0 : -XEN_EFAULT;
}

/// One's own, and no other domain's.
int check_owner(DomId id, int pirq) {
  const DomainRef domain(id);
  if (!domain) return -XEN_ESRCH;
  if (may_drive_interrupts() != 0 && !pirq_is_of(current()->domain, static_cast<unsigned>(pirq)))
    return -XEN_EPERM;
  return domain.is_caller() ? 0 : -XEN_EPERM;
}

long map_pirq(Vaddr arg) {
  physdev_map_pirq op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (const int rc = check_owner(op.domid, op.index); rc != 0) return rc;
  if (op.type != MAP_PIRQ_TYPE_GSI) return -XEN_EINVAL;
  if (op.index < 0 || !arch_pirq_exists(static_cast<unsigned>(op.index))) return -XEN_EINVAL;
  if (op.pirq >= 0 && op.pirq != op.index) return -XEN_EINVAL;
  op.pirq = op.index;
  return copy_to_guest(arg, op) ? 0 : -XEN_EFAULT;
}

long unmap_pirq(Vaddr arg) {
  physdev_unmap_pirq op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (const int rc = check_owner(op.domid, op.pirq); rc != 0) return rc;
  return op.pirq >= 0 && arch_pirq_exists(static_cast<unsigned>(op.pirq)) ? 0 : -XEN_EINVAL;
}

long setup_gsi(Vaddr arg) {
  physdev_setup_gsi op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (op.gsi < 0 || !arch_pirq_exists(static_cast<unsigned>(op.gsi))) return -XEN_EINVAL;
  if (const int rc = may_drive_interrupts(); rc != 0) return rc;
  arch_pirq_set_trigger(static_cast<unsigned>(op.gsi), op.triggering != 0, op.polarity != 0);
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
    case PHYSDEVOP_alloc_irq_vector:
      return alloc_vector(arg);
    case PHYSDEVOP_map_pirq:
      return map_pirq(arg);
    case PHYSDEVOP_unmap_pirq:
      return unmap_pirq(arg);
    case PHYSDEVOP_setup_gsi:
      return setup_gsi(arg);
    default:
      return arch_physdev_op(args.arg[0], arg);
  }
}

}  // namespace hv
