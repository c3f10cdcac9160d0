// Random values, by what they stand for.
#include "guests/tests/hypercall-fuzz/arch.h"

namespace {
bool is_own(Mfn frame) {
  if (guest_is_translated()) return frame < boot_info->nr_pages;
  for (u64 pfn = 0; pfn < boot_info->nr_pages; pfn++)
    if (test_machine(pfn) == frame) return true;
  return false;
}

u64 frame_of_nobody() {
  const u64 choices[] = {0,
                         1,
                         0xa0,
                         0xfeb00,
                         0xfec00,
                         0xfee00,
                         0xfffff,
                         world.max_ram_frame + 1,
                         world.max_ram_frame + rnd.below(1 << 20),
                         1ull << 32,
                         (1ull << 40) - 1,
                         1ull << 52,
                         invalid_frame - 1,
                         invalid_frame,
                         rnd.next()};
  const u64 frame = rnd.pick(choices);
  return guest_is_translated() && is_own(frame) ? invalid_frame : frame;  // small numbers name guest frames
}

// Around the guest's own frames lie those of others and of the hypervisor.
u64 frame_of_somebody_else() {
  const u64 near = test_machine(world.play) + rnd.below(1 << 15) - (1 << 14);
  const u64 frame = rnd.one_in(3) ? world.max_ram_frame - rnd.below(1 << 16) : near;
  return is_own(frame) ? frame_of_nobody() : frame;
}

}  // namespace

u64 any_number() {
  const u64 choices[] = {0,
                         1,
                         2,
                         rnd.below(64),
                         rnd.below(1 << 16),
                         0x7fffffff,
                         0x80000000,
                         0xffffffff,
                         0x100000000ull,
                         1ull << 47,
                         (1ull << 47) - 1,
                         ~0ull,
                         ~0ull >> 1,
                         1ull << rnd.below(64),
                         (1ull << rnd.below(64)) - 1,
                         rnd.next()};
  return rnd.pick(choices);
}

u64 any_count(u64 useful) { return rnd.one_in(12) ? any_number() : rnd.below(useful + 1); }

u64 any_address() { return arch_wild_address(); }

u64 play_frame() { return world.play_mfn[rnd.below(play_frames)]; }

u64 protected_table() {
  // No guest frame has such a number, whatever populate_physmap has been asked for.
  const u64 nowhere[] = {1ull << 36, 1ull << 40, 1ull << 52, invalid_frame - 1, invalid_frame};
  return guest_is_translated() ? rnd.pick(nowhere) : core_table();
}

u64 frame_to_write() {
  switch (rnd.below(10)) {
    case 0:
    case 1:
      return frame_of_nobody();
    case 2:
      return frame_of_somebody_else();
    default:
      return play_frame();
  }
}

u64 frame_to_lose() { return guest_is_translated() ? frame_to_write() : any_frame(); }

u64 any_frame() {
  if (rnd.one_in(12)) return boot_info->shared_info >> page_shift;
  if (rnd.one_in(10)) return core_table();
  return rnd.one_in(10) ? arch_core_frame() : frame_to_write();
}

unsigned any_vcpu() {
  if (rnd.one_in(8)) return static_cast<unsigned>(any_number());
  return static_cast<unsigned>(rnd.below(5));
}

u32 any_port() {
  return rnd.one_in(10) ? static_cast<u32>(any_number()) : static_cast<u32>(1 + rnd.below(40));
}

u16 any_domain() {
  const u16 choices[] = {DOMID_SELF,
                         DOMID_SELF,
                         DOMID_SELF,
                         DOMID_SELF,
                         DOMID_IO,
                         DOMID_XEN,
                         DOMID_COW,
                         DOMID_INVALID,
                         0,
                         1,
                         2,
                         static_cast<u16>(rnd.below(10)),
                         0x7fef,
                         static_cast<u16>(rnd.next()),
                         static_cast<u16>(world.child)};
  return rnd.pick(choices);
}
