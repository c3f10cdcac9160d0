// Proves: SYSCALL, SYSRET, SWAPGS and IRETQ change exactly what they should: RCX and R11, CS and SS by STAR,
// the flags that FMASK clears, the GS bases; EFER.SCE gates them; IRETQ refuses bad frames and drops
// segments that the outer ring may not hold; POPF and IRETQ at CPL 3 cannot touch IF and IOPL.
#include "tests/isa/lib/descriptors.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/text.h"
#include "tests/isa/lib/trap.h"

using namespace isa;

namespace {

/// What the SYSCALL target found; syscall_entry stores it and comes back by SYSRET or by int 0x81.
struct Found {
  u64 rcx, r11, rsp, cs, ss, rflags;
};
extern "C" {
Found found;
u64 found_scratch;
}

asm(R"(
        .pushsection .text.code, "ax"
        .globl syscall_entry, syscall_entry_compat
syscall_entry:
        movq %rcx, found+0
        movq %r11, found+8
        movq %rsp, found+16
        movq %cs, %rax
        movq %rax, found+24
        movq %ss, %rax
        movq %rax, found+32
        leaq trap_stacks_end(%rip), %rsp
        pushfq
        popq found+40
        movq found+16, %rsp
        sysretq
syscall_entry_compat:
        movq %rcx, found+0
        movq %r11, found+8
        movq %cs, %rax
        movq %rax, found+24
        sysretl
        .popsection
        .pushsection .bss
        .skip 256
trap_stacks_end:
        .popsection
)");
extern "C" void syscall_entry();
extern "C" void syscall_entry_compat();

ISA_CODE(plain_syscall, "mov $0x1111, %ecx; mov $0x2222, %r11d; syscall; int $0x81");
ISA_CODE(stepped_syscall, "syscall; nop; int $0x81");
ISA_CODE(to_compat, "syscall; .code32; nop; int $0x81; .code64");
ISA_CODE(plain_sysret, "sysretq");

ISA_CODE(read_gs, "movq %gs:0, %rax; int $0x81");
ISA_CODE(swap_and_read, "swapgs; movq %gs:0, %rax; swapgs; movq %gs:0, %rbx; int $0x81");
ISA_CODE(read_fs, "movq %fs:8, %rax; int $0x81");
ISA_CODE(do_rdfsbase, "rdfsbase %rax; int $0x81");

ISA_CODE(do_popf, "pushq %rdi; popfq; pushfq; popq %rax; int $0x81");
ISA_CODE(iret_here, R"(
        movq %rsp, %rdx
        pushq $0x10
        pushq %rdx
        pushq %rdi
        pushq $0x08
        leaq 1f(%rip), %rax
        pushq %rax
        iretq
1:      pushfq
        popq %rax
        int $0x81)");
/// RDI points to SS RSP RFLAGS CS RIP in the order IRETQ pops them backwards.
ISA_CODE(iret_frame, R"(
        movq %rsp, %rdx
        movq %rdi, %rsp
        iretq
        movq %rdx, %rsp)");
ISA_CODE(user_int81, "nop; int $0x81");
ISA_CODE(user_iret, R"(
        movq %rsp, %rdx
        pushq $0x23
        pushq %rdx
        pushq %rdi
        pushq $0x2b
        leaq 1f(%rip), %rax
        pushq %rax
        iretq
1:      pushfq
        popq %rax
        int $0x81)");

u64 offset_in(u64 rip, Code code) { return rip - reinterpret_cast<u64>(code); }

void put_named_flags(const char* what, u64 rflags) {
  print(what);
  put_flags(rflags);
  print("\n");
}

void enable_syscall(Code target, u64 mask) {
  write_msr(msr::star, u64{SEL_USER_CODE32} << 48 | u64{SEL_KERNEL_CODE} << 32);
  write_msr(msr::lstar, reinterpret_cast<u64>(target));
  write_msr(msr::fmask, mask);
}

void syscalls() {
  print("-- SYSCALL and SYSRET\n");
  const u64 efer = read_msr(msr::efer), sce = 1;
  enable_syscall(syscall_entry, 0);
  write_msr(msr::efer, efer & ~sce);
  report("syscall without SCE", ring3, plain_syscall);
  report("sysret without SCE", ring0, plain_sysret);
  write_msr(msr::efer, efer);
  constexpr u64 cf_of = 0x801, df = 0x400;
  for (u64 mask : {u64{0}, u64{0x47700}, u64{0x200}}) {
    for (u64 rflags : {u64{0x2}, u64{0x202} | cf_of, u64{0x43602}}) {
      enable_syscall(syscall_entry, mask);
      found = {};
      const Trap trap = probe(ring3, plain_syscall, 0, rflags);
      print("mask ", hex(mask), " flags ", hex(rflags), ": rcx=+", offset_in(found.rcx, plain_syscall),
            " r11=", hex(found.r11), " cs=", hex(found.cs), " ss=", hex(found.ss),
            " same rsp=", found.rsp == trap.frame.rsp, "\n");
      put_named_flags("  in the kernel:", found.rflags & ~df);
      print("~ DF in the kernel: ", (found.rflags & df) != 0, "\n");  // TCG loses it
      print("  back: ", vector_name(trap.frame.vector), " ", trap.frame.vector, " cs=", hex(trap.frame.cs),
            " ss=", hex(trap.frame.ss), " rip=+", offset_in(trap.frame.rip, plain_syscall), " flags ",
            hex(trap.frame.rflags & ~u64{0x10000}), "\n");
    }
  }
  enable_syscall(syscall_entry_compat, 0);
  const Trap trap = probe(ring3, to_compat);
  print("sysretl: cs=", hex(trap.frame.cs), " ss=", hex(trap.frame.ss), " rip=+",
        offset_in(trap.frame.rip, to_compat), "\n");
  report("sysret at ring 3", ring3, plain_sysret);
}

unsigned steps_in_kernel, steps_in_user;
void count_step(TrapFrame& frame) { ++((frame.cs & 3) == 0 ? steps_in_kernel : steps_in_user); }

void stepped() {
  print("-- single step over SYSCALL\n");
  constexpr u64 tf = 0x102;
  for (u64 mask : {u64{0x100}, u64{0x300}, u64{0}}) {
    enable_syscall(syscall_entry, mask);
    steps_in_kernel = steps_in_user = 0;
    on_vector(1, count_step);
    probe(ring3, stepped_syscall, 0, tf);
    on_vector(1, nullptr);
    print("mask ", hex(mask), ": steps seen in the kernel ", steps_in_kernel, "\n");
  }
}

void bases() {
  print("-- FS, GS and SWAPGS\n");
  static const u64 one[] = {0x1001, 0x1002}, two[] = {0x2001, 0x2002};
  write_msr(msr::gs_base, reinterpret_cast<u64>(one));
  write_msr(msr::kernel_gs_base, reinterpret_cast<u64>(two));
  write_msr(msr::fs_base, reinterpret_cast<u64>(two));
  print("gs at ring 3: ", hex(probe(ring3, read_gs).frame.rax), "\n");
  const Trap swapped = probe(ring0, swap_and_read);
  print("swapped: ", hex(swapped.frame.rax), ", and back: ", hex(swapped.frame.rbx), "\n");
  asm volatile("swapgs");
  print("after one swap, GS base is the kernel's: ", read_msr(msr::gs_base) == reinterpret_cast<u64>(two),
        ", KERNEL_GS_BASE the user's: ", read_msr(msr::kernel_gs_base) == reinterpret_cast<u64>(one), "\n");
  print("gs at ring 3: ", hex(probe(ring3, read_gs).frame.rax), "\n");
  print("fs at ring 3: ", hex(probe(ring3, read_fs).frame.rax), "\n");
  report("swapgs at ring 3", ring3, swap_and_read);
  report("rdfsbase without CR4.FSGSBASE", ring3, do_rdfsbase);
  asm volatile("mov %0, %%gs; mov %0, %%fs" ::"r"(SEL_USER_DATA));
  print("loading selectors clears the bases: ", read_msr(msr::gs_base) == 0 && read_msr(msr::fs_base) == 0,
        "\n");
  asm volatile("mov %0, %%gs; mov %0, %%fs" ::"r"(0));
}

void flags() {
  print("-- POPF and IRETQ flags\n");
  constexpr u64 everything = 0x247fd7 & ~u64{0x100};  // all but TF
  for (Ring ring : {ring0, ring3}) {
    const Trap trap = probe(ring, do_popf, everything & ~u64{0x200});
    print("popf at ring ", static_cast<unsigned>(ring), ": ", hex(trap.frame.rax), "\n");
  }
  print("popf of IF at ring 3: ", hex(probe(ring3, do_popf, 0x202).frame.rax), "\n");
  print("popf of IF off at ring 3, IF on: ", hex(probe(ring3, do_popf, 0x2, 0x202).frame.rax), "\n");
  print("popf of IF off at ring 3, IOPL 3: ", hex(probe(ring3, do_popf, 0x2, 0x3202).frame.rax), "\n");
  print("iretq at ring 0: ", hex(probe(ring0, iret_here, 0x40002).frame.rax), "\n");
  print("iretq at ring 3, wants IF and IOPL: ", hex(probe(ring3, user_iret, 0x43202).frame.rax), "\n");
}

void try_frame(const char* what, u64 rip, u64 cs, u64 rflags, u64 rsp, u64 ss) {
  static u64 frame[5];
  frame[0] = rip, frame[1] = cs, frame[2] = rflags, frame[3] = rsp, frame[4] = ss;
  const Trap trap = probe(ring0, iret_frame, reinterpret_cast<u64>(frame));
  print(what, ": ", vector_name(trap.frame.vector), " ", trap.frame.vector);
  if (trap.frame.error != TrapFrame::no_error) print(" err=", hex(trap.frame.error));
  print(" cs=", hex(trap.frame.cs), " ss=", hex(trap.frame.ss),
        " at the iretq: ", trap.frame.rip == reinterpret_cast<u64>(iret_frame) + 6, "\n");
}

void iret_frames() {
  print("-- IRETQ frames\n");
  const u64 code = reinterpret_cast<u64>(user_int81);
  const u64 user_top = reinterpret_cast<u64>(user_stack) + user_stack_size - 64;
  alignas(16) static u8 kernel_stack[512];
  const u64 kernel_top = reinterpret_cast<u64>(kernel_stack) + sizeof kernel_stack;
  gdt[SEL_FREE >> 3] = 0x00af7b000000ffff;        // 64-bit code, DPL 3, not present
  gdt[(SEL_FREE >> 3) + 1] = 0x00cf73000000ffff;  // data, DPL 3, not present
  for (unsigned vector : {11u, 12u, 13u}) set_ist(vector, 1);
  try_frame("good, to ring 3", code, SEL_USER_CODE, 2, user_top, SEL_USER_DATA);
  try_frame("good, same ring", code, SEL_KERNEL_CODE, 2, kernel_top, SEL_KERNEL_DATA);
  try_frame("same ring, SS null", code, SEL_KERNEL_CODE, 2, kernel_top, 0);
  try_frame("CS null", code, 0, 2, user_top, SEL_USER_DATA);
  try_frame("CS a data segment", code, SEL_USER_DATA, 2, user_top, SEL_USER_DATA);
  try_frame("CS beyond the limit", code, GDT_ENTRIES * 8 + 3, 2, user_top, SEL_USER_DATA);
  try_frame("CS not present", code, SEL_FREE | 3, 2, user_top, SEL_USER_DATA);
  try_frame("CS with RPL 3 and DPL 0", code, SEL_KERNEL_CODE | 3, 2, user_top, SEL_USER_DATA);
  try_frame("SS null to ring 3", code, SEL_USER_CODE, 2, user_top, 0);
  try_frame("SS with RPL 0 to ring 3", code, SEL_USER_CODE, 2, user_top, SEL_USER_DATA & ~3);
  try_frame("SS a code segment", code, SEL_USER_CODE, 2, user_top, SEL_USER_CODE);
  try_frame("SS not present", code, SEL_USER_CODE, 2, user_top, (SEL_FREE + 8) | 3);
  for (unsigned vector : {11u, 12u, 13u}) set_ist(vector, 0);
}

ISA_CODE(read_segments, "mov %ds, %eax; mov %es, %ebx; mov %fs, %ecx; mov %gs, %edx; int $0x81");

void dropped_segments() {
  print("-- segments over IRETQ to ring 3\n");
  asm volatile("mov %0, %%ds; mov %1, %%es; mov %0, %%fs; mov %1, %%gs" ::"r"(SEL_KERNEL_DATA),
               "r"(SEL_USER_DATA));
  const Trap trap = probe(ring3, read_segments);
  print("ds ", hex(trap.frame.rax & 0xffff), " es ", hex(trap.frame.rbx & 0xffff), " fs ",
        hex(trap.frame.rcx & 0xffff), " gs ", hex(trap.frame.rdx & 0xffff), "\n");
}

}  // namespace

void isa_main() {
  set_gate_dpl(done_vector, 3);
  set_gate_dpl(0x81, 3);
  syscalls();
  stepped();
  bases();
  flags();
  iret_frames();
  dropped_segments();
}
