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

const Death arch_deaths[] = {{"without a stack", without_stack},
                             {"without code", without_code},
                             {"without handlers", without_handlers},
                             {"handlers in the hypervisor", handlers_in_the_hypervisor},
                             {"handlers given back", handlers_given_back},
                             {"its register stack in the hypervisor", register_stack_in_the_hypervisor},
                             {"an upcall to nowhere", upcall_to_nowhere},
                             {"everything given back", give_everything_back},
                             {"by request", by_request}};
const unsigned arch_death_count = count_of(arch_deaths);
