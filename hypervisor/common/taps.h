// The only ways to write the frame table, the M2P and a P2M, and to leave a mark for an observer.
// Each is one store instruction in arch/<arch>/taps.S, listed in section .xs_taps (hypervisor/abi/observe.h).
#pragma once
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/types.h"

extern "C" {
void xs_store64(uint64_t* to, uint64_t value);
/// To an entry of the frame table or M2P. The architecture writes it by an address that nothing else uses.
void xs_table_store64(uint64_t* to, uint64_t value);
void xs_table_store32(uint32_t* to, uint32_t value);
void xs_mark_store(uint64_t* mark_word, uint64_t mark, uint64_t a, uint64_t b, uint64_t c);
}

namespace hv {

struct Vcpu;

/// Leaves a mark on this CPU.
inline void mark(xs_mark what, u64 a, u64 b = 0, u64 c = 0) {
  xs_mark_store(&this_cpu().mark_word, what, a, b, c);
}
/// Tells which frame the VCPU names from now on; kInvalidMfn: none. mm_lock is held, or the VCPU is the
/// caller's.
void mark_kept(const Vcpu* vcpu, xs_kept what, unsigned page, Mfn mfn);

}  // namespace hv
