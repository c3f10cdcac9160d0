// A frame that is given back while another VCPU still has it in its TLB.
//
// update_va_mapping without a flush flag removes a mapping and leaves TLBs alone (xen.h, UVMF_NONE): the
// other VCPU may go on using the page. That is the guest's own affair as long as the frame is its own. It is
// the hypervisor's as soon as the frame belongs to somebody else, so the hypervisor must flush before it
// hands the frame out again, whoever gets it: the guest, which never flushes here, cannot be relied upon.
// VCPU 1 reads the page all the time, without a hypercall that would lose the translation; VCPU 0 removes the
// mapping and gives the frame back. It then waits, so that another domain can get the frame, and takes a
// frame for itself. VCPU 1 must never read anything but what was written before: either the old contents or a
// page fault. In model translated the guest cannot unmap anything and keep the frame; what the hypervisor
// takes away must be gone on both VCPUs at once.
#include "guests/tests/stale-tlb/stale.h"

const char test_name[] = "stale-tlb";

namespace {
constexpr u64 others_turn_ns = 60 * ns_per_ms;
Pfn page;
volatile bool gone;       // VCPU 1 has got its page fault
volatile bool down;       // and has stopped
volatile u64 reads;       // by VCPU 1
volatile u64 wrong_word;  // what it read instead of the pattern

bool on_trap(TrapFrame* frame) {
  if (!test_is_page_fault(frame)) return false;
  if (test_fault_address(frame, other) != reinterpret_cast<u64>(test_va(page))) return false;
  gone = true;
  skip_read(frame);
  return true;
}

void read_on() {
  while (!gone) {
    const u64 word = read_word(test_va(page), pattern);
    if (word != pattern) wrong_word = word;
    reads = reads + 1;
  }
  down = true;
  hypercall_vcpu_op(VCPUOP_down, other, nullptr);
}

template <typename Condition>
void await(Condition condition, u64 ns, const char* what) {
  const u64 end = system_time_ns(0) + ns;
  while (!condition()) {
    if (what && system_time_ns(0) > end) test_error("%s", what);
    if (system_time_ns(0) > end) return;
    hypercall_sched_op(SCHEDOP_yield, nullptr);
  }
}

void await_more_reads() {
  const u64 before = reads;
  await([before] { return gone || reads > before + 1; }, ns_per_s, "VCPU 1 does not read");
}

xen_memory_reservation one(xen_pfn_t* frame) {
  xen_memory_reservation r{};
  set_xen_guest_handle(r.extent_start, frame);
  r.nr_extents = 1;
  r.domid = DOMID_SELF;
  return r;
}

// The guest names machine frames: its own mapping goes first, without a flush, and what comes back is another
// frame.
void give_and_take_frames() {
  xen_pfn_t frame = test_machine(page);
  auto give = one(&frame);
  test_equal("unmap without a flush", unmap_without_flush(page), 0);
  await_more_reads();
  test_equal("give the frame back", hypercall_memory_op(XENMEM_decrease_reservation, &give), 1);
  print_line("gave a frame back");
  await([] { return false; }, others_turn_ns, nullptr);

  xen_pfn_t taken = page;
  auto take = one(&taken);
  test_equal("take a frame", hypercall_memory_op(XENMEM_populate_physmap, &take), 1);
  if (taken == frame) await([] { return bool{gone}; }, ns_per_s, "the same frame came back without a flush");
  flush_and_map(page, taken);
  await([] { return bool{down}; }, ns_per_s, "VCPU 1 reads on after a flush");
}

// The guest's mapping stays as it is: what it leads to vanishes, for both VCPUs, before the call is done.
void give_and_take_guest_frame() {
  xen_pfn_t frame = page;
  auto change = one(&frame);
  test_equal("give the frame back", hypercall_memory_op(XENMEM_decrease_reservation, &change), 1);
  const u64 before = reads;
  print_line("gave a frame back");
  await([] { return bool{gone}; }, ns_per_s, "VCPU 1 reads on without a frame");
  // One read may have been done and not yet counted; the one that faults counts, too.
  test_check(reads <= before + 2, "VCPU 1 has read %lu times since", reads - before);
  await([] { return bool{down}; }, ns_per_s, "VCPU 1 does not stop");
  test_equal("take a frame", hypercall_memory_op(XENMEM_populate_physmap, &change), 1);
  test_equal("what it holds", static_cast<s64>(*static_cast<volatile u64*>(test_va(page))), 0);
}
}  // namespace

void test_main() {
  test_need_vcpus(2);
  test_on_trap(on_trap);
  page = test_spare_frames(1);
  *static_cast<volatile u64*>(test_va(page)) = pattern;
  test_equal("initialise VCPU 1", test_initialise_vcpu(other, read_on), 0);
  test_equal("start it", hypercall_vcpu_op(VCPUOP_up, other, nullptr), 0);
  await_more_reads();
  if (guest_is_translated())
    give_and_take_guest_frame();
  else
    give_and_take_frames();
  test_equal("what VCPU 1 read through a translation that was gone", static_cast<s64>(wrong_word), 0);
}
