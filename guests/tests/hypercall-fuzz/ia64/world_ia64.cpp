// Memory and handlers of the fuzzer on IA-64. Memory is region 7's, by guest frames: a page cannot be mapped
// away or read-only for the hypervisor, but its frame can be given back.
#include "guests/tests/hypercall-fuzz/arch.h"
#include "privileged.h"

extern "C" {
extern char image_start[];
bool clear_page(u64 address);
}

const u64 arch_hypervisor_address = HYPERVISOR_VIRT_START + 0x1000000;

namespace {
long change(unsigned operation, Pfn frame) {
  u64 extent = frame;
  xen_memory_reservation_t r{};
  set_xen_guest_handle(r.extent_start, &extent);
  r.nr_extents = 1;
  r.domid = DOMID_SELF;
  return hypercall_memory_op(operation, &r);
}
}  // namespace

u8* memory_at(u64 argument) { return reinterpret_cast<u8*>(KERNEL_BASE + (argument & ~(u64{1} << 63))); }

void arch_world_init() {
  test_only_translated("in model identity memory is what it is");
  const u8* const pages[] = {world.read_only, world.hole};
  for (const u8* page : pages)
    test_equal("a frame given back", change(XENMEM_decrease_reservation, test_frame(page)), 1);
  world.readable_end = world.read_only;
}

void arch_heal_handlers() { arch_install_traps(); }

void arch_heal() {
  arch_install_traps();
  write_task_priority(0);
  for (u64 n = 0; n < 16; n++) asm volatile("mov pkr[%0] = r0;; srlz.d;;" ::"r"(n) : "memory");
  for (u64 n = 0; n < 8; n++)
    asm volatile("mov ibr[%0] = r0;; mov dbr[%0] = r0;; srlz.d;; srlz.i;;" ::"r"(n) : "memory");
  for (u64 region = 0; region < 4; region++)
    asm volatile("mov rr[%0] = %1;; srlz.d;; srlz.i;;" ::"r"(region << 61),
                 "r"(REGION_REGISTER(region, page_shift))
                 : "memory");
  PRIVILEGED_WRITE("cr.dcr", 0);
  PRIVILEGED_WRITE("cr.pta", 0);
}

void arch_heal_play() {
  for (unsigned i = 0; i < play_frames; i++) {
    change(XENMEM_populate_physmap, world.play + i);
    const u64 at = reinterpret_cast<u64>(test_va(world.play + i));
    world.play_mfn[i] = clear_page(at) ? world.play + i : invalid_frame;
  }
}

void arch_still_works() {
  const u64 at = reinterpret_cast<u64>(test_va(world.play));
  test_equal("give a frame back", change(XENMEM_decrease_reservation, world.play), 1);
  test_check(!touch(at, false), "a frame that was given back can be read");
  test_equal("take it again", change(XENMEM_populate_physmap, world.play), 1);
  test_check(touch(at, true), "it cannot be written");
}

// A list's calls, and the registration of another callback.
bool arch_shields(u64 number) {
  return number == __HYPERVISOR_callback_op || number == __HYPERVISOR_multicall ||
         number == __HYPERVISOR_memory_op;
}

u64 arch_wild_address() {
  const u64 inlined = u64{1} << 63;
  const u64 choices[] = {0,
                         rnd.below(page_bytes),
                         HYPERVISOR_VIRT_START + rnd.below(HYPERVISOR_VIRT_END - HYPERVISOR_VIRT_START),
                         HYPERVISOR_VIRT_START - rnd.below(64),
                         HYPERVISOR_VIRT_END - rnd.below(64),
                         inlined | rnd.next() >> 14,
                         inlined | ((u64{1} << 50) - rnd.below(64)),
                         inlined | (boot_info->nr_pages * page_bytes * 4 + rnd.below(64)),
                         inlined | (0xfee00000 + rnd.below(1 << 20)),
                         rnd.below(8) << 61 | rnd.next() >> 3,
                         0ull - rnd.below(64),
                         XEN_IA64_XSI + XEN_IA64_PRIVREGS + rnd.below(page_bytes),
                         hypercall_arg(world.hole) + rnd.below(page_bytes),
                         hypercall_arg(world.read_only) + rnd.below(page_bytes)};
  return rnd.pick(choices);
}

u64 arch_entry_address(const void*) { return any_number(); }  // there is no such table

u64 arch_core_frame() {
  const Pfn image = test_frame(image_start);
  const Pfn choices[] = {test_frame(boot_info), image, image + rnd.below(8)};
  return rnd.pick(choices);
}

u64 arch_wild_context() {
  static vcpu_guest_context_t context;  // too large for the stack
  auto* words = reinterpret_cast<u64*>(&context);
  for (u64 i = 0; i < sizeof context / sizeof *words; i++)
    words[i] = rnd.one_in(2) ? any_number() : any_address();
  context.stacked_bytes |= 1;  // no number of registers
  return place(context);
}

// Tables are the processor's affair: what the guest cannot do without is as near to one as anything.
u64 core_table() { return arch_core_frame(); }
