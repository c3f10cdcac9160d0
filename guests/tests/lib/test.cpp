#include "guests/tests/lib/test.h"

#include "guests/lib/panic.h"

namespace {
unsigned failures;
char first_failure[120];
TrapHandler handler;

void note_failure(const char* text) {
  if (!failures++) copy_string(first_failure, sizeof first_failure, text);
  print_line("FAILED: %s", text);
}

// Before anything else can go wrong: a stock hypervisor refuses console_io to an unprivileged domain.
void set_up_console() {
  if (boot_info->flags & SIF_INITDOMAIN) return;
  console_use_ring(test_va(guest_frame_of(boot_info->console.domU.mfn)), boot_info->console.domU.evtchn);
}
}  // namespace

void guest_main() {
  set_up_console();
  print_line("--- test-%s", test_name);
  map_shared_info();
  arch_install_traps();
  test_main();
  test_end();
}

void guest_trap(TrapFrame* frame) {
  if (handler && handler(frame)) return;
  test_panic_at(frame);
}

void test_on_trap(TrapHandler h) { handler = h; }

void test_check(bool ok, const char* fmt, ...) {
  if (ok) return;
  char text[120];
  va_list args;
  va_start(args, fmt);
  format_v(text, sizeof text, fmt, args);
  va_end(args);
  note_failure(text);
}

static void describe(char* text, size_t size, s64 value) {
  if (value < 0 && value > -200)
    format(text, size, "-%s", errno_name(value));
  else
    format(text, size, "0x%lx", value);
}

void test_equal(const char* what, s64 found, s64 expected) {
  if (found == expected) return;
  char a[32], b[32];
  describe(a, sizeof a, found);
  describe(b, sizeof b, expected);
  test_check(false, "%s: %s, expected %s", what, a, b);
}

void test_skip(const char* why) {
  print_line("Test result: SKIP %s", why);
  shutdown(SHUTDOWN_poweroff);
}

void test_error(const char* fmt, ...) {
  char text[160];
  va_list args;
  va_start(args, fmt);
  format_v(text, sizeof text, fmt, args);
  va_end(args);
  print_line("Test result: ERROR %s", text);
  shutdown(SHUTDOWN_poweroff);
}

void test_tell_result() {
  if (failures)
    print_line("Test result: FAILURE %u checks, first: %s", failures, first_failure);
  else
    print_line("Test result: SUCCESS");
}

void test_end() {
  test_tell_result();
  shutdown(SHUTDOWN_poweroff);
}

void test_need_vcpus(unsigned count) {
  // A VCPU that does not exist is not there to be asked.
  if (hypercall_vcpu_op(VCPUOP_is_up, count - 1, nullptr) < 0) test_skip("the domain has too few VCPUs");
}

long test_initialise_vcpu(unsigned vcpu, void (*entry)()) {
  alignas(stack_bytes) static u8 stacks[test_most_vcpus][stack_bytes];
  if (vcpu >= test_most_vcpus) return -XEN_EINVAL;
  static vcpu_guest_context_t context;  // too large for the stack
  context = {};
  test_describe_vcpu(context, entry, stacks[vcpu]);
  return hypercall_vcpu_op(VCPUOP_initialise, vcpu, &context);
}
