// What a debugger has to know to show VCPUs that do not run (hypervisor/abi/vcpus.h).
#include <stddef.h>

#include "hypervisor/abi/vcpus.h"
#include "hypervisor/arch/ia64/vtlb.h"
#include "hypervisor/common/domain.h"

namespace hv {

static_assert(XS_VCPU_BLOCKED == kVcpuBlocked && XS_VCPU_POLLING == kVcpuPolling &&
              XS_VCPU_DOWN == kVcpuDown);
static_assert(sizeof(GuestTranslation) == sizeof(xs_translation_ia64) &&
              offsetof(GuestTranslation, rid) == offsetof(xs_translation_ia64, rid) &&
              offsetof(GuestTranslation, valid) == offsetof(xs_translation_ia64, valid));

namespace {
constexpr uint32_t kTranslations = 2 * kGuestTrs + 2;
static_assert(offsetof(ArchVcpu, dtc) + sizeof(GuestTranslation) ==
              offsetof(ArchVcpu, itr) + kTranslations * sizeof(GuestTranslation));
static_assert(kRidBits == 18);

constexpr uint32_t arch(size_t offset) { return static_cast<uint32_t>(offsetof(Vcpu, arch) + offset); }
constexpr uint32_t saved(size_t offset) { return arch(offsetof(ArchVcpu, regs) + offset); }
}  // namespace

}  // namespace hv

extern "C" const xs_vcpus_ia64 xs_published_vcpus;
[[gnu::used]] const xs_vcpus_ia64 xs_published_vcpus = {
    .magic = XS_VCPUS_IA64_MAGIC,
    .domain_list = reinterpret_cast<uint64_t>(&hv::domain_list),
    .domain_next = offsetof(hv::Domain, next),
    .domain_id = offsetof(hv::Domain, id),
    .domain_vcpus = offsetof(hv::Domain, vcpu),
    .vcpu_slots = hv::kMaxVcpus,
    .domain_pauses = offsetof(hv::Domain, pause_count),
    .domain_shut_down = offsetof(hv::Domain, is_shut_down),
    .vcpu_pauses = offsetof(hv::Vcpu, pause_count),
    .vcpu_why_stopped = offsetof(hv::Vcpu, pause_flags),
    .vcpu_ip = hv::saved(offsetof(hv::Registers, ip)),
    .vcpu_psr = hv::saved(offsetof(hv::Registers, psr)),
    .vcpu_cfm = hv::saved(offsetof(hv::Registers, ifs)),
    .vcpu_general = hv::saved(offsetof(hv::Registers, r)),
    .vcpu_general_nats = hv::saved(offsetof(hv::Registers, nats)),
    .vcpu_branch = hv::saved(offsetof(hv::Registers, b)),
    .vcpu_predicates = hv::saved(offsetof(hv::Registers, pr)),
    .vcpu_kernel_registers = hv::arch(offsetof(hv::ArchVcpu, kr)),
    .vcpu_rsc = hv::saved(offsetof(hv::Registers, rsc)),
    .vcpu_ccv = hv::saved(offsetof(hv::Registers, ccv)),
    .vcpu_fpsr = hv::saved(offsetof(hv::Registers, fpsr)),
    .vcpu_pfs = hv::saved(offsetof(hv::Registers, pfs)),
    .vcpu_lc = hv::saved(offsetof(hv::Registers, lc)),
    .vcpu_ec = hv::saved(offsetof(hv::Registers, ec)),
    .vcpu_csd = hv::saved(offsetof(hv::Registers, csd)),
    .vcpu_float = hv::arch(offsetof(hv::ArchVcpu, f)),
    .vcpu_float_6_to_11 = hv::saved(offsetof(hv::Registers, f)),
    .vcpu_bspstore = hv::saved(offsetof(hv::Registers, bspstore)),
    .vcpu_bsp = hv::saved(offsetof(hv::Registers, bsp)),
    .vcpu_rnat = hv::saved(offsetof(hv::Registers, rbs_rnat)),
    .vcpu_stacked = hv::arch(offsetof(hv::ArchVcpu, stacked)),
    .vcpu_virtual_psr = hv::arch(offsetof(hv::ArchVcpu, vpsr)),
    .vcpu_regions = hv::arch(offsetof(hv::ArchVcpu, rr)),
    .vcpu_translations = hv::arch(offsetof(hv::ArchVcpu, itr)),
    .translation_count = hv::kTranslations,
    .vcpu_vhpt = hv::arch(offsetof(hv::ArchVcpu, vhpt)),
    .vhpt_shift = hv::kVhptShift,
    .domain_rid_block = offsetof(hv::Domain, arch) + offsetof(hv::ArchDomain, rid_block),
};
