// User mode: interruptions go to the kernel with the right registers, and the kernel's memory and rights are
// out of reach.
//
// A domain's kernel runs at level 1 and its programs at level 3 (docs/ia64-domains.md): the processor keeps
// them apart by the levels of pages, as long as the hypervisor, which gives pages of level 0 the level 1,
// opens them no further, and takes hypercalls and hyperprivops from the kernel alone. The test enters level 3
// by rfi, lets it do one forbidden or exceptional thing after another, and compares each time what arrives:
// vector, IIP, IFA, ISR, IIM, level and PSR, the registers, and that upcalls are masked.
#include "guests/tests/lib/test.h"
#include "privileged.h"
#include "switch.h"
#include "test/tables.h"

const char test_name[] = "ring3";

extern "C" {
extern const u8 user_code[], user_end[], user_system_call[], user_division[], user_hypercall[],
    user_hyperprivop[], user_read_kernel[], user_read_image[], user_read_registers[], user_write_code[],
    user_call_kernel[], user_privileged[], user_kernel_register[], user_stack_level[];
void xen_enter_user(TrapFrame* frame);
}

namespace {
constexpr u64 code_va = walked_va, stack_va = walked_va + page_bytes;
constexpr u64 pattern = 0x1122334455667788, isr_write = u64{1} << 33, isr_read = u64{1} << 34;
constexpr u64 privileged_operation = 0x10, privileged_register = 0x20;
enum Register { kept = 4, stack_pointer = 12, told = 15 };

alignas(stack_bytes) u8 stack[stack_bytes];  // the kernel's while it is entered from user mode
TrapFrame seen;
bool masked_on_entry;
u64 main_stack;

TrapFrame& frame() { return *reinterpret_cast<TrapFrame*>(stack + FRAME_IN_STACK); }
u64 user_address(const u8* label) { return code_va + static_cast<u64>(label - user_code); }

// Its stack is left as it is: nobody goes on there.
bool on_trap(TrapFrame* f) {
  if (!f->from_user()) return false;
  seen = *f;
  masked_on_entry = events_masked(0);
  u64 left;
  arch_switch_stack(&left, main_stack);
  return false;
}

void enter() { xen_enter_user(&frame()); }

void run_user(const u8* label) {
  TrapFrame& f = frame();
  memset(&f, 0, sizeof f);
  f.iip = user_address(label);
  f.ipsr = PSR_IC | PSR_I | PSR_DT | PSR_RT | PSR_IT | PSR_BN | u64{USER_LEVEL} << PSR_CPL_SHIFT;
  f.ifs = u64{1} << 63;
  f.fpsr = FPSR_DEFAULT;
  f.rsc = 3 | USER_LEVEL << 2;
  f.bspstore = stack_va;
  f.r(stack_pointer) = stack_va + page_bytes - 16;
  f.r(kept) = pattern;
  seen = {};
  arch_switch_stack(&main_stack, stack_begin(reinterpret_cast<u64>(stack) + stack_bytes, enter));
}

void expect(const char* what, const u8* label) {
  run_user(label);
  test_check(seen.iip >= user_address(label) && seen.iip < user_address(label) + 48,
             "%s: iip 0x%lx, expected 0x%lx", what, seen.iip, user_address(label));
  test_equal(what, static_cast<s64>(seen.ipsr >> PSR_CPL_SHIFT & 3), USER_LEVEL);
  test_check((seen.ipsr & (PSR_I | PSR_IC)) == (PSR_I | PSR_IC), "%s: ipsr 0x%lx", what, seen.ipsr);
  test_check(seen.r(kept) == pattern, "%s: r4 was not kept", what);
  test_check(masked_on_entry, "%s: upcalls are not masked on entry", what);
}

void expect_break(const char* what, const u8* label, u64 number) {
  expect(what, label);
  test_check(seen.vector == vector_break && seen.iim == number, "%s: vector 0x%lx, iim 0x%lx", what,
             seen.vector, seen.iim);
}

void expect_refused(const char* what, const u8* label, u64 code) {
  expect(what, label);
  test_check(seen.vector == vector_general_exception && (seen.isr & 0xf0) == code,
             "%s: vector 0x%lx, isr 0x%lx", what, seen.vector, seen.isr);
}

void expect_fault(const char* what, const u8* label, u64 address, u64 kind) {
  expect(what, label);
  test_check(test_is_page_fault(&seen) && seen.ifa == address, "%s: vector 0x%lx, ifa 0x%lx", what,
             seen.vector, seen.ifa);
  test_check((seen.isr & (isr_read | isr_write)) == kind, "%s: isr 0x%lx", what, seen.isr);
}

void check_breaks() {
  expect_break("system call", user_system_call, SYSCALL_BREAK);
  test_equal("r15 at the system call", static_cast<s64>(seen.r(told)), 0x77);
  expect_break("division by zero", user_division, 1);
  expect_break("a hypercall of user mode's", user_hypercall, HYPERCALL_BREAK);
  expect_break("a hyperprivop of user mode's", user_hyperprivop, XEN_IA64_GET_PSR);
}

void check_memory() {
  expect_fault("read of kernel memory", user_read_kernel, KERNEL_BASE + IMAGE_OFFSET, isr_read);
  expect_fault("read of the image", user_read_image, IMAGE_BASE + IMAGE_OFFSET, isr_read);
  expect_fault("read of shared_info", user_read_registers, XEN_IA64_XSI, isr_read);
  expect_fault("write to a page without that right", user_write_code, code_va, isr_write);
  run_user(user_call_kernel);
  test_check(test_is_page_fault(&seen) && seen.iip == IMAGE_BASE + IMAGE_OFFSET && seen.isr >> 32 & 1,
             "a branch into the kernel: vector 0x%lx, iip 0x%lx, isr 0x%lx", seen.vector, seen.iip, seen.isr);
}

void check_privileges() {
  expect_refused("a privileged instruction", user_privileged, privileged_operation);
  expect_refused("a kernel register", user_kernel_register, privileged_register);
  expect_break("ar.rsc", user_stack_level, SYSCALL_BREAK);
  test_equal("the register stack's level", static_cast<s64>(seen.r(told) >> 2 & 3), USER_LEVEL);
}
}  // namespace

void test_main() {
  test_on_trap(on_trap);
  const Pfn pages = test_spare_frames(2);
  memcpy(test_va(pages), user_code, static_cast<u64>(user_end - user_code));
  u64* entries = walked_tables();
  entries[0] = translation(pages, USER_LEVEL, rights_rx);
  entries[1] = translation(pages + 1, USER_LEVEL, rights_rw);
  walked_load();
  write_kernel_stack(reinterpret_cast<u64>(stack));
  check_breaks();
  check_memory();
  check_privileges();
  walked_unload();
}
