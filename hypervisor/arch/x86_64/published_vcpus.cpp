// What a debugger has to know to show VCPUs that do not run (hypervisor/abi/vcpus.h).
#include <stddef.h>

#include "hypervisor/abi/vcpus.h"
#include "hypervisor/common/domain.h"

namespace hv {

static_assert(XS_VCPU_BLOCKED == kVcpuBlocked && XS_VCPU_POLLING == kVcpuPolling &&
              XS_VCPU_DOWN == kVcpuDown);
static_assert(offsetof(ArchVcpu, gs) == offsetof(ArchVcpu, ds) + 6);

namespace {
constexpr uint32_t arch(size_t offset) { return static_cast<uint32_t>(offsetof(Vcpu, arch) + offset); }
}  // namespace

}  // namespace hv

extern "C" const xs_vcpus xs_published_vcpus;
[[gnu::used]] const xs_vcpus xs_published_vcpus = {
    .magic = XS_VCPUS_MAGIC,
    .domain_list = reinterpret_cast<uint64_t>(&hv::domain_list),
    .domain_next = offsetof(hv::Domain, next),
    .domain_id = offsetof(hv::Domain, id),
    .domain_vcpus = offsetof(hv::Domain, vcpu),
    .vcpu_slots = hv::kMaxVcpus,
    .domain_pauses = offsetof(hv::Domain, pause_count),
    .domain_shut_down = offsetof(hv::Domain, is_shut_down),
    .vcpu_pauses = offsetof(hv::Vcpu, pause_count),
    .vcpu_why_stopped = offsetof(hv::Vcpu, pause_flags),
    .vcpu_registers = hv::arch(offsetof(hv::ArchVcpu, regs)),
    .vcpu_kernel_mode = hv::arch(offsetof(hv::ArchVcpu, kernel_mode)),
    .vcpu_kernel_table = hv::arch(offsetof(hv::ArchVcpu, kernel_table)),
    .vcpu_user_table = hv::arch(offsetof(hv::ArchVcpu, user_table)),
    .vcpu_fs_base = hv::arch(offsetof(hv::ArchVcpu, fs_base)),
    .vcpu_gs_base_kernel = hv::arch(offsetof(hv::ArchVcpu, gs_base_kernel)),
    .vcpu_gs_base_user = hv::arch(offsetof(hv::ArchVcpu, gs_base_user)),
    .vcpu_selectors = hv::arch(offsetof(hv::ArchVcpu, ds)),
    .vcpu_fpu = hv::arch(offsetof(hv::ArchVcpu, fpu)),
    .vcpu_cr2 = hv::arch(offsetof(hv::ArchVcpu, cr2)),
    .vcpu_cr4 = hv::arch(offsetof(hv::ArchVcpu, cr4)),
};
