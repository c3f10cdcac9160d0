// A frame that is given back while another VCPU still has it in its TLB.
//
// update_va_mapping without a flush flag removes a mapping and leaves TLBs alone (xen.h, UVMF_NONE): the
// other VCPU may go on using the page. That is the guest's own affair as long as the frame is its own. It is
// the hypervisor's as soon as the frame belongs to somebody else, so the hypervisor must flush before it
// hands the frame out again, whoever gets it: the guest, which never flushes here, cannot be relied upon.
// VCPU 1 reads the page all the time, without a hypercall that would lose the translation; VCPU 0 removes the
// mapping and gives the frame back. It then waits, so that another domain can get the frame, and takes a
// frame for itself. VCPU 1 must never read anything but what was written before: either the old contents or a
// page fault.
#include "guests/tests/lib/test.h"

const char test_name[] = "stale-tlb";

namespace {
constexpr unsigned other = 1;
constexpr u64 pattern = 0x57a1e;
constexpr u64 others_turn_ns = 60 * ns_per_ms;
Pfn page;
volatile bool gone;       // VCPU 1 has got its page fault
volatile bool down;       // and has stopped
volatile u64 reads;       // by VCPU 1
volatile u64 wrong_word;  // what it read instead of the pattern

constexpr u64 read_bytes = 3;  // of the instruction below
u64 read_word(const void* va) {
  u64 word = pattern;
  asm volatile(".byte 0x48, 0x8b, 0x07  # mov (%%rdi), %%rax" : "+a"(word) : "D"(va) : "memory");
  return word;
}

bool on_trap(TrapFrame* frame) {
  if (frame->vector != trap_page_fault) return false;
  if (arch_fault_address(other) != reinterpret_cast<u64>(test_va(page))) return false;
  gone = true;
  frame->rip += read_bytes;
  return true;
}

void read_on() {
  while (!gone) {
    const u64 word = read_word(test_va(page));
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
}  // namespace

void test_main() {
  test_only_direct("the guest does not name machine frames in this memory model");
  test_need_vcpus(2);
  test_on_trap(on_trap);
  page = test_spare_frames(1);
  *static_cast<volatile u64*>(test_va(page)) = pattern;
  test_equal("initialise VCPU 1", test_initialise_vcpu(other, read_on), 0);
  test_equal("start it", hypercall_vcpu_op(VCPUOP_up, other, nullptr), 0);
  await_more_reads();

  xen_pfn_t frame = test_machine(page);
  auto give = one(&frame);
  test_equal("unmap without a flush", update_va_mapping(test_va(page), 0, UVMF_NONE), 0);
  await_more_reads();
  test_equal("give the frame back", hypercall_memory_op(XENMEM_decrease_reservation, &give), 1);
  print_line("gave a frame back");
  await([] { return false; }, others_turn_ns, nullptr);

  xen_pfn_t taken = page;
  auto take = one(&taken);
  test_equal("take a frame", hypercall_memory_op(XENMEM_populate_physmap, &take), 1);
  if (taken == frame) await([] { return bool{gone}; }, ns_per_s, "the same frame came back without a flush");
  test_equal("flush", mmuext_simple(MMUEXT_TLB_FLUSH_ALL, 0), 0);
  await([] { return bool{down}; }, ns_per_s, "VCPU 1 reads on after a flush");
  test_equal("what VCPU 1 read through a translation that was gone", static_cast<s64>(wrong_word), 0);
  test_p2m()[page] = taken;
  test_equal("map the frame", test_map(page, pte_kernel), 0);
}
