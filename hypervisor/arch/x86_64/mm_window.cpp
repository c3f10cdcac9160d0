// Frames by address (layout.h), and the flush that frees them of stale translations.
#include "hypervisor/arch/x86_64/arch_vcpu.h"
#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/common/mm.h"
#include "hypervisor/common/percpu.h"

namespace hv {

void* frame_to_virt(Mfn mfn) { return phys_to_virt(mfn << kPageShift); }
Mfn virt_to_frame(const void* address) { return virt_to_phys(address) >> kPageShift; }

void arch_flush_tlb_everywhere() {
  shadows_forget_direct([] { arch_flush_tlb((1ull << cpu_count) - 1, kFlushAll); });
}

}  // namespace hv
