// PHYSDEVOP_*: what dom0 needs to drive devices behind I/O APICs. A PIRQ is the GSI of the same number.
#include "hypervisor/arch/x86_64/hypercalls.h"
#include "hypervisor/arch/x86_64/ioapic.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/pirq.h"

namespace hv {
namespace {

long eoi(Vaddr arg) {
  physdev_eoi op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (!arch_pirq_exists(op.irq)) return -XEN_EINVAL;
  gsi_eoi(op.irq);
  return 0;
}

long status(Vaddr arg) {
  physdev_irq_status_query op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (!arch_pirq_exists(op.irq)) return -XEN_EINVAL;
  op.flags = gsi_is_level(op.irq) ? XENIRQSTAT_needs_eoi : 0;
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
  if (!ioapic_read_register(op.apic_physbase, op.reg, op.value)) return -XEN_EINVAL;
  return copy_to_guest(arg, op) ? 0 : -XEN_EFAULT;
}

long alloc_vector(Vaddr arg) {
  physdev_irq op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (!arch_pirq_exists(op.irq)) return -XEN_EINVAL;
  op.vector = gsi_vector(op.irq);
  return copy_to_guest(arg, op) ? 0 : -XEN_EFAULT;
}

long map_pirq(Vaddr arg) {
  physdev_map_pirq op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (op.domid != DOMID_SELF && op.domid != current()->domain->id) return -XEN_EPERM;
  if (op.type != MAP_PIRQ_TYPE_GSI) return -XEN_EINVAL;
  if (op.index < 0 || !arch_pirq_exists(static_cast<unsigned>(op.index))) return -XEN_EINVAL;
  if (op.pirq >= 0 && op.pirq != op.index) return -XEN_EINVAL;
  op.pirq = op.index;
  return copy_to_guest(arg, op) ? 0 : -XEN_EFAULT;
}

long unmap_pirq(Vaddr arg) {
  physdev_unmap_pirq op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  return op.pirq >= 0 && arch_pirq_exists(static_cast<unsigned>(op.pirq)) ? 0 : -XEN_EINVAL;
}

long setup_gsi(Vaddr arg) {
  physdev_setup_gsi op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  if (op.gsi < 0 || !arch_pirq_exists(static_cast<unsigned>(op.gsi))) return -XEN_EINVAL;
  gsi_set_trigger(static_cast<unsigned>(op.gsi), op.triggering != 0, op.polarity != 0);
  return 0;
}

}  // namespace

long do_physdev_op(const HypercallArgs& args) {
  if (args.arg[0] == PHYSDEVOP_set_iopl) return set_iopl(args.arg[1]);
  if (!current()->domain->privileged) return -XEN_EPERM;
  switch (args.arg[0]) {
    case PHYSDEVOP_eoi:
      return eoi(args.arg[1]);
    case PHYSDEVOP_irq_status_query:
      return status(args.arg[1]);
    case PHYSDEVOP_apic_read:
      return read_apic(args.arg[1]);
    case PHYSDEVOP_apic_write:
      return 0;  // dom0 rewrites routes; the hypervisor's stand
    case PHYSDEVOP_alloc_irq_vector:
      return alloc_vector(args.arg[1]);
    case PHYSDEVOP_free_irq_vector:
      return 0;
    case PHYSDEVOP_map_pirq:
      return map_pirq(args.arg[1]);
    case PHYSDEVOP_unmap_pirq:
      return unmap_pirq(args.arg[1]);
    case PHYSDEVOP_setup_gsi:
      return setup_gsi(args.arg[1]);
    default:
      return -XEN_ENOSYS;
  }
}

}  // namespace hv
