// What of a moving domain is the architecture's.
#include "guests/kernel/dom0/moving/moving.h"

bool arch_moves(xs_memory_model model) { return model == XS_MODEL_TRANSLATED || model == XS_MODEL_DOM0_PMT; }

stream::DomainType arch_stream_type(xs_memory_model model) {
  return model == XS_MODEL_DIRECT ? stream::DomainType::x86_pv : stream::DomainType::x86_hvm;
}

// The third argument of its last hypercall.
Pfn arch_start_info(const vcpu_guest_context_t& first, const shared_info_t&) { return first.user_regs.rdx; }
