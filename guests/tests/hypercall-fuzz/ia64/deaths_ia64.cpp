#include "guests/lib/panic.h"
#include "guests/tests/hypercall-fuzz/ia64/processor.h"
#include "privileged.h"

namespace {
constexpr u64 nowhere = u64{4} << 61;  // a region in which nothing has ever been inserted

void set_vectors(u64 address) { PRIVILEGED_WRITE("cr.iva", address); }

void give_back(Pfn frame) {
  u64 extent = frame;
  xen_memory_reservation_t r{};
  set_xen_guest_handle(r.extent_start, &extent);
  r.nr_extents = 1;
  r.domid = DOMID_SELF;
  hypercall_memory_op(XENMEM_decrease_reservation, &r);
}

// No handler can be entered: the first interruption has nowhere to go.
void without_handlers() {
  set_vectors(nowhere);
  asm volatile("break.m 0x77");
}

void handlers_in_the_hypervisor() {
  set_vectors(HYPERVISOR_VIRT_START);
  asm volatile("break.m 0x77");
}

void handlers_given_back() {
  constexpr u64 frames_of_vectors = 8;
  const Pfn first = test_frame(reinterpret_cast<const void*>(PRIVILEGED_READ("cr.iva")));
  for (u64 i = 0; i < frames_of_vectors; i++) give_back(first + i);
  asm volatile("break.m 0x77");
}

void without_code() {
  set_vectors(nowhere);
  struct Descriptor {
    u64 code, gp;
  };
  give_back(test_frame(reinterpret_cast<const void*>(reinterpret_cast<const Descriptor*>(&give_back)->code)));
  give_back(world.play);
}

void without_stack() {
  set_vectors(nowhere);
  asm volatile("mov r12 = %0;; st8 [r12] = r0;;" ::"r"(u64{1} << 61) : "memory");
}

// Registers are stored where the hypervisor is.
void register_stack_in_the_hypervisor() {
  set_vectors(nowhere);
  asm volatile("flushrs;; mov ar.rsc = 0;; mov ar.bspstore = %0;; mov ar.rsc = 3;; cover;; flushrs;;" ::"r"(
                   HYPERVISOR_VIRT_START)
               : "memory");
}

// ... and cannot be stored when an interruption comes, which nobody can handle.
void full_register_stack() {
  set_vectors(nowhere + 0x7ff8);
  asm volatile(
      "flushrs;; mov ar.rsc = 0;; mov ar.bspstore = %0;; alloc r14 = ar.pfs, 0, 96, 0, 0;; cover;;"
      "alloc r14 = ar.pfs, 0, 96, 0, 0;; break.m 0x77;;" ::"r"(HYPERVISOR_VIRT_END - 8)
      : "r14", "memory");
}

// Handlers that are there, and not to be fetched: by the attribute of their page, or by its key.
void vectors_with(u64 attribute, u64 key) {
  constexpr u64 va = u64{3} << 61, slot = 2, page_of_vectors = 16;
  const u64 pte = (world.play << page_shift & ~u64{0xffff}) | PTE_MEMORY | attribute << 2;
  asm volatile(
      "rsm psr.ic;; srlz.d;; mov cr.ifa = %1; mov cr.itir = %2;; itr.i itr[%0] = %3;; srlz.i; ssm psr.ic;; "
      "srlz.i;;" ::"r"(slot),
      "r"(va), "r"(key << 8 | page_of_vectors << 2), "r"(pte)
      : "memory");
  set_vectors(va);
}
void handlers_of_nats() {
  constexpr u64 nat_page = 7;
  vectors_with(nat_page, 0);
  asm volatile("break.m 0x77");
}
void handlers_without_a_key() {
  vectors_with(0, 0x1234);
  asm volatile("mov pkr[%0] = %1;; srlz.d;; ssm psr.pk;; srlz.i;; break.m 0x77;;" ::"r"(u64{0}), "r"(u64{1})
               : "memory");
}
void no_key_at_all() {
  set_vectors(nowhere);
  asm volatile("ssm psr.pk;; srlz.i;; nop 0;;" ::: "memory");
}

void upcall_to_nowhere() {
  callback_register_t op{CALLBACKTYPE_event, 0, nowhere};
  hypercall_callback_op(CALLBACKOP_register, &op);
  set_vectors(nowhere);
  vcpu_info_of(0).evtchn_upcall_pending = 1;
  vcpu_info_of(0).evtchn_upcall_mask = 0;
  hypercall_xen_version(XENVER_version, nullptr);
}

void give_everything_back() {
  set_vectors(nowhere);
  for (Pfn pfn = boot_info->nr_pages; pfn-- > 0;) give_back(pfn);
}

void by_request() { shutdown(SHUTDOWN_crash); }
}  // namespace

// 1 to 9 are hostile-guest's, the rest attacks-ia64's.
const Death arch_deaths[] = {{"a full register stack at the hypervisor's end", full_register_stack},
                             {"without code", without_code},
                             {"without handlers", without_handlers},
                             {"handlers in the hypervisor", handlers_in_the_hypervisor},
                             {"handlers given back", handlers_given_back},
                             {"its register stack in the hypervisor", register_stack_in_the_hypervisor},
                             {"an upcall to nowhere", upcall_to_nowhere},
                             {"everything given back", give_everything_back},
                             {"by request", by_request},
                             {"without a stack", without_stack},
                             {"handlers that are a NaT page", handlers_of_nats},
                             {"handlers without a key", handlers_without_a_key},
                             {"no key at all", no_key_at_all}};
const unsigned arch_death_count = count_of(arch_deaths);
