// What an observer is told of a hypercall, beyond its number. Reads guest memory, changes nothing.
#include "hypervisor/common/domain.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"

namespace hv {
namespace {

HypercallSubject domctl_subject(Vaddr arg) {
  struct {
    u32 cmd, interface_version;
    DomId domain;
  } head;
  static_assert(offsetof(xen_domctl, domain) == 8);
  return copy_from_guest(head, arg) ? HypercallSubject{head.cmd, head.domain} : HypercallSubject{};
}

HypercallSubject memory_subject(u64 operation, Vaddr arg) {
  const u64 command = operation & 0x3f;  // above: where a continued operation goes on
  xen_memory_reservation reservation;
  const bool frames = command == XENMEM_increase_reservation || command == XENMEM_decrease_reservation ||
                      command == XENMEM_populate_physmap;
  if (frames && copy_from_guest(reservation, arg)) return {command, reservation.nr_extents};
  return {command, 0};
}

u32 first_word(Vaddr arg) {
  u32 word = 0;
  return copy_from_guest(word, arg) ? word : 0;
}

}  // namespace

HypercallSubject hypercall_subject_read(u64 number, const HypercallArgs& args) {
  switch (number) {
    case __HYPERVISOR_domctl:
      return domctl_subject(args.arg[0]);
    case __HYPERVISOR_sysctl:
      return {first_word(args.arg[0]), 0};
    case __HYPERVISOR_memory_op:
      return memory_subject(args.arg[0], args.arg[1]);
    case __HYPERVISOR_mmu_update:
      return {0, args.arg[1]};
    case __HYPERVISOR_mmuext_op:
      return {first_word(args.arg[0]), args.arg[1]};
    case __HYPERVISOR_multicall:
      return {0, args.arg[1]};
    case __HYPERVISOR_console_io:
      return {args.arg[0], args.arg[1]};
    case __HYPERVISOR_event_channel_op:
      return {args.arg[0], first_word(args.arg[1])};
    case __HYPERVISOR_vcpu_op:
      return {args.arg[0], args.arg[1]};
    default:
      return {};
  }
}

}  // namespace hv
