// Parts of hypercall domctl. Each handler has the whole request, copied in; `domain` is the one it names (a
// reference is held). Returns 0 or -XEN_E*; -kRestart asks for the same call again.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct Vcpu;

struct DomctlHandler {
  u32 command;
  bool answers;  ///< the request is copied back to the caller
  long (*run)(Domain* domain, xen_domctl& op);
};

/// Handlers for VCPUs, and those of the architecture; each list ends with run == nullptr.
extern const DomctlHandler domctl_vcpu_handlers[];
extern const DomctlHandler arch_domctl_handlers[];

/// Sub-operations GET_ALLOCATION and SET_ALLOCATION of XEN_DOMCTL_shadow_op.
long arch_shadow_allocation(Domain* domain, xen_domctl_shadow_op& op);

/// What XEN_DOMCTL_getdomaininfo and XEN_SYSCTL_getdomaininfolist tell.
void domain_info(const Domain* domain, xen_domctl_getdomaininfo& info);

/// Nanoseconds that a VCPU has run, the present turn included.
u64 vcpu_running_time(const Vcpu* vcpu);

u32 arch_cpu_khz();

/// Copies between a guest's xenctl_bitmap and a mask of up to 64 CPUs.
bool bitmap_from_guest(const xenctl_bitmap& map, u64& mask);
bool bitmap_to_guest(const xenctl_bitmap& map, u64 mask);

}  // namespace hv
