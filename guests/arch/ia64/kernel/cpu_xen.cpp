#include "cpu_ops.h"
#include "guests/kernel/arch_thread.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/panic.h"
#include "privileged.h"

extern "C" {
extern const u8 xen_vectors[];
void xen_enter_user(TrapFrame* frame);
}

namespace {
// Privileged instructions in privileged.h trap to the hypervisor, which does as the processor would: they are
// seldom compared with those of vectors.inc.
void pin(u64 slot, u64 va) { insert_data_register(slot, va, (va - KERNEL_BASE) | PTE_MEMORY, GRANULE_SHIFT); }
void purge_all() {
  purge_entry(0);  // one does it, whatever the address
  serialize();
}
}  // namespace

// Events arrive where external interrupts would.
void arch_use_hypervisor() {
  cpu_ops = {xen_enter_user, pin, purge_all};
  callback_register_t op{CALLBACKTYPE_event, 0,
                         reinterpret_cast<u64>(xen_vectors) + vector_external_interrupt};
  if (long r = hypercall_callback_op(CALLBACKOP_register, &op))
    panic("the event callback is refused: %ld", r);
}
