// Segments of a PV guest: its own GDT and LDT, descriptors one at a time, FS and GS bases, software
// interrupts.
//
// Descriptors decide about privilege, so a guest may hand over only pages that it can no longer write, and
// may store only descriptors that cannot lift it out of ring 3. The test gives the hypervisor a GDT page and
// an LDT page, looks at what the processor makes of them (LAR and LSL read the descriptor, loading a selector
// faults or not), and checks that pages come back when the tables are let go. Bases are read back by using
// them and through the MSRs.
#include "guests/tests/lib/test.h"

const char test_name[] = "segments";

namespace {
constexpr u64 flat_data = 0x00cff3000000ffffull;                   // DPL 3, limit 4 GiB
constexpr u64 small_data = 0x0040f3000000ffffull;                  // DPL 3, limit 64 KiB
constexpr u64 data_of_ring_0 = 0x00cf93000000ffffull;              // DPL 0
constexpr u64 based_data = 0x00cff3345000ffffull | 0x12ull << 56;  // base 0x12345000
constexpr u64 task_state = 0x0000e90000000067ull;
constexpr u64 call_gate = 0x0000ec000000e008ull;
constexpr u16 gdt_selector(unsigned index) { return static_cast<u16>(index << 3 | 3); }
constexpr u16 ldt_selector(unsigned index) { return static_cast<u16>(index << 3 | 7); }
constexpr u32 msr_fs_base = 0xc0000100, msr_gs_base = 0xc0000101, msr_user_gs_base = 0xc0000102;

u64 resume;  // where a faulting instruction of the test goes on
u64 seen_vector, seen_error, seen_rip;

bool on_trap(TrapFrame* frame) {
  if (!resume) return false;
  seen_vector = frame->vector;
  seen_error = frame->error;
  seen_rip = frame->rip;
  frame->rip = resume;
  return true;
}

u16 load_es(u16 selector) {
  seen_vector = ~0ull;
  u32 now = selector;
  asm volatile("movq $1f, %1\n movl %0, %%es\n 1: movl %%es, %0" : "+r"(now), "=m"(resume) : : "memory");
  resume = 0;
  return static_cast<u16>(now);
}

// Limit of the segment in bytes less one, or 0 when it cannot be used.
u32 limit_of(u16 selector) {
  u32 limit = 0;
  asm volatile("lsl %1, %0\n jz 1f\n xorl %0, %0\n 1:" : "+&r"(limit) : "r"(u32{selector}) : "cc");
  return limit;
}
u32 rights_of(u16 selector) {
  u32 rights = 0;
  asm volatile("lar %1, %0\n jz 1f\n xorl %0, %0\n 1:" : "+&r"(rights) : "r"(u32{selector}) : "cc");
  return rights;
}

u64 read_msr(u32 msr) {
  u32 low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
  return u64{high} << 32 | low;
}

long set_gdt(const u64* frames, u64 entries) {
  return arch_hypercall(__HYPERVISOR_set_gdt, hypercall_arg(frames), entries);
}
long set_descriptor(Pfn page, unsigned index, u64 descriptor) {
  return arch_hypercall(__HYPERVISOR_update_descriptor, test_machine(page) * page_bytes + index * 8,
                        descriptor);
}
long set_base(unsigned which, u64 base) { return arch_hypercall(__HYPERVISOR_set_segment_base, which, base); }
long set_ldt(u64 base, u32 entries) {
  mmuext_op_t op{};
  op.cmd = MMUEXT_SET_LDT;
  op.arg1.linear_addr = base;
  op.arg2.nr_ents = entries;
  return hypercall_mmuext_op(&op, 1, nullptr, DOMID_SELF);
}

u64* fill_page(Pfn page) {
  auto* descriptors = static_cast<u64*>(test_va(page));
  memset(descriptors, 0, page_bytes);
  descriptors[1] = flat_data;
  descriptors[2] = small_data;
  descriptors[3] = based_data;
  return descriptors;
}

void check_gdt_refusals(Pfn page) {
  u64 frame = test_machine(page);
  test_equal("set_gdt with too many entries", set_gdt(&frame, 8192), -XEN_EINVAL);
  test_equal("set_gdt from unmapped memory", set_gdt(reinterpret_cast<u64*>(0x100000000000ull), 512),
             -XEN_EFAULT);
  if (!guest_is_translated())
    test_check(set_gdt(&frame, 512) < 0, "set_gdt took a page that is mapped writable");
  u64 nowhere = 0x3fffffffff;
  test_check(set_gdt(&nowhere, 512) < 0, "set_gdt took a frame that does not exist");
}

// In model translated the hypervisor has copied the page: what is stored to it afterwards counts no more,
// least of all a way to ring 0.
void check_copied(Pfn page) {
  auto* descriptors = static_cast<volatile u64*>(test_va(page));
  test_equal("map the GDT page writable", test_map(page, pte_kernel), 0);
  descriptors[8] = call_gate;
  descriptors[9] = flat_data;
  test_equal("limit of a descriptor stored behind the hypervisor's back", limit_of(gdt_selector(9)), 0);
  descriptors[8] = 0;
  descriptors[9] = 0;
}

void check_gdt(Pfn page) {
  u64 frame = test_machine(page);
  fill_page(page);
  check_gdt_refusals(page);
  test_equal("make the GDT page read-only", test_map(page, pte_kernel_ro), 0);
  test_equal("set_gdt", set_gdt(&frame, 512), 0);
  if (!guest_is_translated())
    test_check(test_map(page, pte_kernel) < 0, "a page in use as GDT can be mapped writable");
  else
    check_copied(page);
  test_equal("ES from the GDT", load_es(gdt_selector(1)), gdt_selector(1));
  test_equal("limit of a flat segment", limit_of(gdt_selector(1)), 0xffffffff);
  test_equal("limit of a small segment", limit_of(gdt_selector(2)), 0xffff);
  load_es(gdt_selector(5));
  test_equal("null descriptor: vector", static_cast<s64>(seen_vector), trap_general_protection);
  test_equal("null descriptor: error code", static_cast<s64>(seen_error), gdt_selector(5) & ~3);
}

void check_update_descriptor(Pfn page, Pfn plain) {
  test_equal("update_descriptor", set_descriptor(page, 4, small_data), 0);
  test_equal("limit after update_descriptor", limit_of(gdt_selector(4)), 0xffff);
  test_equal("update_descriptor, DPL 0", set_descriptor(page, 6, data_of_ring_0), 0);
  test_equal("its DPL becomes 3", rights_of(gdt_selector(6)) >> 13 & 3, 3);
  test_equal("update_descriptor with a task state", set_descriptor(page, 7, task_state), -XEN_EINVAL);
  test_equal("descriptor after the refusal", limit_of(gdt_selector(7)), 0);
  // Xen takes a call gate, but its privilege away: calls through it fault, and are carried out by Xen.
  // Refusing it is as safe.
  const long gate = set_descriptor(page, 8, call_gate);
  test_check(gate == 0 || gate == -XEN_EINVAL, "update_descriptor with a call gate: %s", errno_name(gate));
  test_equal("rights of the gate", rights_of(gdt_selector(8)), 0);
  test_equal("update_descriptor, misaligned",
             arch_hypercall(__HYPERVISOR_update_descriptor, test_machine(page) * page_bytes + 4, flat_data),
             -XEN_EINVAL);
  test_check(arch_hypercall(__HYPERVISOR_update_descriptor, 0x3fffffffff000ull, flat_data) < 0,
             "update_descriptor of a frame that does not exist");
  Pfn l1 = test_table(test_virt_base, 1);
  u64 before = static_cast<u64*>(test_va(l1))[5];
  if (!guest_is_translated()) {
    test_check(set_descriptor(l1, 5, flat_data) < 0, "update_descriptor wrote to a page table");
    test_check(static_cast<u64*>(test_va(l1))[5] == before, "a page table entry has changed");
  }
  test_equal("update_descriptor of an ordinary page", set_descriptor(plain, 9, flat_data), 0);
  test_check(static_cast<u64*>(test_va(plain))[9] >> 40 == flat_data >> 40, "the ordinary page is unchanged");
}

void drop_gdt(Pfn page) {
  load_es(0);
  test_equal("set_gdt without entries", set_gdt(nullptr, 0), 0);
  test_equal("limit without a GDT", limit_of(gdt_selector(1)), 0);
  test_equal("the page comes back", test_map(page, pte_kernel), 0);
}

void check_ldt(Pfn page) {
  u64 base = reinterpret_cast<u64>(test_va(page));
  test_equal("SET_LDT, misaligned", set_ldt(base + 8, 512), -XEN_EINVAL);
  test_equal("SET_LDT with too many entries", set_ldt(base, 8193), -XEN_EINVAL);
  fill_page(page);
  test_equal("make the LDT page read-only", test_map(page, pte_kernel_ro), 0);
  test_equal("SET_LDT", set_ldt(base, 512), 0);
  test_equal("ES from the LDT", load_es(ldt_selector(2)), ldt_selector(2));
  test_equal("limit of an LDT segment", limit_of(ldt_selector(2)), 0xffff);
  if (!guest_is_translated())
    test_check(test_map(page, pte_kernel) < 0, "a page in use as LDT can be mapped writable");
  load_es(0);
  test_equal("SET_LDT without entries", set_ldt(0, 0), 0);
  load_es(ldt_selector(2));
  test_equal("no LDT: vector", static_cast<s64>(seen_vector), trap_general_protection);
  test_equal("no LDT: error code", static_cast<s64>(seen_error), ldt_selector(2) & ~3);
  test_equal("the LDT page comes back", test_map(page, pte_kernel), 0);
}

void check_bases() {
  static const u64 values[3] = {0x1111, 0x2222, 0x3333};
  u64 fs, gs;
  test_equal("FS base", set_base(SEGBASE_FS, hypercall_arg(&values[0])), 0);
  test_equal("GS base of the kernel", set_base(SEGBASE_GS_KERNEL, hypercall_arg(&values[1])), 0);
  test_equal("GS base of user mode", set_base(SEGBASE_GS_USER, hypercall_arg(&values[2])), 0);
  hypercall_sched_op(SCHEDOP_yield, nullptr);
  asm volatile("movq %%fs:0, %0\n movq %%gs:0, %1" : "=r"(fs), "=r"(gs));
  test_equal("memory at FS", static_cast<s64>(fs), 0x1111);
  test_equal("memory at GS", static_cast<s64>(gs), 0x2222);
  test_check(read_msr(msr_fs_base) == hypercall_arg(&values[0]), "MSR of the FS base");
  test_check(read_msr(msr_gs_base) == hypercall_arg(&values[1]), "MSR of the GS base");
  test_check(read_msr(msr_user_gs_base) == hypercall_arg(&values[2]), "MSR of the user GS base");
  const unsigned all[] = {SEGBASE_FS, SEGBASE_GS_USER, SEGBASE_GS_KERNEL};
  for (unsigned which : all)
    test_equal("base that is not canonical", set_base(which, 0x8000000000000000ull), -XEN_EINVAL);
  test_equal("base 99", set_base(99, 0), -XEN_EINVAL);
}

void check_user_gs_selector() {
  u64 kernel_base = read_msr(msr_gs_base);
  test_equal("user GS selector", set_base(SEGBASE_GS_USER_SEL, gdt_selector(3)), 0);
  test_equal("user GS base of the descriptor", static_cast<s64>(read_msr(msr_user_gs_base)), 0x12345000);
  test_equal("GS base of the kernel", static_cast<s64>(read_msr(msr_gs_base)), static_cast<s64>(kernel_base));
  test_equal("user GS selector that is null", set_base(SEGBASE_GS_USER_SEL, 0), 0);
}

void check_software_interrupts() {
  u64 at;
  seen_vector = ~0ull;
  asm volatile("movq $2f, %0\n movq $1f, %1\n 1: int $0x20\n 2:" : "=m"(resume), "=r"(at) : : "memory");
  test_equal("int 0x20: vector", static_cast<s64>(seen_vector), 0x20);
  test_equal("int 0x20: rip behind it", static_cast<s64>(seen_rip), static_cast<s64>(at + 2));
  asm volatile("movq $2f, %0\n movq $1f, %1\n 1: int $0x21\n 2:" : "=m"(resume), "=r"(at) : : "memory");
  test_equal("int 0x21: vector", static_cast<s64>(seen_vector), trap_general_protection);
  test_equal("int 0x21: error code", static_cast<s64>(seen_error), 0x21 * 8 + 2);
  test_equal("int 0x21: rip at it", static_cast<s64>(seen_rip), static_cast<s64>(at));
  asm volatile("movq $2f, %0\n movq $1f, %1\n 1: int3\n 2:" : "=m"(resume), "=r"(at) : : "memory");
  test_equal("int3: vector", static_cast<s64>(seen_vector), 3);
  test_equal("int3: rip behind it", static_cast<s64>(seen_rip), static_cast<s64>(at + 1));
  resume = 0;
}
}  // namespace

void test_main() {
  test_on_trap(on_trap);
  Pfn page = test_spare_frames(2), plain = page + 1;
  check_gdt(page);
  check_update_descriptor(page, plain);
  check_bases();
  check_user_gs_selector();
  drop_gdt(page);
  check_ldt(page);
  check_software_interrupts();
}
