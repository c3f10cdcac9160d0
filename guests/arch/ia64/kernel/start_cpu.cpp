// Further VCPUs of a domain begin where others are, in virtual mode; what of a VCPU cannot be described they
// set themselves (start_cpu.S).
#include "cpu_ops.h"
#include "guests/kernel/arch_thread.h"
#include "guests/kernel/heap.h"
#include "guests/lib/boot.h"
#include "guests/lib/events.h"
#include "guests/lib/hypercall.h"
#include "image.h"

extern "C" {
extern const u8 xen_vectors[], xen_cpu_start[];
}

namespace {
constexpr u64 entry_register = 4, register_stack_register = 5;  // as start_cpu.S has them

u64 global_pointer() {
  u64 gp;
  asm("mov %0 = r1" : "=r"(gp));
  return gp;
}

void describe_memory(vcpu_guest_context_t& c, u64 stack) {
  constexpr u64 regions = 8, image_region = 5, data_region = 7, page = 12;
  for (u64 n = 0; n < regions; n++) c.rr[n] = REGION_REGISTER(n, n == image_region ? u64{IMAGE_SHIFT} : page);
  u64 granule = align_down(stack, u64{1} << GRANULE_SHIFT);
  c.itr[0] = c.dtr[0] = {image_physical | PTE_MEMORY, IMAGE_SHIFT << 2, IMAGE_BASE + IMAGE_PA, image_region};
  c.dtr[1] = {(granule - KERNEL_BASE) | PTE_MEMORY, GRANULE_SHIFT << 2, granule, data_region};
}
}  // namespace

long arch_start_cpu(unsigned cpu, Thread* idle, void (*entry)()) {
  auto* context = static_cast<vcpu_guest_context_t*>(heap_alloc(sizeof(vcpu_guest_context_t)));
  if (!context) return -XEN_ENOMEM;
  const u64 stack = idle->stack_top() - stack_bytes;
  vcpu_guest_context_t& c = *context;
  c.flags = VGCF_online;
  c.r[1] = global_pointer();
  c.r[entry_register] = *reinterpret_cast<u64*>(entry);  // of the function's descriptor
  c.r[12] = idle->stack_top() - 16;
  c.ip = reinterpret_cast<u64>(xen_cpu_start);
  c.psr = KERNEL_PSR;
  c.ifs = u64{1} << 63;
  c.r[register_stack_register] = stack + REGISTERS_IN_STACK + MOST_REGISTERS;
  c.fpsr = FPSR_DEFAULT;
  c.kr[6] = stack;
  c.event_callback = reinterpret_cast<u64>(xen_vectors) + vector_external_interrupt;
  describe_memory(c, stack);
  events_disable(cpu);  // it begins masked
  long r = hypercall_vcpu_op(VCPUOP_initialise, cpu, context);
  heap_free(context);
  return r ? r : hypercall_vcpu_op(VCPUOP_up, cpu, nullptr);
}
