// Translations of a guest: what it inserts is there as a processor would have it, in pieces or whole.
//
// The hypervisor enters what a guest inserts in pieces of 4 KiB, keeps them in a table of its own and looks
// guest frames up as they are missed. The guest must see none of that: a translation of any size shows all of
// its pages, in their order, and ends where it ends; region identifiers keep address spaces apart and bring
// them back; tpa tells guest-physical addresses; what was purged is gone, on this VCPU or on all. Its own
// tables are plain memory that the miss handler walks, shared between addresses, and two VCPUs may store to
// the same one. (x86-64's test of the name proves the like of page tables that the hypervisor walks.)
#include "guests/tests/lib/touch.h"
#include "privileged.h"
#include "test/tables.h"

const char test_name[] = "translated-tables";

namespace {
constexpr u64 region_3 = u64{3} << 61, slot = 3;

volatile u64* at(u64 va) { return reinterpret_cast<volatile u64*>(va); }
u64* words(Pfn pfn) { return static_cast<u64*>(test_va(pfn)); }
void ptc_l(u64 va) { asm volatile("ptc.l %0, %1;; srlz.d;;" ::"r"(va), "r"(page_shift << 2) : "memory"); }

// Each page of a run holds its number.
void check_sizes(Pfn run, u64 frames) {
  constexpr u64 shifts[] = {12, 13, 14, 16, 18};
  for (Pfn p = run; p < run + frames; p++) words(p)[0] = p;
  for (u64 shift : shifts) {
    const u64 pages = u64{1} << (shift - page_shift);
    const u64 va = region_3 + 4 * (u64{1} << 20);
    insert_data_register(slot, va, translation(run, 0, rights_rw), shift);
    u64 wrong = 0;
    for (u64 n = 0; n < pages; n++) wrong += at(va + n * page_bytes)[0] != run + n;
    test_check(!wrong, "%lu of %lu pages of a translation of 2^%lu bytes are wrong", wrong, pages, shift);
    test_check(touch_read(at(va + (u64{1} << shift))).faulted && touch_read(at(va - page_bytes)).faulted,
               "a translation of 2^%lu bytes does not end", shift);
    purge_data_register(va, shift);
    test_check(touch_read(at(va)).faulted && touch_read(at(va + (pages - 1) * page_bytes)).faulted,
               "a part of 2^%lu bytes outlives its purge", shift);
  }
}

// An address within the page is as good as its first, and low bits of the frame beyond the size count for
// nothing.
void check_alignment(Pfn run) {
  constexpr u64 shift = 16, inside = 5 * page_bytes + 24;
  insert_data_register(slot, region_3 + inside, translation(run + 3, 0, rights_rw), shift);
  test_equal("first page of a translation that was inserted from inside", static_cast<s64>(at(region_3)[0]),
             static_cast<s64>(run));
  test_equal("its sixth page", static_cast<s64>(at(region_3 + 5 * page_bytes)[0]), static_cast<s64>(run + 5));
  purge_data_register(region_3 + inside, shift);
  test_check(touch_read(at(region_3)).faulted, "it outlives a purge from inside");
}

u64 physical_of(u64 va) {
  u64 physical;
  asm volatile("tpa %0 = %1;;" : "=r"(physical) : "r"(va));
  return physical;
}

void check_tpa(Pfn run) {
  constexpr u64 offset = page_bytes + 0x123;
  insert_data_register(slot, region_3, translation(run, 0, rights_rw), 14);
  test_equal("tpa", static_cast<s64>(physical_of(region_3 + offset)),
             static_cast<s64>(run * page_bytes + offset));
  purge_data_register(region_3, 14);
}

// Two address spaces at one address; each is found as it was left.
void check_regions(u64* last, Pfn run) {
  constexpr u64 rids[] = {FIRST_USER_RID, FIRST_USER_RID + 1, END_USER_RID - 1};
  walked_load();
  for (unsigned round = 0; round < 2; round++)
    for (unsigned n = 0; n < count_of(rids); n++) {
      write_user_region(REGION_REGISTER(rids[n], page_shift));
      last[0] =
          translation(run + n, 0, rights_rw);  // what a miss would find; in the second round none is needed
      test_equal("page of a region identifier", static_cast<s64>(at(walked_va)[0]),
                 static_cast<s64>(run + n));
    }
  write_user_region(REGION_REGISTER(0, page_shift));
  purge_entry(0);
  serialize();
}

// --- two VCPUs ---
constexpr unsigned rounds = 200;
constexpr u64 shared_page = walked_va, others_page = walked_va + 16 * page_bytes;
u64* table;
Pfn frame_a, frame_b;
volatile u64 asked, answered, answer, mistakes, stop, ready;

// Answers what it reads at shared_page, and meanwhile rewrites an entry of its own in the same table.
void other_vcpu() {
  walked_load();
  for (u64 n = 0; !stop; n++) {
    const Pfn frame = n % 2 ? frame_a : frame_b;
    __atomic_store_n(&table[16], translation(frame, 0, rights_rw), __ATOMIC_RELEASE);
    ptc_l(others_page);
    if (at(others_page)[0] != frame) mistakes = mistakes + 1;
    ready = 1;
    if (answered != asked) {
      const u64 question = asked;
      answer = at(shared_page)[0];
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

void check_two_vcpus(u64* last, Pfn run) {
  table = last, frame_a = run, frame_b = run + 1;
  table[0] = translation(frame_a, 0, rights_rw);
  test_equal("initialise VCPU 1", test_initialise_vcpu(1, other_vcpu), 0);
  test_equal("start VCPU 1", hypercall_vcpu_op(VCPUOP_up, 1, nullptr), 0);
  wait_for(ready, 1);
  unsigned wrong = 0;
  for (u64 i = 1; i <= rounds; i++) {
    const Pfn frame = i % 2 ? frame_b : frame_a;
    __atomic_store_n(&table[0], translation(frame, 0, rights_rw), __ATOMIC_RELEASE);
    purge_page(shared_page, i % 3 ? page_shift : 24);
    asked = i;
    wait_for(answered, i);
    wrong += answer != frame;
  }
  stop = 1;
  test_equal("stale pages on VCPU 1 after a purge of all", wrong, 0);
  test_equal("VCPU 1's own entry", static_cast<s64>(mistakes), 0);
}
}  // namespace

void test_main() {
  constexpr u64 frames = 64;
  u64* last = walked_tables();
  const Pfn run = align_up(test_spare_frames(2 * frames), frames);
  check_sizes(run, frames);
  check_alignment(run);
  check_tpa(run);
  check_regions(last, run);
  test_need_vcpus(2);
  check_two_vcpus(last, run);
}
