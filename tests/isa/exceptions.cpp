// Proves: each exception that software can provoke arrives with the right vector, error code, saved RIP
// (at the instruction for faults, behind it for traps), CS, SS and stack, from ring 0, ring 3 and
// compatibility mode; IST and double faults choose their stacks; contributory exceptions combine into
// #DF as SDM vol. 3A table 6-5 says; handlers that return resume the code undisturbed.
//
// Not modelled by QEMU's TCG, and therefore on lines of their own (~) or absent: #AC, #XM, icebp, #SS for a
// non-canonical stack address, W of a read-modify-write that faults.
#include "tests/isa/lib/descriptors.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/text.h"
#include "tests/isa/lib/trap.h"

using namespace isa;

namespace {

ISA_CODE(nothing, "nop");
ISA_CODE(finish, "int $0x80");

// --- faults and traps by one instruction -------------------------------------------------------------
ISA_CODE(divide_by_zero, "xor %ecx, %ecx; mov $1, %eax; cltd; idiv %ecx");
ISA_CODE(divide_overflow, "mov $0x80000000, %eax; cltd; mov $-1, %ecx; idiv %ecx");
ISA_CODE(divide_unsigned, "mov $1, %edx; xor %eax, %eax; mov $1, %ecx; div %ecx");
ISA_CODE(breakpoint, "int3");
ISA_CODE(breakpoint_int, ".byte 0xcd, 3");
ISA_CODE(icebp, ".byte 0xf1");
ISA_CODE(overflow_int, "int $4");
ISA_CODE(undefined, "ud2");
ISA_CODE(undefined_into, ".byte 0xce");
ISA_CODE(undefined_push_es, ".byte 0x06");
ISA_CODE(undefined_lock, "lock; addl %eax, %eax");
ISA_CODE(far_null, "lcall *(%rdi)");
ISA_CODE(x87, "fninit");
ISA_CODE(x87_wait, "fwait");
ISA_CODE(sse, "xorps %xmm0, %xmm0");
ISA_CODE(x87_zero_divide, "fninit; movw $0x37b, -8(%rsp); fldcw -8(%rsp); fld1; fldz; fdivrp; fwait");
ISA_CODE(compat_into, ".code32; movl $0x7fffffff, %eax; addl $1, %eax; into; .code64");
ISA_CODE(compat_bound, ".code32; movl $7, %eax; bound %eax, (%edi); .code64");
ISA_CODE(compat_finish, ".code32; pushl %es; popl %es; int $0x80; .code64");

// --- privilege ---------------------------------------------------------------------------------------
ISA_CODE(do_hlt, "hlt");
ISA_CODE(do_cli, "cli");
ISA_CODE(do_sti, "sti");
ISA_CODE(do_in, "mov $0x3fd, %edx; in %dx, %al");
ISA_CODE(do_out, "mov $0xf4, %edx; out %eax, %dx");
ISA_CODE(do_read_cr0, "mov %cr0, %rax");
ISA_CODE(do_write_cr3, "mov %rax, %cr3");
ISA_CODE(do_clts, "clts");
ISA_CODE(do_lgdt, "lgdt (%rdi)");
ISA_CODE(do_lidt, "lidt (%rdi)");
ISA_CODE(do_ltr, "mov $0x30, %eax; ltr %ax");
ISA_CODE(do_lldt, "xor %eax, %eax; lldt %ax");
ISA_CODE(do_rdmsr, "mov $0xc0000080, %ecx; rdmsr");
ISA_CODE(do_wrmsr, "mov $0xc0000080, %ecx; wrmsr");
ISA_CODE(do_invlpg, "invlpg (%rdi)");
ISA_CODE(do_wbinvd, "wbinvd");
ISA_CODE(do_read_dr7, "mov %dr7, %rax");
ISA_CODE(do_swapgs, "swapgs");
ISA_CODE(do_sysret, "sysretq");

// --- segments and gates ------------------------------------------------------------------------------
ISA_CODE(load_ds, "mov %edi, %ds");
ISA_CODE(load_ss, "mov %edi, %ss");
ISA_CODE(software_13, "int $13");
ISA_CODE(software_6, "int $6");
ISA_CODE(software_0x41, "int $0x41");
ISA_CODE(software_0x42, "int $0x42");
ISA_CODE(software_0x43, "int $0x43");

// --- memory ------------------------------------------------------------------------------------------
ISA_CODE(load, "movq (%rdi), %rax");
ISA_CODE(store, "movq %rax, (%rdi)");
ISA_CODE(add_memory, "addq $1, (%rdi)");
ISA_CODE(jump, "jmp *%rdi");
ISA_CODE(jump_by_memory, "movq %rdi, -8(%rsp); jmp *-8(%rsp)");
ISA_CODE(call_it, "nop; call *%rdi");
ISA_CODE(return_to_it, "pushq %rdi; ret");
ISA_CODE(return_and_pop, "pushq %rax; pushq %rdi; ret $8");
ISA_CODE(bad_push, "movq %rsp, %rcx; movq %rdi, %rsp; pushq %rax; movq %rcx, %rsp");
ISA_CODE(string_store, "mov $16, %ecx; cld; rep stosq");

constexpr u64 unmapped = u64{0x7f} << 39;  // a PML4 slot that boot.S leaves empty
constexpr u64 non_canonical = u64{1} << 47;

u64 scratch[4];

void instructions() {
  print("-- instructions\n");
  for (Ring ring : {ring0, ring3}) {
    print("ring ", static_cast<unsigned>(ring), "\n");
    report("idiv by zero", ring, divide_by_zero);
    report("idiv overflow", ring, divide_overflow);
    report("div overflow", ring, divide_unsigned);
    report("ud2", ring, undefined);
    report("into in 64-bit mode", ring, undefined_into);
    report("push es in 64-bit mode", ring, undefined_push_es);
    report("lock on a register", ring, undefined_lock);
    report("far call to selector 0", ring, far_null, reinterpret_cast<u64>(scratch));
    report("x87 zero divide, at the waiting instruction", ring, x87_zero_divide);
    report("~ icebp", ring, icebp);
  }
}

void software_interrupts() {
  print("-- int n\n");
  for (unsigned dpl : {3u, 0u}) {
    for (unsigned vector : {3u, 4u, 6u, 13u}) set_gate_dpl(vector, dpl);
    print("gates of DPL ", dpl, "\n");
    report("int3 at ring 0", ring0, breakpoint);
    report("int 3 at ring 0", ring0, breakpoint_int);
    report("int3 at ring 3", ring3, breakpoint);
    report("int 3 at ring 3", ring3, breakpoint_int);
    report("int 4 at ring 3", ring3, overflow_int);
    report("int 6 at ring 3", ring3, software_6);
    report("int 13 at ring 3", ring3, software_13);
    report("int 13 at ring 0", ring0, software_13);
    report("into at ring 3, compatibility mode", ring3_compat, compat_into);
  }
  static const u32 bounds[] = {1, 5};
  report("bound at ring 3, compatibility mode", ring3_compat, compat_bound, reinterpret_cast<u64>(bounds));
  report("end of compatibility mode", ring3_compat, compat_finish);
}

void device_not_available() {
  print("-- CR0.TS, CR0.MP, CR0.EM\n");
  const u64 cr0 = read_cr0();
  constexpr u64 mp = 2, em = 4, ts = 8;
  write_cr0(cr0 | ts);
  report("x87 with TS", ring0, x87);
  report("fwait with TS and MP", ring3, x87_wait);
  report("sse with TS", ring3, sse);
  write_cr0((cr0 & ~mp) | ts);
  report("fwait with TS without MP", ring3, x87_wait);
  write_cr0(cr0 | em);
  report("x87 with EM", ring0, x87);
  report("sse with EM", ring0, sse);
  write_cr0(cr0);
  report("x87 with neither", ring0, x87);
}

void privileged() {
  print("-- privileged instructions at ring 3\n");
  static const struct {
    const char* name;
    Code code;
  } cases[] = {{"hlt", do_hlt},
               {"cli", do_cli},
               {"sti", do_sti},
               {"in", do_in},
               {"out", do_out},
               {"mov from cr0", do_read_cr0},
               {"mov to cr3", do_write_cr3},
               {"clts", do_clts},
               {"lgdt", do_lgdt},
               {"lidt", do_lidt},
               {"ltr", do_ltr},
               {"lldt", do_lldt},
               {"rdmsr", do_rdmsr},
               {"wrmsr", do_wrmsr},
               {"invlpg", do_invlpg},
               {"wbinvd", do_wbinvd},
               {"mov from dr7", do_read_dr7},
               {"swapgs", do_swapgs},
               {"sysret", do_sysret}};
  for (const auto& c : cases) report(c.name, ring3, c.code, reinterpret_cast<u64>(scratch));
  constexpr u64 iopl3 = 0x3002;
  print("with IOPL 3\n");
  report("in", ring3, do_in, 0, iopl3);
}

void segments() {
  print("-- segment loads\n");
  gdt[SEL_FREE >> 3] = 0x00cf73000000ffff;        // data, DPL 3, not present
  gdt[(SEL_FREE >> 3) + 1] = 0x00cf13000000ffff;  // data, DPL 0, not present
  report("ds not present", ring3, load_ds, SEL_FREE | 3);
  report("ss not present", ring3, load_ss, SEL_FREE | 3);
  report("ss not present, ring 0", ring0, load_ss, SEL_FREE + 8);
  report("ds beyond the limit", ring3, load_ds, GDT_ENTRIES * 8);
  report("ds from an empty LDT", ring3, load_ds, 0xf);
  report("ds too privileged", ring3, load_ds, SEL_KERNEL_DATA);
  report("ss with the wrong RPL", ring3, load_ss, SEL_USER_DATA & ~3);
  report("ss null", ring3, load_ss, 0);
  report("ss from a code segment", ring3, load_ss, SEL_USER_CODE);
  report("ds from a system segment", ring0, load_ds, SEL_TSS);
  report("ds null", ring3, load_ds, 0);
}

void gates() {
  print("-- gates\n");
  idt[0x41].type &= 0x7f;  // not present
  idt[0x42].type = 0x85;   // a task gate: none in 64-bit mode
  idt[0x43].selector = SEL_USER_DATA;
  report("gate not present", ring0, software_0x41);
  report("gate of a bad type", ring0, software_0x42);
  report("gate to a data segment", ring0, software_0x43);
  set_gate_dpl(0x41, 3);
  report("gate not present, from ring 3", ring3, software_0x41);
  const u16 limit = 0x40 * 16 - 1;
  struct [[gnu::packed]] {
    u16 size;
    Gate* base;
  } pointer{limit, idt};
  asm volatile("lidt %0" ::"m"(pointer));
  report("vector beyond the IDT limit", ring0, software_0x43);
  load_idt();
}

void memory() {
  print("-- memory\n");
  auto page_fault = [](const char* what, Ring ring, Code code, u64 address) {
    show(what, probe(ring, code, address), code, address);
  };
  for (Ring ring : {ring0, ring3}) {
    print("ring ", static_cast<unsigned>(ring), "\n");
    page_fault("load", ring, load, unmapped + 0x123);
    page_fault("store", ring, store, unmapped + 0xff8);
    page_fault("~ read-modify-write", ring, add_memory, unmapped);
    page_fault("load across pages", ring, load, unmapped + 0xffd);
    page_fault("rep stos", ring, string_store, unmapped + 8);
    report("load, non-canonical", ring, load, non_canonical);
    report("store, non-canonical", ring, store, non_canonical - 1 + (u64{1} << 48));
    report("~ jump, non-canonical", ring, jump, non_canonical);
    report("~ jump by memory, non-canonical", ring, jump_by_memory, non_canonical);
    report("~ call, non-canonical", ring, call_it, non_canonical);
    report("~ ret, non-canonical", ring, return_to_it, non_canonical);
    report("~ ret n, non-canonical", ring, return_and_pop, non_canonical);
  }
  set_ist(12, 1);
  set_ist(13, 1);
  report("~ push, non-canonical", ring0, bad_push, non_canonical + 64);
  set_ist(12, 0);
  set_ist(13, 0);
  const Trap trap = probe(ring3, jump, unmapped + 0x10);
  print("fetch: ", vector_name(trap.frame.vector), " err=", hex(trap.frame.error), " cr2=+",
        hex(trap.cr2 - unmapped), " rip=+", hex(trap.frame.rip - unmapped), "\n");
}

// --- stacks and combinations -------------------------------------------------------------------------
ISA_CODE(misaligned_stack, "movq %rsp, %rcx; subq $3, %rsp; ud2");

void stacks() {
  print("-- stacks\n");
  set_ist(6, 1);
  report("ud2 by IST 1, from ring 0", ring0, undefined);
  report("ud2 by IST 1, from ring 3", ring3, undefined);
  set_ist(6, 0);
  const Trap trap = report("ud2 with a misaligned stack", ring0, misaligned_stack);
  print("pushed rsp=-", trap.frame.rcx - trap.frame.rsp, " frame aligned=", (trap.frame_address & 15) == 0,
        "\n");
  report("int 0x80 at ring 3", ring3, finish);
  report("nothing", ring0, nothing);
}

void double_faults() {
  print("-- exceptions during delivery\n");
  constexpr u64 bad_stack = unmapped + 0x2000;
  set_ist(8, 2);
  idt[13].type &= 0x7f;
  report("#GP, gate not present", ring3, do_hlt);
  idt[13].type |= 0x80;
  idt[6].type &= 0x7f;
  report("#UD, gate not present: benign, so #NP", ring3, undefined);
  idt[11].type &= 0x7f;
  report("#UD then #NP then #NP", ring3, undefined);
  idt[6].type |= 0x80;
  idt[11].type |= 0x80;
  idt[14].type &= 0x7f;
  report("#PF, gate not present", ring3, load, unmapped);
  idt[14].type |= 0x80;

  const u64 rsp0 = tss[0].rsp[0];
  tss[0].rsp[0] = bad_stack;
  report("#UD, RSP0 not mapped, #PF on it too", ring3, undefined);
  set_ist(14, 1);
  const Trap trap = probe(ring3, undefined);
  show("#UD, RSP0 not mapped, #PF by IST 1", trap, undefined, bad_stack);
  show("#PF by IST 1 does not need RSP0", probe(ring3, load, unmapped), load, unmapped);
  set_ist(14, 0);
  tss[0].rsp[0] = rsp0;
  set_ist(8, 0);
}

// --- handlers that return ----------------------------------------------------------------------------
unsigned order[8], ordered;
u64 handler_flags, handler_ss;

void note(unsigned what) {
  if (ordered < 8) order[ordered++] = what;
}
void skip_ud2(TrapFrame& frame) {
  note(6);
  frame.rip += 2;
}
void nested_breakpoint(TrapFrame&) {
  note(3);
  asm volatile("ud2");
  note(33);
}
void look_around(TrapFrame&) {
  asm volatile("pushfq; pop %0; mov %%ss, %1" : "=r"(handler_flags), "=r"(handler_ss));
}
ISA_CODE(resume,
         "mov $1, %rax; mov $2, %rbx; mov $3, %r15; ud2; add $10, %rax; ud2; add $10, %rbx; int $0x81");
ISA_CODE(nest, "int3; ud2; int $0x81");
ISA_CODE(enter_gate, "int $0x44; int $0x81");

void returning() {
  print("-- handlers that return\n");
  set_gate_dpl(0x81, 3);
  set_gate_dpl(0x44, 3);
  set_gate_dpl(3, 3);
  on_vector(6, skip_ud2);
  const Trap trap = report("two ud2 skipped", ring3, resume);
  print("rax=", trap.frame.rax, " rbx=", trap.frame.rbx, " r15=", trap.frame.r15, "\n");
  on_vector(3, nested_breakpoint);
  ordered = 0;
  report("int3 whose handler meets ud2", ring3, nest);
  print("order:");
  for (unsigned i = 0; i < ordered; ++i) print(" ", order[i]);
  print("\n");
  on_vector(3, nullptr);
  on_vector(6, nullptr);

  on_vector(0x44, look_around);
  constexpr u64 interrupts_on = 0x202, with_ac_nt = 0x44002;
  for (u8 type : {u8{0xee}, u8{0xef}}) {
    idt[0x44].type = type;
    report(type == 0xee ? "interrupt gate" : "trap gate", ring3, enter_gate, 0, interrupts_on);
    print("in the handler: ss=", hex(handler_ss), " flags:");
    put_flags(handler_flags);
    print("\n");
  }
  report("AC and NT", ring3, enter_gate, 0, with_ac_nt);
  print("in the handler: flags:");
  put_flags(handler_flags);
  print("\n");
  on_vector(0x44, nullptr);
}

// --- single step -------------------------------------------------------------------------------------
ISA_CODE(steps, "nop; mov %ss, %eax; mov %eax, %ss; nop; nop; pushfq; pop %rax; int $0x81");
ISA_CODE(step_over_int, "nop; int $0x82; nop; int $0x81");

u64 step_rips[16], step_dr6[16];
unsigned step_count;

void note_step(TrapFrame& frame) {
  u64 dr6;
  asm volatile("mov %%dr6, %0; mov %1, %%dr6" : "=&r"(dr6) : "r"(u64{0xffff0ff0}));
  if (step_count < 16) {
    step_rips[step_count] = frame.rip;
    step_dr6[step_count++] = dr6;
  }
}
void ignore(TrapFrame&) {}

void single_step() {
  print("-- single step\n");
  constexpr u64 tf = 0x102;
  set_gate_dpl(0x82, 3);
  const Trap plain = report("TF at ring 3", ring3, steps, 0, tf);
  print("bs=", plain.frame.vector == 1, "\n");
  on_vector(1, note_step);
  on_vector(0x82, ignore);
  for (Code code : {steps, step_over_int}) {
    step_count = 0;
    const Trap end = report("stepped through", ring3, code, 0, tf);
    for (unsigned i = 0; i < step_count; ++i) {
      print(" +", step_rips[i] - reinterpret_cast<u64>(code), (step_dr6[i] & 0x4000) != 0 ? " BS" : "");
    }
    print("\n");
    if (code == steps) print("pushed flags have TF: ", (end.frame.rax & 0x100) != 0, "\n");
  }
  on_vector(1, nullptr);
  on_vector(0x82, nullptr);
}

}  // namespace

void isa_main() {
  set_gate_dpl(done_vector, 3);
  instructions();
  software_interrupts();
  device_not_available();
  privileged();
  segments();
  gates();
  memory();
  stacks();
  double_faults();
  returning();
  single_step();
}
