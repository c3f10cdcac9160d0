// Debug registers of a PV guest: each VCPU has its own, whole and harmless to the hypervisor.
//
// set_debugreg and get_debugreg must hold what the processor's registers would hold (reserved bits as in the
// SDM, vol. 3B 18.2), refuse what would let a guest stop the hypervisor (addresses in its space, general
// detect) or what the guest's CR4.DE forbids, and change nothing when they refuse. The kernel's own MOV to
// and from them is the same thing. Registers are kept over a switch to another VCPU. A breakpoint that is met
// arrives as #DB by the trap table, its cause in DR6, which only the guest clears.
#include "guests/tests/lib/test.h"

const char test_name[] = "debug-registers";

namespace {
constexpr u64 dr6_empty = 0xffff0ff0, dr7_empty = 0x400;
constexpr u64 trap_debug = 1;
constexpr u64 cr4_de = 1 << 3;

u64 resume;  // where a faulting instruction of the test goes on
u64 seen_vector, seen_rip;
unsigned debug_traps;

long set(unsigned number, u64 value) { return arch_hypercall(__HYPERVISOR_set_debugreg, number, value); }
u64 get(unsigned number) { return static_cast<u64>(arch_hypercall(__HYPERVISOR_get_debugreg, number)); }

bool on_trap(TrapFrame* frame) {
  if (frame->vector == trap_debug) {
    ++debug_traps;
    seen_rip = frame->rip;
    set(7, 0);  // a breakpoint on an instruction would be met again and again
    return true;
  }
  if (!resume) return false;
  seen_vector = frame->vector;
  frame->rip = resume;
  return true;
}

void expect(const char* what, unsigned number, u64 value) {
  test_check(get(number) == value, "%s: DR%u is 0x%lx, not 0x%lx", what, number, get(number), value);
}

void check_at_first() {
  for (unsigned i = 0; i < 4; i++) expect("at first", i, 0);
  expect("at first", 6, dr6_empty);
  expect("at first", 7, dr7_empty);
}

void check_addresses() {
  const u64 good[] = {0x1000, 0x00007fffffffffff, HYPERVISOR_VIRT_END, ~0ull};
  const u64 bad[] = {0x0000800000000000, 0xffff7fffffffffff, HYPERVISOR_VIRT_START, HYPERVISOR_VIRT_END - 1};
  for (unsigned i = 0; i < 4; i++) {
    test_equal("set an address", set(i, good[i]), 0);
    test_equal("set an address that is no guest's", set(i, bad[i]), -XEN_EPERM);
  }
  for (unsigned i = 0; i < 4; i++) expect("address", i, good[i]);
}

void check_status() {
  test_equal("set DR6 to 0", set(6, 0), 0);
  expect("set to 0", 6, dr6_empty);
  test_equal("set DR6 to ones", set(6, 0xffffffff), 0);
  expect("set to ones", 6, 0xffffefff);
  test_equal("set the upper half of DR6", set(6, 1ull << 32), -XEN_EINVAL);
  expect("after a refusal", 6, 0xffffefff);
  test_equal("set DR4, another name for DR6", set(4, 0), 0);
  expect("by its other name", 6, dr6_empty);
  expect("its other name", 4, dr6_empty);
}

void check_control() {
  test_equal("set DR7 to 0", set(7, 0), 0);
  expect("set to 0", 7, dr7_empty);
  test_equal("set the upper half of DR7", set(7, 1ull << 32), -XEN_EINVAL);
  test_equal("set general detect", set(7, 1 << 13), -XEN_EPERM);
  test_equal("a breakpoint on a port", set(7, 2 << 16 | 1), -XEN_EPERM);
  expect("after refusals", 7, dr7_empty);
  test_equal("set what is reserved", set(7, 0xd800), 0);
  expect("reserved bits", 7, dr7_empty);
  test_equal("a breakpoint on a port, not enabled", set(7, 2 << 16), 0);
  expect("not enabled", 7, dr7_empty | 2 << 16);
  test_equal("set DR5, another name for DR7", set(5, 0x300), 0);
  expect("by its other name", 7, dr7_empty | 0x300);
  expect("its other name", 5, dr7_empty | 0x300);
  test_equal("set DR7 back", set(7, 0), 0);
}

void check_numbers() {
  const unsigned absent[] = {8, 99};
  for (unsigned number : absent) {
    test_equal("set a register that does not exist", set(number, 0), -XEN_ENODEV);
    test_equal("get a register that does not exist", static_cast<s64>(get(number)), -XEN_ENODEV);
  }
}

u64 read_cr4() {
  u64 value;
  asm volatile("mov %%cr4, %0" : "=r"(value));
  return value;
}
void write_cr4(u64 value) { asm volatile("mov %0, %%cr4" : : "r"(value) : "memory"); }

// With CR4.DE the other names are gone, and breakpoints on ports mean something.
void check_extensions() {
  write_cr4(read_cr4() | cr4_de);
  test_check(read_cr4() & cr4_de, "CR4.DE cannot be set");
  test_equal("get DR4 with CR4.DE", static_cast<s64>(get(4)), -XEN_ENODEV);
  test_equal("set DR5 with CR4.DE", set(5, 0), -XEN_ENODEV);
  test_equal("a breakpoint on a port", set(7, 2 << 16 | 1), 0);
  expect("on a port", 7, dr7_empty | 2 << 16 | 1);
  test_equal("set DR7 back", set(7, 0), 0);
  write_cr4(read_cr4() & ~cr4_de);
}

void check_instructions() {
  u64 value;
  asm volatile("mov %0, %%dr2" : : "r"(0x5000ull));
  expect("MOV to DR2", 2, 0x5000);
  asm volatile("mov %%dr2, %0" : "=r"(value));
  test_check(value == 0x5000, "MOV from DR2: 0x%lx", value);
  asm volatile("mov %%dr7, %0" : "=r"(value));
  test_check(value == dr7_empty, "MOV from DR7: 0x%lx", value);
  seen_vector = ~0ull;
  asm volatile("movq $1f, %0\n mov %1, %%dr2\n 1:" : "=m"(resume) : "r"(HYPERVISOR_VIRT_START) : "memory");
  resume = 0;
  test_equal("MOV of a hypervisor's address", static_cast<s64>(seen_vector), trap_general_protection);
  expect("after it", 2, 0x5000);
}

void sleep_ms(unsigned ms) {
  evtchn_port_t none[1];
  sched_poll_t poll{};
  set_xen_guest_handle(poll.ports, none);
  poll.timeout = system_time_ns(0) + ms * ns_per_ms;
  hypercall_sched_op(SCHEDOP_poll, &poll);
}

volatile u64 watched;

void check_kept() {
  // Enabled, so that they are in the processor, too; nobody writes there.
  test_equal("set DR1", set(1, hypercall_arg(&watched)), 0);
  test_equal("set DR7", set(7, 1 << 2 | 1 << 20), 0);
  sleep_ms(2);
  expect("after a sleep", 1, hypercall_arg(&watched));
  expect("after a sleep", 7, dr7_empty | 1 << 2 | 1 << 20);
  test_equal("set DR7 back", set(7, 0), 0);
}
}  // namespace

void test_main() {
  test_on_trap(on_trap);
  for (auto& word : shared_info_page->evtchn_mask) word = ~xen_ulong_t{0};
  check_at_first();
  check_addresses();
  check_status();
  check_control();
  check_numbers();
  check_extensions();
  check_instructions();
  check_kept();
}
