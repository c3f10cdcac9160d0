#include "guests/tests/hypercall-fuzz/x86_64/own_tables.h"
#include "guests/tests/hypercall-fuzz/x86_64/processor.h"

namespace {
struct TableRacer {
  Random& random;
  unsigned vcpu;

  u64 frame() { return world.play_mfn[random.below(play_frames)]; }
  Pfn page() { return world.play + random.below(play_frames); }

  void map() {
    const u64 flags[] = {pte_kernel, pte_kernel, pte_kernel_ro, 0};
    const u64 how[] = {UVMF_INVLPG | UVMF_ALL, UVMF_INVLPG | UVMF_LOCAL, UVMF_TLB_FLUSH | UVMF_ALL, 0};
    const u64 f = random.pick(flags);
    if (guest_is_translated()) return void(world_map(test_va(page()), f ? make_pte(frame(), f) : 0));
    update_va_mapping(test_va(page()), f ? make_pte(frame(), f) : 0, random.pick(how));
  }
  void pin() {
    const unsigned commands[] = {MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L4_TABLE,
                                 MMUEXT_UNPIN_TABLE,  MMUEXT_UNPIN_TABLE,  MMUEXT_CLEAR_PAGE};
    mmuext_simple(random.pick(commands), frame());
  }
  void write_entry() {
    if (guest_is_translated()) return use_wild_tables(random, vcpu);
    mmu_update_t requests[4];
    for (auto& r : requests)
      r = {frame() * page_bytes + random.below(512) * 8, random.one_in(3) ? 0 : make_pte(frame(), pte_table)};
    hypercall_mmu_update(requests, count_of(requests), nullptr, DOMID_SELF);
  }
};
}  // namespace

void arch_race_step(Random& random, unsigned vcpu) {
  TableRacer racer{random, vcpu};
  switch (random.below(5)) {
    case 0:
    case 1:
      return racer.map();
    case 2:
    case 3:
      return racer.pin();
    default:
      return racer.write_entry();
  }
}
