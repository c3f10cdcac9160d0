#include "boot_parameters.h"
#include "domain_boot.h"
#include "guest_physical.h"
#include "guests/lib/panic.h"
#include "guests/tests/lib/test.h"
#include "privileged.h"

extern "C" const u8 start[], xen_vectors[], image_end[];

namespace {
constexpr u64 alias_region = u64{3} << 61;
Pfn next_spare;
u64 event_entry() { return reinterpret_cast<u64>(xen_vectors) + vector_external_interrupt; }

// The memory map tells how far free memory goes on behind the image.
bool is_free(Pfn first, Pfn end) {
  const BootParameters& boot = *domain_boot_parameters;
  for (u64 at = 0; at < boot.memory_map_bytes; at += boot.descriptor_bytes) {
    const auto& d = *reinterpret_cast<const EfiMemoryDescriptor*>(KERNEL_BASE + boot.memory_map + at);
    const Pfn begin = d.first_byte / efi_page_bytes;
    if (d.type == efi_conventional_memory && first >= begin && end <= begin + d.pages) return true;
  }
  return false;
}
}  // namespace

void arch_install_traps() {
  callback_register_t op{CALLBACKTYPE_event, 0, event_entry()};
  if (long r = hypercall_callback_op(CALLBACKOP_register, &op))
    panic("the event callback is refused: %ld", r);
}

void test_panic_at(const TrapFrame* f) {
  panic_at(f->iip, reinterpret_cast<u64>(f) + 1, "vector %lx, ip %lx isr %lx ifa %lx iim %lx", f->vector,
           f->iip, f->isr, f->ifa, f->iim);
}

bool test_is_page_fault(const TrapFrame* frame) {
  switch (frame->vector) {
    case vector_itlb_miss:
    case vector_dtlb_miss:
    case vector_alternate_itlb:
    case vector_alternate_dtlb:
    case vector_dirty_bit:
    case vector_instruction_access_bit:
    case vector_data_access_bit:
    case vector_page_not_present:
    case vector_instruction_rights:
    case vector_data_rights:
      return true;
    default:
      return false;
  }
}
u64 test_fault_address(const TrapFrame* frame, unsigned) { return frame->ifa; }

// It comes in as the first one did (start.S); its stack has to be one of region 7.
void test_describe_vcpu(vcpu_guest_context_t& context, void (*entry)(), void* stack) {
  constexpr u64 entry_register = 4, stack_register = 5;
  context.flags = VGCF_online;
  context.ip = guest_physical(start);
  context.psr = PSR_BN;
  context.ifs = u64{1} << 63;
  context.fpsr = FPSR_DEFAULT;
  for (u64& rr : context.rr) rr = page_shift << 2;
  context.r[entry_register] = *reinterpret_cast<u64*>(entry);  // of the function's descriptor
  context.r[stack_register] = KERNEL_BASE + guest_physical(stack);
  context.event_callback = event_entry();
}

void* test_va(Pfn pfn) { return reinterpret_cast<void*>(KERNEL_BASE + pfn * page_bytes); }
Pfn test_frame(const void* va) { return guest_physical(va) / page_bytes; }
Mfn test_machine(Pfn pfn) { return pfn; }

Pfn test_spare_frames(unsigned count) {
  if (!next_spare) next_spare = div_up(guest_physical(image_end), page_bytes);
  const Pfn first = next_spare;
  next_spare += count;
  if (!is_free(first, next_spare)) test_error("no %u spare frames", count);
  return first;
}

// In region 3, by a translation register: those are what no miss handler has to know.
void* test_alias(Pfn place, Pfn frame) {
  constexpr u64 alias_register = 2;
  const u64 va = alias_region + place * page_bytes;
  insert_data_register(alias_register, va, frame * page_bytes | PTE_MEMORY, page_shift);
  return reinterpret_cast<void*>(va);
}
void test_end_alias(Pfn place) { purge_data_register(alias_region + place * page_bytes, page_shift); }

void test_follow_shared_info(Pfn to) { shared_info_page = static_cast<shared_info_t*>(test_va(to)); }

// What the hypervisor gives to a domain is clear already, and there is no call for it.
long test_clear_frame(u32, Mfn) { return 0; }
