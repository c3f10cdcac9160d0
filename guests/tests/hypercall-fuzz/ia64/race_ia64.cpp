#include "guests/tests/hypercall-fuzz/ia64/processor.h"
#include "privileged.h"

// Translations of play frames in a region that is this VCPU's alone, kept while others give the frames back.
void arch_race_step(Random& random, unsigned vcpu) {
  constexpr u64 slot = 3, pages = 8;
  const u64 at = u64{vcpu % 4} << 61 | random.below(pages) * page_bytes;
  switch (random.below(4)) {
    case 0:  // by number: the frame may be gone
      return insert_data_register(slot + random.below(3), at,
                                  (world.play + random.below(play_frames)) << page_shift | PTE_MEMORY,
                                  page_shift);
    case 1:
      return purge_data_register(at, page_shift);
    case 2:
      return purge_page(at, page_shift);
    default:
      touch(at, random.one_in(2));
  }
}
