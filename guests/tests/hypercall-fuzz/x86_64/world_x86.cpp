#include "guests/tests/hypercall-fuzz/x86_64/own_tables.h"
#include "guests/tests/hypercall-fuzz/x86_64/processor.h"

extern "C" char image_start[];
Mfn user_table;

namespace {
vcpu_guest_context_t context;  // too large for the stack
constexpr u64 user_rights = UVMF_INVLPG | UVMF_ALL;
constexpr u64 first_hypervisor_address = 0xffff800000000000ull;
constexpr u64 behind_hypervisor = 0xffff880000000000ull;

long map_play(unsigned i) {
  return world_map(test_va(world.play + i), make_pte(world.play_mfn[i], pte_kernel));
}

// A frame that cannot be mapped writable is not ours any more, or still a table somewhere: asked for again.
// In model translated whatever is named can be mapped; asking for what is there does nothing.
void replace_play(unsigned i) {
  u64 extent = world.play + i;
  xen_memory_reservation_t r{};
  set_xen_guest_handle(r.extent_start, &extent);
  r.nr_extents = 1;
  r.domid = DOMID_SELF;
  const bool got = hypercall_memory_op(XENMEM_populate_physmap, &r) == 1;
  if (guest_is_translated()) return;
  world.play_mfn[i] = got ? extent : invalid_frame;
  if (world.play_mfn[i] != invalid_frame) map_play(i);
}
u64 wild_code() { return rnd.one_in(2) ? any_address() : hypercall_arg(test_va(0)); }

}  // namespace

const u64 arch_hypervisor_address = 0xffff82d080000000ull;

long world_map(const void* va, u64 entry) {
  if (!guest_is_translated()) return update_va_mapping(va, entry, user_rights);
  __atomic_store_n(boot_entry(hypercall_arg(va), 1), entry, __ATOMIC_RELEASE);
  return mmuext_simple(MMUEXT_INVLPG_ALL, hypercall_arg(va));
}

u8* memory_at(u64 argument) { return reinterpret_cast<u8*>(argument); }

void arch_world_init() {
  test_equal("read-only page", test_map(test_frame(world.read_only), pte_kernel_ro), 0);
  test_equal("hole", test_unmap(test_frame(world.hole)), 0);
  world.readable_end = world.hole;
  user_table = test_machine(test_frame(reinterpret_cast<void*>(boot_info->pt_base)));
}

void arch_heal() {
  arch_install_traps();
  restore_kernel_stack();
  arch_hypercall(__HYPERVISOR_set_gdt, 0, 0);
  arch_hypercall(__HYPERVISOR_set_debugreg, 7, 0x400);
  arch_hypercall(__HYPERVISOR_fpu_taskswitch, 0);
  arch_hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables);
  mmuext_op_t ldt{};
  ldt.cmd = MMUEXT_SET_LDT;
  hypercall_mmuext_op(&ldt, 1, nullptr, DOMID_SELF);
  mmuext_simple(MMUEXT_NEW_USER_BASEPTR, user_table);
}

void arch_heal_handlers() {
  arch_install_traps();
  restore_kernel_stack();
}

void arch_heal_play() {
  for (unsigned i = 0; i < play_frames; i++) {
    world_map(test_va(world.play + i), 0);
    if (world.play_mfn[i] != invalid_frame) mmuext_simple(MMUEXT_UNPIN_TABLE, world.play_mfn[i]);
  }
  for (unsigned i = 0; i < play_frames; i++) {
    const bool whole = world.play_mfn[i] != invalid_frame && map_play(i) == 0;
    if (!whole || guest_is_translated()) replace_play(i);
    mmuext_simple(MMUEXT_CLEAR_PAGE, world.play_mfn[i]);
    // Every other one may become a table at once.
    if (i % 2) world_map(test_va(world.play + i), 0);
  }
}

void arch_still_works() {
  test_equal("unmap a page", test_unmap(world.play), 0);
  test_equal("map it again", world_map(test_va(world.play), make_pte(world.play_mfn[0], pte_kernel)), 0);
}

// These leave the guest without its handlers until they are put back, or without its shared_info. Nor must a
// breakpoint of a hostile set_debugreg be met then.
bool arch_shields(u64 number) {
  const bool exposes = number == __HYPERVISOR_set_trap_table || number == __HYPERVISOR_set_callbacks ||
                       number == __HYPERVISOR_callback_op || number == __HYPERVISOR_stack_switch ||
                       number == __HYPERVISOR_multicall ||
                       (number == __HYPERVISOR_memory_op && guest_is_translated());
  if (exposes) {
    events_disable(0);
    arch_hypercall(__HYPERVISOR_set_debugreg, 7, 0x400);
  }
  return exposes;
}

u64 arch_wild_address() {
  // Its own top table, where the hypervisor keeps everybody from writing.
  const u64 table = guest_is_translated() ? hypercall_arg(world.read_only) : boot_info->pt_base;
  const u64 choices[] = {0,
                         rnd.below(page_bytes),
                         first_hypervisor_address,
                         first_hypervisor_address + rnd.below(1ull << 43),
                         behind_hypervisor - rnd.below(64),
                         first_hypervisor_address - rnd.below(64),
                         (1ull << 47) - rnd.below(64),
                         (1ull << 47) + rnd.below(64),
                         0x8000000000000000ull + rnd.below(1ull << 47),
                         0xffff82d080000000ull + rnd.below(1 << 20),
                         behind_hypervisor,
                         0ull - rnd.below(64),
                         hypercall_arg(world.hole) + rnd.below(page_bytes),
                         hypercall_arg(world.read_only) + rnd.below(page_bytes),
                         table + rnd.below(page_bytes)};
  return rnd.pick(choices);
}

u64 arch_entry_address(const void* va) {
  const u64 at = hypercall_arg(va);
  return test_machine(test_table(at, 1)) * page_bytes + table_index(at, 1) * sizeof(u64);
}

u64 arch_core_frame() {
  const Pfn image = test_frame(image_start);
  const Pfn choices[] = {test_frame(boot_info), image, image + rnd.below(8),
                         test_frame(reinterpret_cast<void*>(boot_info->mfn_list))};
  return test_machine(rnd.pick(choices));
}
u64 core_table() {
  return test_machine(test_table(hypercall_arg(image_start), static_cast<unsigned>(1 + rnd.below(4))));
}

u64 arch_wild_context() {
  memset(&context, 0, sizeof context);
  context.flags = any_number();
  context.user_regs.rip = wild_code();
  context.user_regs.rsp = any_address();
  context.user_regs.cs = static_cast<u16>(any_number());
  context.user_regs.ss = static_cast<u16>(any_number());
  context.user_regs.rflags = any_number();
  context.kernel_sp = any_address();
  context.ldt_base = any_address();
  context.ldt_ents = any_count(8192);
  context.gdt_ents = any_count(FIRST_RESERVED_GDT_ENTRY);
  for (auto& frame : context.gdt_frames) frame = any_frame();
  for (auto& trap : context.trap_ctxt) trap.address = rnd.one_in(8) ? any_number() : 0;
  for (auto& d : context.debugreg) d = any_number();
  context.ctrlreg[1] = frame_to_write() << page_shift;
  const u64 bad[] = {0, play_frame() << page_shift, any_number(), ~0ull};
  context.ctrlreg[3] = rnd.pick(bad);
  context.event_callback_eip = wild_code();
  context.failsafe_callback_eip = wild_code();
  context.fs_base = any_number();
  context.gs_base_user = 1ull << 63;  // not canonical
  return place(context);
}
