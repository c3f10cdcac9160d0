// Page tables of a guest in model `translated`: plain memory that holds guest frame numbers.
//
// The hypervisor caches translations as a TLB does, so everything must behave as on a processor that knows
// guest frames: a missing entry is looked up anew each time, a changed one counts after a flush at the
// latest, accessed and dirty bits are set in the guest's own entries, rights are those of all levels
// together. Tables may be shared between addresses, map themselves, map large pages; and two VCPUs may store
// to the same table.
#include "guests/tests/lib/touch.h"

const char test_name[] = "translated-tables";

namespace {
constexpr u64 pte_large = 1 << 7;
constexpr u64 both = pte_accessed | pte_dirty;
constexpr u64 large_bytes = 2 * MiB;
// Slots of the L4 that nobody uses.
constexpr u64 low_va = 0x0000300000000000ull, linear_va = 0x0000400000000000ull;

u64 next_frame() { return test_spare_frames(1); }
u64* words(Pfn pfn) { return static_cast<u64*>(test_va(pfn)); }
u64& slot_of(Pfn table, u64 va, unsigned level) { return words(table)[table_index(va, level)]; }
void flush(u64 va) { mmuext_simple(MMUEXT_INVLPG_LOCAL, va); }
volatile u64* at(u64 va) { return reinterpret_cast<volatile u64*>(va); }
Pfn root() { return boot_va_frame(reinterpret_cast<void*>(boot_info->pt_base)); }

struct Space {
  Pfn l3, l2, l1;
};
// A branch of tables for low_va, its L1 empty.
Space build_branch() {
  Space s{next_frame(), next_frame(), next_frame()};
  for (Pfn p = s.l3; p <= s.l1; p++) memset(test_va(p), 0, page_bytes);  // spare frames come in a run
  slot_of(root(), low_va, 4) = make_pte(s.l3, pte_table);
  slot_of(s.l3, low_va, 3) = make_pte(s.l2, pte_table);
  slot_of(s.l2, low_va, 2) = make_pte(s.l1, pte_table);
  return s;
}

void check_stores(const Space& s, Pfn a, Pfn b) {
  u64& entry = slot_of(s.l1, low_va, 1);
  *words(a) = 1, *words(b) = 2;
  test_check(touch_read(at(low_va)).faulted, "an entry that is not present maps");
  entry = make_pte(a, pte_kernel);
  Touch t = touch_read(at(low_va));
  test_check(!t.faulted && t.value == 1, "a new entry does not count without a flush");
  entry = make_pte(b, pte_kernel);
  flush(low_va);
  test_equal("entry that was changed", static_cast<s64>(touch_read(at(low_va)).value), 2);
  entry = make_pte(a, pte_kernel_ro);
  flush(low_va);
  t = touch_write(at(low_va), 9);
  test_check(t.faulted && t.error == 3 && t.address == low_va, "write to a read-only page: error 0x%lx",
             t.error);
  entry |= pte_writable;
  test_check(!touch_write(at(low_va), 9).faulted, "a right that was added does not count without a flush");
  entry = 0;
  flush(low_va);
  test_check(touch_read(at(low_va)).faulted, "an entry that was removed maps");
  entry = make_pte((1ull << 35) + 7, pte_kernel);
  test_check(touch_read(at(low_va)).faulted, "a frame that is not there can be read");
  entry = 0;
}

void check_rights_of_levels(const Space& s, Pfn a) {
  slot_of(s.l1, low_va, 1) = make_pte(a, pte_kernel);
  slot_of(s.l2, low_va, 2) &= ~pte_writable;
  flush(low_va);
  test_check(touch_write(at(low_va), 1).faulted, "a page is writable below a read-only L2 entry");
  slot_of(s.l2, low_va, 2) |= pte_writable;
  *static_cast<volatile u8*>(test_va(a)) = 0xc3;  // RET
  flush(low_va);
  test_check(!touch_execute(at(low_va)).faulted, "a page cannot be executed");
  slot_of(s.l1, low_va, 1) |= pte_no_execute;
  flush(low_va);
  Touch t = touch_execute(at(low_va));
  test_check(t.faulted && (t.error & 16), "a no-execute page: error 0x%lx", t.error);
  slot_of(s.l1, low_va, 1) = 0;
  flush(low_va);
}

void check_accessed_dirty(const Space& s, Pfn a) {
  u64& entry = slot_of(s.l1, low_va, 1);
  entry = make_pte(a, pte_present | pte_writable);
  slot_of(s.l2, low_va, 2) &= ~both;
  flush(low_va);
  touch_read(at(low_va));
  test_equal("after a load", static_cast<s64>(entry & both), pte_accessed);
  test_equal("L2 entry after a load", static_cast<s64>(slot_of(s.l2, low_va, 2) & pte_accessed),
             pte_accessed);
  touch_write(at(low_va), 1);
  test_equal("after a store", static_cast<s64>(entry & both), both);
  entry &= ~both;
  flush(low_va);
  touch_write(at(low_va), 2);
  test_equal("after a store, once cleared", static_cast<s64>(entry & both), both);
  entry = make_pte(a, pte_present);
  flush(low_va);
  touch_write(at(low_va), 3);
  test_equal("after a store that was refused", static_cast<s64>(entry & pte_dirty), 0);
  entry = 0;
  flush(low_va);
}

// One L1 table below two L2 entries: the same pages at two addresses.
void check_shared_table(const Space& s, Pfn a, Pfn b) {
  u64 other = low_va + large_bytes;
  slot_of(s.l2, other, 2) = make_pte(s.l1, pte_table);
  slot_of(s.l1, low_va, 1) = make_pte(a, pte_kernel);
  touch_write(at(low_va), 0x11);
  test_equal("page at the second address", static_cast<s64>(touch_read(at(other)).value), 0x11);
  *words(b) = 0x22;
  slot_of(s.l1, low_va, 1) = make_pte(b, pte_kernel);
  flush(low_va), flush(other);
  test_equal("changed page, first address", static_cast<s64>(touch_read(at(low_va)).value), 0x22);
  test_equal("changed page, second address", static_cast<s64>(touch_read(at(other)).value), 0x22);
  slot_of(s.l2, other, 2) = 0;
  slot_of(s.l1, low_va, 1) = 0;
  mmuext_simple(MMUEXT_TLB_FLUSH_LOCAL, 0);
}

// The L4 as its own L3, L2 and L1: entry addresses can be computed, and stores there change the tables.
void check_linear_map(const Space& s, Pfn a, Pfn b) {
  slot_of(root(), linear_va, 4) = make_pte(root(), pte_table);
  u64 entry_va = linear_va + (low_va >> page_shift) * 8;
  slot_of(s.l1, low_va, 1) = make_pte(a, pte_kernel);
  Touch t = touch_read(at(entry_va));
  test_check(!t.faulted && pte_frame(t.value) == a, "entry read by the linear map: 0x%lx", t.value);
  *words(a) = 0xa, *words(b) = 0xb;
  touch_read(at(low_va));
  test_check(!touch_write(at(entry_va), make_pte(b, pte_kernel)).faulted, "no store through the linear map");
  flush(low_va);
  test_equal("page after a store to its linear entry", static_cast<s64>(touch_read(at(low_va)).value), 0xb);
  slot_of(root(), linear_va, 4) = 0;
  slot_of(s.l1, low_va, 1) = 0;
  mmuext_simple(MMUEXT_TLB_FLUSH_LOCAL, 0);
}

void check_large_page(const Space& s) {
  u64 va = low_va + 8 * large_bytes;
  Pfn first = align_up(next_frame(), large_bytes / page_bytes);
  if (first + large_bytes / page_bytes > boot_info->nr_pages) test_error("no aligned 2 MiB of memory");
  slot_of(s.l2, va, 2) = make_pte(first, pte_present | pte_writable | pte_large);
  static constexpr u64 offsets[] = {0, 5 * page_bytes, large_bytes - 8};
  for (u64 offset : offsets) touch_write(at(va + offset), offset + 1);
  test_equal("large entry after a store", static_cast<s64>(slot_of(s.l2, va, 2) & both), both);
  // Its pages one by one, by the L1 table.
  for (u64 offset : offsets) {
    slot_of(s.l1, low_va, 1) = make_pte(first + offset / page_bytes, pte_kernel);
    flush(low_va);
    test_equal("small page of it", static_cast<s64>(touch_read(at(low_va + offset % page_bytes)).value),
               static_cast<s64>(offset + 1));
  }
  slot_of(s.l2, va, 2) = 0;
  flush(va + page_bytes);  // any address inside
  test_check(touch_read(at(va)).faulted && touch_read(at(va + 5 * page_bytes)).faulted,
             "a part of a large page outlives its flush");
  slot_of(s.l1, low_va, 1) = 0;
  flush(low_va);
}

// --- two VCPUs -----------------------------------------------------------------------------------
constexpr unsigned rounds = 200;
constexpr u64 shared_page = low_va, others_page = low_va + 16 * page_bytes;
Space branch;
Pfn frame_a, frame_b, frame_c;
volatile u64 asked, answered, answer, mistakes, stop, ready;

// Answers what it reads at shared_page, and meanwhile rewrites an entry of its own in the same table.
void other_vcpu() {
  u64& own = slot_of(branch.l1, others_page, 1);
  for (u64 n = 0; !stop; n++) {
    Pfn frame = n % 2 ? frame_b : frame_c;
    __atomic_store_n(&own, make_pte(frame, pte_kernel), __ATOMIC_RELEASE);
    flush(others_page);
    if (*at(others_page) != (frame == frame_b ? 0xbu : 0xcu)) mistakes = mistakes + 1;
    ready = 1;
    if (answered != asked) {
      u64 question = asked;
      answer = *at(shared_page);
      answered = question;
    }
    hypercall_sched_op(SCHEDOP_yield, nullptr);
  }
  hypercall_vcpu_op(VCPUOP_down, 1, nullptr);
}

void wait_for(volatile u64& value, u64 wanted) {
  u64 end = system_time_ns(0) + 2 * ns_per_s;
  while (value != wanted) {
    if (system_time_ns(0) > end) test_error("VCPU 1 does not answer");
    hypercall_sched_op(SCHEDOP_yield, nullptr);
  }
}

void check_two_vcpus(const Space& s, Pfn a, Pfn b) {
  branch = s, frame_a = a, frame_b = b, frame_c = next_frame();
  *words(a) = 0xa, *words(b) = 0xb, *words(frame_c) = 0xc;
  slot_of(s.l1, shared_page, 1) = make_pte(a, pte_kernel);
  test_equal("initialise VCPU 1", test_initialise_vcpu(1, other_vcpu), 0);
  test_equal("start VCPU 1", hypercall_vcpu_op(VCPUOP_up, 1, nullptr), 0);
  wait_for(ready, 1);
  unsigned wrong = 0;
  for (u64 i = 1; i <= rounds; i++) {
    Pfn frame = i % 2 ? b : a;
    __atomic_store_n(&slot_of(s.l1, shared_page, 1), make_pte(frame, pte_kernel), __ATOMIC_RELEASE);
    if (i % 3)
      mmuext_simple(MMUEXT_INVLPG_ALL, shared_page);
    else
      mmuext_simple(MMUEXT_TLB_FLUSH_ALL, 0);
    asked = i;
    wait_for(answered, i);
    wrong += answer != (frame == a ? 0xau : 0xbu);
  }
  stop = 1;
  test_equal("stale pages on VCPU 1 after a flush of all", wrong, 0);
  test_equal("VCPU 1's own entry", static_cast<s64>(mistakes), 0);
}
}  // namespace

void test_main() {
  test_only_translated("page tables are not the guest's own memory in this memory model");
  Space s = build_branch();
  Pfn a = next_frame(), b = next_frame();
  check_stores(s, a, b);
  check_rights_of_levels(s, a);
  check_accessed_dirty(s, a);
  check_shared_table(s, a, b);
  check_linear_map(s, a, b);
  check_large_page(s);
  test_need_vcpus(2);
  check_two_vcpus(s, a, b);
}
