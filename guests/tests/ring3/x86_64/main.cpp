// User mode: exceptions and system calls bounce to the kernel with the right frames, and the kernel's memory
// is out of reach.
//
// A PV64 kernel and its processes both run in ring 3; only the page tables and the hypervisor's bookkeeping
// keep them apart. The test builds a user address space of three pages (code, data, stack), enters it by the
// iret hypercall and lets it do one forbidden or exceptional thing after another. Each time the frame that
// arrives is compared: vector, error code, rip, user selectors, stack, upcall mask.
#include "guests/tests/lib/test.h"

const char test_name[] = "ring3";

extern "C" const u8 user_code[], user_ud2[], user_divide[], user_read_kernel[], user_write_code[],
    user_syscall_at[], user_cli[], user_end[];

namespace {
constexpr u64 code_va = 0x400000, data_va = 0x401000, stack_va = 0x402000, stack_top = 0x403000;

Pfn l4, l3, l2, l1;
TrapFrame seen;
bool arrived, masked_on_entry;
u64 resume_sp, fault_address;

u64 user_address(const u8* label) { return code_va + static_cast<u64>(label - user_code); }

void make_table(Pfn pfn) { memset(test_va(pfn), 0, page_bytes); }
void set_entry(Pfn table, u64 va, unsigned level, Pfn target, u64 flags) {
  static_cast<u64*>(test_va(table))[table_index(va, level)] = make_pte(test_machine(target), flags);
}

void build_space() {
  Pfn first = test_spare_frames(7);
  l4 = first, l3 = first + 1, l2 = first + 2, l1 = first + 3;
  Pfn code = first + 4, data = first + 5, stack = first + 6;
  for (Pfn p = l4; p <= l1; p++) make_table(p);
  memcpy(test_va(code), user_code, static_cast<u64>(user_end - user_code));
  constexpr u64 user_flags = pte_present | pte_user | pte_accessed;
  set_entry(l1, code_va, 1, code, user_flags);
  set_entry(l1, data_va, 1, data, user_flags | pte_writable | pte_dirty | pte_no_execute);
  set_entry(l1, stack_va, 1, stack, user_flags | pte_writable | pte_dirty | pte_no_execute);
  set_entry(l2, code_va, 2, l1, pte_table);
  set_entry(l3, code_va, 3, l2, pte_table);
  set_entry(l4, code_va, 4, l3, pte_table);
  if (!guest_is_translated()) {
    for (Pfn p = l4; p <= l1; p++) test_equal("table read-only", test_map(p, pte_kernel_ro), 0);
    test_equal("pin the user root", mmuext_simple(MMUEXT_PIN_L4_TABLE, test_machine(l4)), 0);
  }
  test_equal("load the user root", mmuext_simple(MMUEXT_NEW_USER_BASEPTR, test_machine(l4)), 0);
}
}  // namespace

// The frame is kept and the kernel goes on behind enter_user(), on the stack it had there.
static bool on_trap(TrapFrame* frame) {
  if (!frame->from_user()) return false;
  seen = *frame;
  fault_address = arch_fault_address(0);
  arrived = true;
  masked_on_entry = events_masked(0);
  frame->rflags &= ~u64{1 << 9};  // stay masked
  frame->rip = resume_sp ? reinterpret_cast<u64*>(resume_sp)[0] : 0;
  frame->rsp = resume_sp + 8;
  frame->cs = FLAT_KERNEL_CS & ~3;  // ring 0 in the frame: back to kernel mode
  frame->ss = FLAT_KERNEL_SS;
  return true;
}

extern "C" void enter_user_asm(u64* save_sp, TrapFrame* frame);

namespace {
alignas(16) u8 kernel_stack[8192];

void run_user(const u8* label) {
  TrapFrame f{};
  f.rip = user_address(label);
  f.cs = FLAT_USER_CS;
  f.ss = FLAT_USER_SS;
  f.rsp = stack_top - 64;
  f.rflags = 1 << 9;
  f.rbx = 0x1122334455667788;
  arrived = false;
  enter_user_asm(&resume_sp, &f);
}

void expect(const char* what, u64 vector, s64 error, const u8* label) {
  test_check(arrived && seen.vector == vector, "%s: vector %lu, expected %lu", what, seen.vector, vector);
  if (error >= 0)
    test_check(seen.error == static_cast<u64>(error), "%s: error code 0x%lx, expected 0x%lx", what,
               seen.error, static_cast<u64>(error));
  test_check(seen.rip == user_address(label), "%s: rip 0x%lx, expected 0x%lx", what, seen.rip,
             user_address(label));
  test_check((seen.cs & 0xffff) == FLAT_USER_CS && (seen.cs & 3) == 3, "%s: cs 0x%lx", what, seen.cs);
  test_check((seen.ss & 0xffff) == FLAT_USER_SS, "%s: ss 0x%lx", what, seen.ss);
  test_check(seen.rsp == stack_top - 64, "%s: rsp 0x%lx", what, seen.rsp);
  test_check(seen.rbx == 0x1122334455667788, "%s: rbx was not kept", what);
  test_check(seen.rflags & (1 << 9), "%s: rflags.IF is clear though upcalls were unmasked", what);
  test_check(masked_on_entry, "%s: upcalls are not masked on entry", what);
}

void check_system_call() {
  run_user(user_syscall_at);
  expect("syscall", trap_syscall, -1, user_syscall_at + 2 + 5);  // behind mov eax and syscall
  test_equal("rax at syscall", static_cast<s64>(seen.rax), 0x77);
}

void check_page_faults() {
  run_user(user_read_kernel);
  expect("read of kernel memory", trap_page_fault, -1, user_read_kernel + 7);
  test_check(!(seen.error & 2), "a read reported as a write");
  test_equal("cr2", static_cast<s64>(fault_address), static_cast<s64>(test_virt_base + MiB));
  run_user(user_write_code);
  expect("write to a read-only page", trap_page_fault, 7, user_write_code + 5);
  test_equal("cr2", static_cast<s64>(fault_address), static_cast<s64>(code_va));
}
}  // namespace

void test_main() {
  test_on_trap(on_trap);
  arch_hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS,
                 reinterpret_cast<u64>(kernel_stack + sizeof kernel_stack));
  build_space();
  run_user(user_ud2);
  expect("ud2", trap_invalid_opcode, -1, user_ud2);
  run_user(user_divide);
  expect("division by zero", trap_divide_error, -1, user_divide + 4);
  check_system_call();
  check_page_faults();
  run_user(user_cli);
  expect("privileged instruction", trap_general_protection, 0, user_cli);
  test_equal("unload the user root", mmuext_simple(MMUEXT_NEW_USER_BASEPTR, 0), 0);
  if (!guest_is_translated())
    test_equal("unpin the user root", mmuext_simple(MMUEXT_UNPIN_TABLE, test_machine(l4)), 0);
}
