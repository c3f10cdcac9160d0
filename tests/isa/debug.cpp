// Proves: breakpoints in DR0-DR3 fire as SDM vol. 3B 17.2 and 17.3 say. Instruction breakpoints are faults in
// front of the instruction and pass once with RF; data breakpoints are traps behind the instruction that
// touches a watched byte, however it does (operand, stack, string element, across pages), and no other;
// port breakpoints need CR4.DE. DR6 names the breakpoint, together with BS when TF is set too; general detect
// guards the registers and is cleared on the way into the handler.
//
// On lines of their own (~), where TCG departs from the manual: it reports unaligned stores beside the
// watched bytes, merges a trap with a breakpoint on the next instruction, stops at the last iteration of a
// string instruction, and has no general detect.
#include "tests/isa/lib/descriptors.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/text.h"
#include "tests/isa/lib/trap.h"

using namespace isa;

extern "C" {
alignas(4096) u8 area[2 * 4096];
}

namespace {

ISA_CODE(three_nops, "nop; nop; nop; int $0x81");
ISA_CODE(looping, "mov $3, %ecx; 1: nop; dec %ecx; jnz 1b; int $0x81");
ISA_CODE(flags_loop,
         "mov $5, %ecx; xor %eax, %eax; 1: add $1, %eax; cmp $3, %eax; dec %ecx; jnz 1b; int $0x81");
ISA_CODE(stores,
         "movb $1, (%rdi); movw $1, (%rdi); movl $1, (%rdi); movq $1, (%rdi); nop; movq $1, -8(%rdi); "
         "movb $1, 1(%rdi); movb $1, 2(%rdi); movl $1, 4(%rdi); movl $1, 8(%rdi); int $0x81");
ISA_CODE(
    unaligned_stores,
    "movq $1, -7(%rdi); movq $1, -8(%rdi); movw $1, 3(%rdi); movl $1, 7(%rdi); movl $1, 8(%rdi); int $0x81");
ISA_CODE(loads,
         "movb (%rdi), %al; movq -8(%rdi), %rax; cmpl $1, (%rdi); testb $1, 3(%rdi); nop; "
         "lea (%rdi), %rax; prefetchnta (%rdi); int $0x81");
ISA_CODE(modify,
         "incl (%rdi); lock; addb $1, 3(%rdi); xchg %eax, (%rdi); lock; cmpxchg %ecx, (%rdi); "
         "btsl $33, -4(%rdi); int $0x81");
ISA_CODE(stack_use,
         "movq %rsp, %rbx; lea 8(%rdi), %rsp; pushq $1; nop; popq %rax; call 1f; 1: addq $8, %rsp; "
         "pushfq; popfq; movq %rbx, %rsp; int $0x81");
ISA_CODE(strings,
         "cld; lea area, %rdi; mov $20, %ecx; rep stosb; lea area, %rsi; lea area+4096, %rdi; "
         "mov $2, %ecx; rep movsq; lea area, %rsi; lodsl; int $0x81");
ISA_CODE(xmm_use, "movups %xmm0, (%rdi); movaps (%rdi), %xmm1; movsd %xmm0, 8(%rdi); int $0x81");
ISA_CODE(ports,
         "mov $0x80, %edx; out %al, %dx; in %dx, %al; out %al, $0x81; mov $0x7f, %edx; out %ax, %dx; "
         "out %al, $0x82; int $0x81");
ISA_CODE(read_dr0, "mov %dr0, %rax; nop; int $0x81");
ISA_CODE(write_dr7, "mov %rdi, %dr7; nop; nop; nop; int $0x81");

enum : u64 { execute = 0, write = 1, port = 2, access = 3 };

constexpr u64 enable_local(unsigned n) { return u64{1} << 2 * n; }
constexpr u64 enable_global(unsigned n) { return u64{2} << 2 * n; }
constexpr u64 kind(unsigned n, u64 rw, u64 bytes) {
  const u64 length = bytes == 8 ? 2 : bytes - 1;
  return (rw | length << 2) << (16 + 4 * n);
}

void set_dr(unsigned n, u64 value) {
  if (n == 0) asm volatile("mov %0, %%dr0" ::"r"(value));
  if (n == 1) asm volatile("mov %0, %%dr1" ::"r"(value));
  if (n == 2) asm volatile("mov %0, %%dr2" ::"r"(value));
  if (n == 3) asm volatile("mov %0, %%dr3" ::"r"(value));
  if (n == 6) asm volatile("mov %0, %%dr6" ::"r"(value));
  if (n == 7) asm volatile("mov %0, %%dr7" ::"r"(value));
}
u64 get_dr7() {
  u64 value;
  asm volatile("mov %%dr7, %0" : "=r"(value));
  return value;
}
u64 get_dr6() {
  u64 value;
  asm volatile("mov %%dr6, %0" : "=r"(value));
  return value;
}

struct Hit {
  u64 rip, dr6, dr7, rax;
};
Hit hits[32];
unsigned hit_count;
bool set_resume = true;

void note_hit(TrapFrame& frame) {
  const u64 dr7 = get_dr7();
  const u64 dr6 = get_dr6();
  if (hit_count < 32) hits[hit_count++] = {frame.rip, dr6, dr7, frame.rax};
  set_dr(6, 0xffff0ff0);
  constexpr u64 rf = 1 << 16;
  if (set_resume && (dr6 & 15) != 0) frame.rflags |= rf;
  if (hit_count == 32) set_dr(7, 0x400);
}

u64 base_of(Code code) { return reinterpret_cast<u64>(code); }

/// Runs the code with DR7 set, prints where #DB came and what DR6 said.
void watch(const char* what, Ring ring, Code code, u64 dr7, u64 argument = 0, u64 rflags = 2) {
  hit_count = 0;
  set_dr(6, 0xffff0ff0);
  set_dr(7, dr7);
  const Trap end = probe(ring, code, argument, rflags);
  set_dr(7, 0x400);
  print(what, ":");
  for (unsigned i = 0; i < hit_count; ++i) {
    print(" +", hits[i].rip - base_of(code), "=");
    for (unsigned n = 0; n < 4; ++n)
      if ((hits[i].dr6 >> n & 1) != 0) print(n);
    if ((hits[i].dr6 & 0x4000) != 0) print("S");
    if ((hits[i].dr6 & 0x2000) != 0) print("D");
  }
  if (end.frame.vector != 0x81) print(" ended by ", vector_name(end.frame.vector));
  print("\n");
}

void instructions() {
  print("-- instruction breakpoints\n");
  for (Ring ring : {ring0, ring3}) {
    set_dr(0, base_of(three_nops) + 1);
    watch("one", ring, three_nops, enable_global(0));
    watch("local", ring, three_nops, enable_local(0));
    watch("both", ring, three_nops, enable_local(0) | enable_global(0));
    watch("none", ring, three_nops, 0);
    set_dr(1, base_of(three_nops) + 2);
    watch("two in a row", ring, three_nops, enable_global(0) | enable_global(1));
    set_dr(1, base_of(three_nops) + 1);
    watch("two at one place", ring, three_nops, enable_global(0) | enable_global(1));
    set_dr(1, base_of(three_nops));
    watch("the first", ring, three_nops, enable_global(1));
    set_dr(2, base_of(looping) + 5);
    watch("in a loop", ring, looping, enable_global(2));
    set_dr(3, base_of(flags_loop) + 10);
    watch("between an addition and its flags", ring, flags_loop, enable_global(3));
    print("rax in it:");
    for (unsigned i = 0; i < hit_count; ++i) print(" ", hits[i].rax);
    print("\n");
    watch("~ with TF", ring, three_nops, enable_global(0), 0, 0x102);
  }
  set_dr(0, base_of(three_nops) + 1);
  watch("RF set in the popped flags", ring3, three_nops, enable_global(0) | enable_global(1), 0, 0x10002);
  set_resume = false;
  watch("~ without RF it comes again", ring3, three_nops, enable_global(0));
  set_resume = true;
}

void data() {
  print("-- data breakpoints\n");
  const u64 at = reinterpret_cast<u64>(area + 64);
  for (Ring ring : {ring0, ring3}) {
    set_dr(0, at);
    for (u64 bytes : {1, 2, 4, 8}) {
      print(bytes, " byte(s), ring ", static_cast<unsigned>(ring), "\n");
      watch("stores, write", ring, stores, enable_global(0) | kind(0, write, bytes), at);
      watch("loads, write", ring, loads, enable_global(0) | kind(0, write, bytes), at);
      watch("~ unaligned stores", ring, unaligned_stores, enable_global(0) | kind(0, write, bytes), at);
      watch("stores, access", ring, stores, enable_global(0) | kind(0, access, bytes), at);
      watch("loads, access", ring, loads, enable_global(0) | kind(0, access, bytes), at);
      watch("read-modify-write, write", ring, modify, enable_global(0) | kind(0, write, bytes), at);
    }
    watch("stack, write", ring, stack_use, enable_global(0) | kind(0, write, 4), at);
    watch("stack, access", ring, stack_use, enable_global(0) | kind(0, access, 4), at);
    watch("xmm, write", ring, xmm_use, enable_global(0) | kind(0, write, 4), at);
    watch("xmm, access", ring, xmm_use, enable_global(0) | kind(0, access, 4), at);
    watch("~ with TF", ring, stores, enable_global(0) | kind(0, write, 1), at, 0x102);
    set_dr(0, reinterpret_cast<u64>(area + 4));
    set_dr(1, reinterpret_cast<u64>(area + 4096 + 8));
    watch("~ strings", ring, strings,
          enable_global(0) | kind(0, write, 4) | enable_global(1) | kind(1, write, 8));
    set_dr(1, reinterpret_cast<u64>(area + 8));
    watch("~ strings, access", ring, strings, enable_global(1) | kind(1, access, 8));
  }
  const u64 edge = reinterpret_cast<u64>(area + 4096);
  set_dr(0, edge);
  set_dr(1, edge - 4);
  watch("across pages", ring0, stores,
        enable_global(0) | kind(0, write, 1) | enable_global(1) | kind(1, access, 4), edge);
  set_dr(2, base_of(stores) + 3);
  watch("~ instruction and data", ring0, stores, enable_global(0) | kind(0, write, 1) | enable_global(2),
        edge);
}

void other() {
  print("-- ports, general detect\n");
  set_dr(0, 0x80);
  set_dr(1, 0x82);
  watch("ports without DE", ring0, ports, enable_global(0) | enable_global(1) | kind(1, write, 1));
  u64 cr4;
  asm volatile("mov %%cr4, %0" : "=r"(cr4));
  asm volatile("mov %0, %%cr4" ::"r"(cr4 | 8));
  watch("ports", ring0, ports, enable_global(0) | kind(0, port, 1) | enable_global(1) | kind(1, port, 2));
  asm volatile("mov %0, %%cr4" ::"r"(cr4));
  watch("~ general detect", ring0, read_dr0, 0x2400);
  print("~ GD in the handler: ", (hits[0].dr7 & 0x2000) != 0, "\n");
  set_dr(0, base_of(write_dr7) + 3);
  set_dr(1, base_of(write_dr7) + 4);
  watch("armed by the instruction in front", ring0, write_dr7, 0,
        0x400 | enable_global(0) | enable_global(1));
}

}  // namespace

void isa_main() {
  set_gate_dpl(done_vector, 3);
  set_gate_dpl(0x81, 3);
  on_vector(1, note_hit);
  instructions();
  data();
  other();
}
