#include "guests/tests/hypercall-fuzz/world.h"

#include "guests/tests/hypercall-fuzz/arch.h"
#include "guests/tests/hypercall-fuzz/grants.h"
#include "guests/tests/hypercall-fuzz/tools.h"
#include "guests/tests/lib/domain.h"

World world;
Random rnd(1);
extern "C" char image_start[];

namespace {
constexpr u64 code_bytes = 16 * KiB;
constexpr u8 canary_byte = 0xa5;
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

}  // namespace

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
  world.play = test_spare_frames(play_frames);
  for (unsigned i = 0; i < play_frames; i++) world.play_mfn[i] = test_machine(world.play + i);
  arch_world_init();
  grants_init();
  const long last = hypercall_memory_op(XENMEM_maximum_ram_page, nullptr);
  world.max_ram_frame = last >= 0 ? static_cast<u64>(last) : boot_info->nr_pages + frames_behind;
  code_sum = sum_of_code();
  world_heal();
}

void world_heal() {
  events_disable(0);
  arch_heal();
  tools_heal();
  grants_heal();
  arch_heal_play();
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
