#include "guests/tests/hypercall-fuzz/world.h"

#include "guests/tests/hypercall-fuzz/calls.h"
#include "guests/tests/hypercall-fuzz/tools.h"
#include "guests/tests/lib/domain.h"

World world;
Random rnd(1);
extern "C" char image_start[];

namespace {
constexpr u64 code_bytes = 16 * KiB;
constexpr u8 canary_byte = 0xa5;
constexpr u64 user_rights = UVMF_INVLPG | UVMF_ALL;
constexpr u64 frames_behind = 1 << 17;  // of the domain's own, where other domains' would be
u8* canaries[2];
u64 code_sum;

u64 sum_of_code() {
  u64 sum = 0;
  auto* words = reinterpret_cast<const u64*>(image_start);
  for (u64 i = 0; i < code_bytes / sizeof(u64); i++) sum = sum * 31 + words[i];
  return sum;
}

bool canary_lives(const u8* canary) {
  for (u64 i = 0; i < page_bytes; i++)
    if (canary[i] != canary_byte) return false;
  return true;
}

void clear_vcpu_state() {
  arch_install_traps();
  restore_kernel_stack();
  arch_hypercall(__HYPERVISOR_set_gdt, 0, 0);
  arch_hypercall(__HYPERVISOR_set_debugreg, 7, 0x400);
  arch_hypercall(__HYPERVISOR_fpu_taskswitch, 0);
  arch_hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables);
  mmuext_op_t ldt{};
  ldt.cmd = MMUEXT_SET_LDT;
  hypercall_mmuext_op(&ldt, 1, nullptr, DOMID_SELF);
  mmuext_simple(MMUEXT_NEW_USER_BASEPTR, world.user_table);
}

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
}  // namespace

long world_map(const void* va, u64 entry) {
  if (!guest_is_translated()) return update_va_mapping(va, entry, user_rights);
  __atomic_store_n(boot_entry(hypercall_arg(va), 1), entry, __ATOMIC_RELEASE);
  return mmuext_simple(MMUEXT_INVLPG_ALL, hypercall_arg(va));
}

void world_init() {
  const Pfn first = test_spare_frames(9);
  canaries[0] = static_cast<u8*>(test_va(first));
  world.args = canaries[0] + page_bytes;
  world.read_only = world.args + args_bytes;
  world.hole = world.read_only + page_bytes;
  canaries[1] = world.hole + page_bytes;
  world.areas = canaries[1] + page_bytes;
  world.vcpu_info = first + 7;
  for (u8* canary : canaries) memset(canary, canary_byte, page_bytes);
  memset(world.read_only, 0, page_bytes);
  test_equal("read-only page", test_map(test_frame(world.read_only), pte_kernel_ro), 0);
  test_equal("hole", test_unmap(test_frame(world.hole)), 0);
  world.play = test_spare_frames(play_frames);
  for (unsigned i = 0; i < play_frames; i++) world.play_mfn[i] = test_machine(world.play + i);
  world.user_table = test_machine(test_frame(reinterpret_cast<void*>(boot_info->pt_base)));
  const long last = hypercall_memory_op(XENMEM_maximum_ram_page, nullptr);
  world.max_ram_frame = last >= 0 ? static_cast<u64>(last) : boot_info->nr_pages + frames_behind;
  code_sum = sum_of_code();
  world_heal();
}

void world_heal() {
  events_disable(0);
  clear_vcpu_state();
  tools_heal();
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
  events_enable(0);
}

void world_bring_shared_info_back() {
  if (!guest_is_translated()) return;
  xen_add_to_physmap_t add{};
  add.domid = DOMID_SELF;
  add.space = XENMAPSPACE_shared_info;
  add.gpfn = boot_info->shared_info >> page_shift;
  hypercall_memory_op(XENMEM_add_to_physmap, &add);
}

bool world_unharmed() {
  return canary_lives(canaries[0]) && canary_lives(canaries[1]) && sum_of_code() == code_sum;
}
