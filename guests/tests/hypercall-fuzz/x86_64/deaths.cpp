#include "guests/lib/panic.h"
#include "guests/tests/hypercall-fuzz/arch.h"
#include "guests/tests/hypercall-fuzz/x86_64/processor.h"

namespace {
void unmap_page_of(const void* address) {
  world_map(address, 0);
  touch(hypercall_arg(address), true);
}

void without_stack() {
  const u64 here = 0;
  unmap_page_of(&here);
}

void without_code() { unmap_page_of(reinterpret_cast<const void*>(&without_stack)); }

// A valid top table that maps nothing of the guest: the first play frame that no grant has in use.
void without_tables() {
  for (unsigned i = 1; i < play_frames; i++) {
    test_unmap(world.play + i);
    mmuext_simple(MMUEXT_NEW_BASEPTR, world.play_mfn[i]);
  }
}

void without_handlers() {
  arch_hypercall(__HYPERVISOR_set_trap_table, 0);
  asm volatile("ud2");
}

void user_mode_without_tables() {
  mmuext_simple(MMUEXT_NEW_USER_BASEPTR, 0);
  iret_context* frame = reinterpret_cast<iret_context*>(reserve(sizeof *frame, false));
  *frame = {};
  frame->cs = FLAT_KERNEL_CS;
  make_call_on_stack({__HYPERVISOR_iret, {}}, hypercall_arg(frame));
}

void iret_from_nowhere() { make_call_on_stack({__HYPERVISOR_iret, {}}, 0xffff82d080000000ull); }

void upcall_to_nowhere() {
  arch_hypercall(__HYPERVISOR_set_callbacks, 0x1000, 0x2000, 0x3000);
  arch_hypercall(__HYPERVISOR_set_trap_table, 0);
  vcpu_info_of(0).evtchn_upcall_pending = 1;
  vcpu_info_of(0).evtchn_upcall_mask = 0;
  hypercall_xen_version(XENVER_version, nullptr);
}

void give_everything_back() {
  u64 frame;
  xen_memory_reservation_t r{};
  set_xen_guest_handle(r.extent_start, &frame);
  r.nr_extents = 1;
  r.domid = DOMID_SELF;
  for (Pfn pfn = 0; pfn < boot_info->nr_pages; pfn++) {
    frame = test_machine(pfn);
    hypercall_memory_op(XENMEM_decrease_reservation, &r);
  }
  // Tables that are in use, and pinned again although they are given back.
  for (unsigned level = 1; level <= 4; level++)
    mmuext_simple(MMUEXT_PIN_L1_TABLE + level - 1,
                  test_machine(test_table(hypercall_arg(test_va(0)), level)));
  shutdown(SHUTDOWN_crash);
}

void by_request() { shutdown(SHUTDOWN_crash); }

}  // namespace

const Death arch_deaths[] = {{"without a stack", without_stack},
                             {"without code", without_code},
                             {"without tables", without_tables},
                             {"without handlers", without_handlers},
                             {"user mode without tables", user_mode_without_tables},
                             {"iret from nowhere", iret_from_nowhere},
                             {"an upcall to nowhere", upcall_to_nowhere},
                             {"everything given back", give_everything_back},
                             {"by request", by_request}};
const unsigned arch_death_count = count_of(arch_deaths);
