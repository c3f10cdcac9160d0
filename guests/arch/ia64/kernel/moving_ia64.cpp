// What of a moving domain is the architecture's.
#include "guests/kernel/dom0/moving/moving.h"

#include "guests/kernel/dom0/moving/frames.h"
#include "guests/lib/errno.h"

bool arch_moves(xs_memory_model model) {
  return model == XS_MODEL_TRANSLATED || model == XS_MODEL_DOM0_PMT || model == XS_MODEL_EXPOSED;
}

stream::DomainType arch_stream_type(xs_memory_model) { return stream::DomainType::ia64; }

Pfn arch_start_info(const vcpu_guest_context_t&, const shared_info_t& shared) {
  return shared.arch.start_info_pfn;
}
void arch_forget_shared_info(shared_info_t&) {}

// No page tables, no model in which anything of a domain's names a machine frame.
Pfn arch_end_of(const shared_info_t&) { return 0; }
long arch_frames_of(MovedFrames&, const shared_info_t&) { return -XEN_EOPNOTSUPP; }
long arch_page_out(const MovedFrames&, stream::PageType, u64*) { return -XEN_EOPNOTSUPP; }
long arch_context_out(const MovedFrames&, u32, vcpu_guest_context_t&) { return -XEN_EOPNOTSUPP; }
long arch_frames_in(const MovedFrames&) { return -XEN_EOPNOTSUPP; }
long arch_context_in(const MovedFrames&, u32, vcpu_guest_context_t&) { return -XEN_EOPNOTSUPP; }
