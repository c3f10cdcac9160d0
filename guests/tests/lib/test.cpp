#include "guests/tests/lib/test.h"

#include "guests/lib/panic.h"

namespace {
unsigned failures;
char first_failure[120];
TrapHandler handler;
Pfn next_spare;

Pfn boot_frame(u64 va) { return (va - test_virt_base) / page_bytes; }

void note_failure(const char* text) {
  if (!failures++) copy_string(first_failure, sizeof first_failure, text);
  print_line("FAILED: %s", text);
}

// The builder's stack page is the last it uses; spare pages follow.
Pfn first_spare() { return boot_frame(boot_info->pt_base) + boot_info->nr_pt_frames + 1; }

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
  panic_at(frame->rip, frame->rbp, "vector %lu, error 0x%lx, rip 0x%lx, cr2 0x%lx", frame->vector,
           frame->error, frame->rip, arch_fault_address(0));
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
  const u64 stack_end = reinterpret_cast<u64>(stacks[vcpu]) + stack_bytes;
  static vcpu_guest_context_t context;  // too large for the stack
  context = {};
  context.flags = VGCF_in_kernel;
  context.user_regs.rip = reinterpret_cast<u64>(entry);
  context.user_regs.rsp = stack_end - 8;  // as after a call
  context.user_regs.cs = FLAT_KERNEL_CS;
  context.user_regs.ss = FLAT_KERNEL_SS;
  context.user_regs.rflags = 1 << 12;  // IOPL 1 as the builder gives VCPU 0
  context.kernel_ss = FLAT_KERNEL_SS;
  context.kernel_sp = stack_end;
  context.ctrlreg[3] = xen_pfn_to_cr3(test_machine(boot_frame(boot_info->pt_base)));
  arch_describe_traps(context);
  return hypercall_vcpu_op(VCPUOP_initialise, vcpu, &context);
}

void* test_va(Pfn pfn) { return reinterpret_cast<void*>(test_virt_base + pfn * page_bytes); }
Pfn test_frame(const void* va) { return boot_frame(reinterpret_cast<u64>(va)); }
u64* test_p2m() { return reinterpret_cast<u64*>(boot_info->mfn_list); }
Mfn test_machine(Pfn pfn) { return guest_is_translated() ? pfn : test_p2m()[pfn]; }

Pfn test_spare_frames(unsigned count) {
  if (!next_spare) next_spare = first_spare();
  Pfn first = next_spare;
  next_spare += count;
  for (Pfn p = first; p < next_spare; p++)
    if (!(test_entry(reinterpret_cast<u64>(test_va(p)), 1) & pte_present))
      test_error("no %u spare frames", count);
  return first;
}

Pfn test_table(u64 va, unsigned level) {
  Pfn table = boot_frame(boot_info->pt_base);
  for (unsigned l = 4; l > level; l--) {
    u64 entry = static_cast<u64*>(test_va(table))[table_index(va, l)];
    if (!(entry & pte_present)) return invalid_frame;
    table = guest_frame_of(pte_frame(entry));
  }
  return table;
}

u64 test_entry(u64 va, unsigned level) {
  Pfn table = test_table(va, level);
  return table == invalid_frame ? 0 : static_cast<u64*>(test_va(table))[table_index(va, level)];
}

long test_write_pte(u64 pte, u64 value) {
  if (guest_is_translated()) {
    auto* slot = reinterpret_cast<u64*>(test_virt_base + (pte & ~7ull));
    __atomic_store_n(slot, value, __ATOMIC_RELEASE);
    return 0;
  }
  mmu_update_t request{pte, value};
  return hypercall_mmu_update(&request, 1, nullptr, DOMID_SELF);
}

long test_unmap(Pfn pfn) { return boot_map(test_va(pfn), 0); }
long test_map(Pfn pfn, u64 flags) { return boot_map(test_va(pfn), make_pte(test_machine(pfn), flags)); }
