#include "guests/tests/hypercall-fuzz/x86_64/own_tables.h"

#include "guests/tests/hypercall-fuzz/x86_64/processor.h"

namespace {
constexpr unsigned first_slot = 192, most_entries = 8, uses = 6;
constexpr u64 large = 0x80;

struct WildTables {
  Random& random;
  unsigned slot;
  Pfn tables[3];  // for levels 3, 2, 1

  // Entries that name anything are in tables that no walk reaches above level 1: what is marked as accessed
  // is nothing that the guest needs.
  Pfn below(unsigned level) {
    return random.one_in(4) ? boot_info->nr_pages + random.next() : tables[random.below(level == 3 ? 2 : 3)];
  }
  u64 entry(unsigned level) {
    const u64 flags[] = {pte_table,
                         pte_table,
                         pte_table & ~pte_writable,
                         pte_present,
                         0,
                         pte_table | large,
                         pte_table | pte_uncached,
                         pte_table | pte_no_execute,
                         pte_table,
                         pte_kernel & ~pte_accessed};
    const Pfn frame = level == 1 ? random.below(2 * boot_info->nr_pages) : below(level);
    return make_pte(frame & (pte_frame_mask >> page_shift), random.pick(flags));
  }
  // By an address that others may unmap meanwhile.
  void write(unsigned level) {
    const Pfn table = tables[3 - level];
    world_map(test_va(table), make_pte(table, pte_kernel));
    set_bits(hypercall_arg(test_va(table)) + random.below(most_entries) * sizeof(u64), entry(level));
  }
  void fill(unsigned level) {
    mmuext_simple(MMUEXT_CLEAR_PAGE, tables[3 - level]);
    for (unsigned i = 0; i < most_entries; i++) write(level);
  }
  u64 address() {
    u64 va = u64{slot} << 39 | random.below(page_bytes / sizeof(u64)) * sizeof(u64);
    for (unsigned level = 1; level <= 3; level++)
      va |= random.below(most_entries) << (page_shift + 9 * (level - 1));
    return slot >= 256 ? va | 0xffff000000000000ull : va;
  }
  void use() {
    const u64 va = address();
    switch (random.below(8)) {
      case 0:
        mmuext_simple(random.one_in(2) ? MMUEXT_INVLPG_LOCAL : MMUEXT_INVLPG_ALL, va);
        return;
      case 1:
        mmuext_simple(random.one_in(2) ? MMUEXT_TLB_FLUSH_LOCAL : MMUEXT_TLB_FLUSH_ALL, 0);
        return;
      case 2:  // read by the hypervisor: the port of an event
        arch_hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, va);
        return;
      case 3:
        return write(static_cast<unsigned>(1 + random.below(3)));
      default:
        touch(va, random.one_in(2));
    }
  }
  void install(u64 value) {
    u64* top = reinterpret_cast<u64*>(boot_info->pt_base);
    __atomic_store_n(top + slot, value, __ATOMIC_RELEASE);
    mmuext_simple(MMUEXT_TLB_FLUSH_ALL, 0);
  }
};
}  // namespace

void use_wild_tables(Random& random, unsigned vcpu) {
  WildTables wild{random, first_slot + vcpu, {}};
  // A frame is a table of one level only, whoever makes one of it.
  for (unsigned i = 0; i < count_of(wild.tables); i++)
    wild.tables[i] = world.play + random.below(play_frames / 4) * 4 + i;
  for (unsigned level = 1; level <= 3; level++) wild.fill(level);
  wild.install(make_pte(wild.tables[0], pte_table));
  for (unsigned i = 0; i < uses; i++) wild.use();
  wild.install(0);
}
