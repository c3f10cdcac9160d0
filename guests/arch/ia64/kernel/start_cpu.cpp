// Further VCPUs of a domain begin at the image's entry, as the first one does (start.S).
#include "guests/kernel/arch_thread.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/thread.h"
#include "guests/lib/boot.h"
#include "guests/lib/events.h"
#include "guests/lib/hypercall.h"
#include "layout.h"

extern "C" const u8 start[], xen_vectors[];

long arch_start_cpu(unsigned cpu, Thread* idle, void (*entry)()) {
  constexpr u64 entry_register = 4, stack_register = 5, external_interrupt = 0x3000;
  auto* context = static_cast<vcpu_guest_context_t*>(heap_alloc(sizeof(vcpu_guest_context_t)));
  if (!context) return -XEN_ENOMEM;
  context->flags = VGCF_online;
  context->ip = guest_physical(start);
  context->psr = PSR_BN;
  context->ifs = u64{1} << 63;
  context->fpsr = FPSR_DEFAULT;
  for (u64& rr : context->rr) rr = page_shift << 2;
  context->r[entry_register] = *reinterpret_cast<u64*>(entry);  // of the function's descriptor
  context->r[stack_register] = idle->stack_top() - stack_bytes;
  context->event_callback = reinterpret_cast<u64>(xen_vectors) + external_interrupt;
  events_disable(cpu);  // it begins masked
  long r = hypercall_vcpu_op(VCPUOP_initialise, cpu, context);
  heap_free(context);
  return r ? r : hypercall_vcpu_op(VCPUOP_up, cpu, nullptr);
}
