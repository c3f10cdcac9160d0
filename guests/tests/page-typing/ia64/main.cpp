// What a guest inserts is what the processor uses, but for what would be more than the guest's: frames and
// rights.
//
// On IA-64 there are no page tables for the hypervisor to validate: the guest inserts translations (itc,
// itr), and these are what must not give it more than it has. A translation names a guest frame, which the
// P2M must have, now and whenever it is used. Levels 0 and 1 are one to a guest, so a page of level 0 is a
// kernel's and no user's (ring compression must not open it to level 3), and access rights are those of SDM
// vol. 2 table 4-2 at each level. Reserved bits and sizes that a processor would refuse are refused here.
// Registers of translation are kept until they are purged, caches' entries until their page is.
#include "guests/tests/lib/touch.h"
#include "privileged.h"
#include "test/tables.h"

const char test_name[] = "page-typing";

namespace {
void* const walked = reinterpret_cast<void*>(walked_va);

void map(u64& entry, u64 value) {
  entry = value;
  purge_page(walked_va, page_shift);
}

// br.ret.sptk.many b0, in a bundle of its own: what touch_execute() calls.
void put_return(Pfn frame) {
  auto* words = static_cast<u64*>(test_va(frame));
  words[0] = 0x0000000100000011ull;
  words[1] = 0x0084000880000200ull;
  asm volatile("fc %0;; sync.i;; srlz.i;;" ::"r"(words) : "memory");
}

// At the kernel's level. Rights 4 to 7 give level 0 more than others; the kernel believes to be at 0 and is
// at 1.
void check_rights(u64& entry, Pfn frame) {
  constexpr struct {
    u64 level, rights;
    bool read, write, execute;
  } cases[] = {{0, 0, true, false, false}, {0, 1, true, false, true},  {0, 2, true, true, false},
               {0, 3, true, true, true},   {3, 0, true, false, false}, {3, 1, true, false, true},
               {3, 2, true, true, false},  {3, 3, true, true, true},   {3, 5, true, false, true}};
  for (auto& c : cases) {
    put_return(frame);
    map(entry, translation(frame, c.level, c.rights));
    const bool read = !touch_read(walked).faulted, execute = !touch_execute(walked).faulted;
    const bool write = !touch_write(static_cast<u64*>(walked) + 8, 1).faulted;
    test_check(read == c.read && write == c.write && execute == c.execute,
               "level %lu, rights %lu: read %u, write %u, execute %u", c.level, c.rights, read, write,
               execute);
  }
}

void check_present(u64& entry, Pfn frame) {
  const u64 good = translation(frame, 0, rights_rw);
  map(entry, good);
  test_check(!touch_write(walked, 5).faulted, "a page cannot be written");
  map(entry, good & ~u64{0x40});
  Touch t = touch_write(walked, 6);
  test_check(t.faulted && touch_read(walked).value == 5, "a store to a page that is not dirty");
  map(entry, good & ~u64{0x20});
  test_check(touch_read(walked).faulted, "a load from a page that was not accessed");
  map(entry, good & ~u64{1});
  test_check(touch_read(walked).faulted, "a page that is not present can be read");
  map(entry, good);
  test_equal("what the page holds", static_cast<s64>(touch_read(walked).value), 5);
}

void check_frames(u64& entry, Pfn frame) {
  xen_pfn_t gone[1] = {frame};
  xen_memory_reservation_t r{};
  set_xen_guest_handle(r.extent_start, gone);
  r.nr_extents = 1;
  r.domid = DOMID_SELF;
  map(entry, translation(frame, 0, rights_rw));
  test_check(!touch_write(walked, 7).faulted, "a page cannot be written");
  test_equal("decrease", hypercall_memory_op(XENMEM_decrease_reservation, &r), 1);
  Touch t = touch_read(walked);
  test_check(t.faulted && t.absent, "a translation outlives its frame");
  test_equal("populate", hypercall_memory_op(XENMEM_populate_physmap, &r), 1);
  t = touch_read(walked);
  test_check(!t.faulted && !t.value, "the new frame: faulted %u, holds 0x%lx", t.faulted, t.value);
}

// --- insertions that are refused ---
constexpr u64 general_exception_reserved = 0x30;
u64 refusals, refused_code;
bool on_refusal(TrapFrame* frame) {
  if (frame->vector != vector_general_exception) return false;
  refusals++;
  refused_code = frame->isr & 0xf0;
  frame->skip();
  return true;
}

// By the hyperprivop: it needs no PSR.ic clear, with which a fault would not tell where it was.
void ask_itr_d(u64 slot, u64 va, u64 pte, u64 shift) {
  constexpr unsigned ifa = 20, itir = 21;
  auto& registers = *reinterpret_cast<volatile xen_ia64_privregs*>(XEN_IA64_XSI + XEN_IA64_PRIVREGS);
  registers.cr[ifa] = va;
  registers.cr[itir] = shift << 2;
  register u64 r8 asm("r8") = slot;
  register u64 r9 asm("r9") = pte;
  asm volatile("break %[itr_d]\n;;" : "+r"(r8) : "r"(r9), [itr_d] "i"(XEN_IA64_ITR_D) : "memory");
}

void expect_refused(const char* what, u64 slot, u64 va, u64 pte, u64 shift) {
  refusals = 0;
  test_on_trap(on_refusal);
  ask_itr_d(slot, va, pte, shift);
  test_check(refusals == 1 && refused_code == general_exception_reserved, "%s: %lu faults, code 0x%lx", what,
             refusals, refused_code);
}

void check_refusals(Pfn frame) {
  constexpr u64 va = u64{3} << 61, good_slot = 3, absent_slot = 8, reserved_bit = 2;
  const u64 good = translation(frame, 0, rights_rw);
  expect_refused("a reserved bit", good_slot, va, good | reserved_bit, page_shift);
  for (u64 attribute = 1; attribute <= 3; attribute++)
    expect_refused("a reserved memory attribute", good_slot, va, good | attribute << 2, page_shift);
  expect_refused("bit 50", good_slot, va, good | u64{1} << 50, page_shift);
  expect_refused("a register that is not there", absent_slot, va, good, page_shift);
  expect_refused("pages of 8 bytes", good_slot, va, good, 3);
  expect_refused("pages of 2 KiB", good_slot, va, good, 11);
  expect_refused("pages of 2^60 bytes", good_slot, va, good, 60);
  expect_refused("the hypervisor's addresses", good_slot, HYPERVISOR_VIRT_START, good, page_shift);
  test_check(touch_read(reinterpret_cast<void*>(va)).faulted, "a refused translation is in use");
}

// A register's translation is there until it is purged by ptr, whatever is purged from the caches meanwhile.
void check_registers(Pfn frame) {
  constexpr u64 va = u64{3} << 61, slot = 3, shift = 14;
  auto* words = reinterpret_cast<volatile u64*>(va);
  const Pfn aligned = align_up(frame, 4);
  for (unsigned n = 0; n < 4; n++) *static_cast<volatile u64*>(test_va(aligned + n)) = 100 + n;
  insert_data_register(slot, va, translation(aligned, 0, rights_rw), shift);
  purge_entry(0);
  serialize();
  for (unsigned n = 0; n < 4; n++)
    test_equal("a page by a register of translation", static_cast<s64>(words[n * page_bytes / sizeof(u64)]),
               100 + n);
  test_check(touch_read(reinterpret_cast<void*>(va + 4 * page_bytes)).faulted,
             "it reaches further than its size");
  purge_data_register(va, shift);
  test_check(touch_read(reinterpret_cast<void*>(va)).faulted, "it outlives its purge");
}
}  // namespace

void test_main() {
  const Pfn frame = test_spare_frames(8);
  u64& entry = *walked_tables();
  walked_load();
  check_rights(entry, frame);
  check_present(entry, frame);
  if (guest_is_translated()) check_frames(entry, frame);
  map(entry, 0);
  walked_unload();
  check_refusals(frame);
  check_registers(frame);
}
