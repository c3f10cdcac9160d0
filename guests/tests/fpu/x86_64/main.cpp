// The FPU of a PV guest: CR0.TS by hypercall, and registers that are the VCPU's own.
//
// A guest kernel switches FPU contexts lazily: fpu_taskswitch(1), and the first FPU instruction raises #NM,
// once. The hypervisor itself is as lazy, and must confuse neither its own traps with the guest's nor the
// registers of two VCPUs. The second VCPU dirties every register that the first looks at, while the first
// yields and blocks.
#include "guests/tests/lib/test.h"

const char test_name[] = "fpu";

namespace {
constexpr u64 trap_device_not_available = 7;
constexpr u64 pattern = 0x0123456789abcdefull, other_pattern = 0xfedcba9876543210ull;
constexpr u16 control = 0x27f, initial_control = 0x37f;  // precision 53 bits; FNINIT
constexpr u32 mxcsr = 0x3f80, initial_mxcsr = 0x1f80;    // rounding down; reset

volatile unsigned not_available;
volatile unsigned rounds;  // of the other VCPU
u16 first_control;
u32 first_mxcsr;

bool on_trap(TrapFrame* frame) {
  if (frame->vector != trap_device_not_available) return false;
  not_available = not_available + 1;
  return true;
}

struct FpuState {
  u64 xmm0, xmm15;
  u16 control;
  u32 mxcsr;
};

void load(const FpuState& s) {
  asm volatile("movq %0, %%xmm0\n movq %1, %%xmm15\n fldcw %2\n ldmxcsr %3"
               :
               : "m"(s.xmm0), "m"(s.xmm15), "m"(s.control), "m"(s.mxcsr));
}
FpuState store() {
  FpuState s{};
  asm volatile("movq %%xmm0, %0\n movq %%xmm15, %1\n fnstcw %2\n stmxcsr %3"
               : "=m"(s.xmm0), "=m"(s.xmm15), "=m"(s.control), "=m"(s.mxcsr));
  return s;
}
void use_fpu() { asm volatile("fnop"); }

void task_switch(bool set) {
  test_equal("fpu_taskswitch", arch_hypercall(__HYPERVISOR_fpu_taskswitch, set), 0);
}

void expect_traps(const char* when, unsigned count) {
  not_available = 0;
  use_fpu();
  use_fpu();
  test_equal(when, not_available, count);
}

void check_task_switch() {
  expect_traps("FPU without TS", 0);
  task_switch(true);
  expect_traps("TS set: one #NM", 1);
  task_switch(true);
  task_switch(true);
  expect_traps("TS set twice: one #NM", 1);
  task_switch(true);
  task_switch(false);
  expect_traps("TS set and cleared", 0);
  task_switch(false);
  expect_traps("TS cleared again", 0);
}

void other_vcpu() {
  first_control = store().control;
  first_mxcsr = store().mxcsr;
  load({other_pattern, ~other_pattern, initial_control, initial_mxcsr});
  for (;;) {
    FpuState s = store();
    test_check(s.xmm0 == other_pattern && s.xmm15 == ~other_pattern && s.control == initial_control &&
                   s.mxcsr == initial_mxcsr,
               "registers of VCPU 1 have changed");
    rounds = rounds + 1;
    hypercall_sched_op(SCHEDOP_yield, nullptr);
  }
}

void expect_kept(const char* when) {
  FpuState s = store();
  test_check(s.xmm0 == pattern, "%s: xmm0 is 0x%lx", when, s.xmm0);
  test_check(s.xmm15 == ~pattern, "%s: xmm15 is 0x%lx", when, s.xmm15);
  test_check(s.control == control, "%s: control word 0x%x", when, s.control);
  test_check(s.mxcsr == mxcsr, "%s: MXCSR 0x%x", when, s.mxcsr);
}

void sleep_ms(unsigned ms) {
  evtchn_port_t none[1];
  sched_poll_t poll{};
  set_xen_guest_handle(poll.ports, none);
  poll.timeout = system_time_ns(0) + ms * ns_per_ms;
  hypercall_sched_op(SCHEDOP_poll, &poll);
}

void check_registers() {
  load({pattern, ~pattern, control, mxcsr});
  test_equal("initialise VCPU 1", test_initialise_vcpu(1, other_vcpu), 0);
  test_equal("VCPU 1 up", hypercall_vcpu_op(VCPUOP_up, 1, nullptr), 0);
  for (unsigned target = 1; target <= 8; target++) {
    while (rounds < target) hypercall_sched_op(SCHEDOP_yield, nullptr);
    expect_kept("after a yield");
  }
  for (unsigned i = 0; i < 3; i++) {
    unsigned before = rounds;
    sleep_ms(2);
    test_check(rounds > before, "VCPU 1 did not run while VCPU 0 slept");
    expect_kept("after a sleep");
  }
  task_switch(true);
  unsigned before = rounds;
  while (rounds < before + 2) hypercall_sched_op(SCHEDOP_yield, nullptr);
  expect_traps("TS is kept over a yield", 1);
  expect_kept("after #NM");
  test_equal("control word of a new VCPU", first_control, initial_control);
  test_equal("MXCSR of a new VCPU", first_mxcsr, initial_mxcsr);
  test_equal("VCPU 1 down", hypercall_vcpu_op(VCPUOP_down, 1, nullptr), 0);
}
}  // namespace

void test_main() {
  test_on_trap(on_trap);
  // A port that is pending and unmasked would end every sleep at once.
  for (auto& word : shared_info_page->evtchn_mask) word = ~xen_ulong_t{0};
  check_task_switch();
  test_need_vcpus(2);
  check_registers();
}
