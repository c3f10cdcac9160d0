// Proves: interrupts change nothing. Each piece of work gives a checksum undisturbed, then many times under a
// local APIC timer that fires after a pseudo-random, short time: inside string instructions, between a
// flag's making and its use, in ring 3, inside system calls, page faults and self-modifying code. No
// interrupted frame and no PUSHF may show TF: a core that single-steps behind the guest's back would.
#include "tests/isa/lib/apic.h"
#include "tests/isa/lib/descriptors.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/paging.h"
#include "tests/isa/lib/text.h"
#include "tests/isa/lib/trap.h"

using namespace isa;

namespace {

constexpr unsigned v_timer = 0x50, rounds = 12;
constexpr u64 tf = 0x100;

u64 random_state = 0x9e3779b97f4a7c15;
volatile u64 interrupts, bad_frames;
volatile bool disturb;

u64 random() {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

void arm() { lapic::write(lapic::timer_initial, static_cast<u32>(200 + random() % 5000)); }

void on_timer(TrapFrame& frame) {
  interrupts = interrupts + 1;
  if ((frame.rflags & tf) != 0 || (frame.rflags & 0x200) == 0) bad_frames = bad_frames + 1;
  lapic::write(lapic::eoi, 0);
  if (disturb) arm();
}

// --- work at ring 0 ----------------------------------------------------------------------------------
u8 buffer[3 * 4096], other[3 * 4096];

void fill_buffer() {
  for (unsigned i = 0; i < sizeof buffer; ++i) buffer[i] = static_cast<u8>(i * 7 + (i >> 8));
}

/// Carries, overflows and parities made in one instruction and used in the next.
u64 flags_work() {
  u64 sum = 0, a = 0x123456789abcdef1, b = 0xfedcba9876543210, seen = 0;
  for (unsigned i = 0; i < 3000; ++i) {
    asm volatile(R"(
        addq %1, %0
        adcq $0, %2
        rclq $3, %1
        sbbq %2, %0
        pushfq
        popq %%rax
        orq %%rax, %3
        andq $0x8d5, %%rax
        addq %%rax, %2
        shldq $5, %0, %1
        setc %%al
        cmovcq %1, %0
        imulq $0x5bd1, %1, %1
        lahf
        rorq $7, %2)"
                 : "+r"(a), "+r"(b), "+r"(sum), "+r"(seen)
                 :
                 : "rax", "cc");
  }
  return sum ^ a ^ b ^ ((seen & tf) != 0 ? ~u64{0} : 0);
}

u64 string_work() {
  fill_buffer();
  u64 sum = 0;
  for (unsigned i = 0; i < 12; ++i) {
    void *to = other + i, *from = buffer + 3 * i;
    u64 count = 6000 + i;
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count)::"memory");
    to = other + 8191, from = buffer + 8000, count = 5000;
    asm volatile("std; rep movsb; cld" : "+D"(to), "+S"(from), "+c"(count)::"memory");
    void *left = buffer + i, *right = buffer + 256 + i;
    count = 4000;
    asm volatile("repe cmpsb" : "+D"(left), "+S"(right), "+c"(count)::"memory", "cc");
    sum = sum * 31 + count;
    left = buffer, count = sizeof buffer;
    asm volatile("repne scasb" : "+D"(left), "+c"(count) : "a"(200 + i) : "memory", "cc");
    sum = sum * 31 + count;
    to = other + 5000, count = 700;
    asm volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(sum) : "memory");
    sum += other[(i * 997) % sizeof other];
  }
  for (u8 byte : other) sum = sum * 33 + byte;
  return sum;
}

__attribute__((noinline)) u64 fibonacci(u64 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
u64 call_work() { return fibonacci(18); }

u64 arithmetic_work() {
  u64 sum = 0;
  for (u64 i = 1; i < 3000; ++i) {
    u64 high, low;
    asm volatile("mulq %3" : "=a"(low), "=d"(high) : "0"(i * 0x9e3779b97f4a7c15), "r"(sum | 1) : "cc");
    asm volatile("divq %2" : "+a"(low), "+d"(high = high % i) : "r"(i) : "cc");
    u64 index;
    asm volatile("bsrq %1, %0" : "=r"(index) : "r"(low | 1) : "cc");
    asm volatile("lock; xaddq %0, %1" : "+r"(index), "+m"(sum)::"memory", "cc");
    u64 expected = sum;
    asm volatile("lock; cmpxchgq %2, %1"
                 : "+a"(expected), "+m"(sum)
                 : "r"(sum ^ (high << 7))
                 : "memory", "cc");
  }
  return sum;
}

u64 float_work() {
  u64 result = 0;
  for (unsigned i = 1; i < 1500; ++i) {
    asm volatile(R"(
        cvtsi2sdl %1, %%xmm0
        sqrtsd %%xmm0, %%xmm1
        movapd %%xmm0, %%xmm2
        divsd %%xmm1, %%xmm2
        addsd %%xmm0, %%xmm2
        mulsd %%xmm1, %%xmm2
        punpcklbw %%xmm1, %%xmm0
        rolq $9, %0
        movq %%xmm2, %%rax
        xorq %%rax, %0
        movq %%xmm0, %%rax
        addq %%rax, %0)"
                 : "+r"(result)
                 : "r"(i)
                 : "rax", "cc", "memory");
    double x87 = 0;
    asm volatile("fildl %1; fsqrt; fildl %1; faddp; fstpl %0" : "=m"(x87) : "m"(i));
    result ^= *reinterpret_cast<u64*>(&x87) >> 13;
  }
  return result;
}

u64 patching_work() {
  constexpr u64 code_va = test_va + 0x100000;
  map(code_va, address_of(other));
  u64 sum = 0;
  for (u32 i = 0; i < 150; ++i) {
    const u64 code = 0xb8 | u64{i} << 8 | u64{0xc3} << 40;  // mov $i, %eax; ret
    *reinterpret_cast<volatile u64*>(i % 2 == 0 ? code_va : address_of(other)) = code;
    sum = sum * 3 + reinterpret_cast<u64 (*)()>(code_va)();
  }
  return sum;
}

// --- page faults -------------------------------------------------------------------------------------
constexpr u64 demand_va = test_va + 0x400000;
u64 demand_faults;
alignas(4096) u64 demand_frames[8][512];

void on_page_fault(TrapFrame&) {
  const u64 va = read_cr2() & ~(page - 1);
  const u64 index = (va - demand_va) / page;
  ++demand_faults;
  map(va, address_of(demand_frames[index % 8]), pte::p | pte::w | pte::u);
}

u64 paging_work() {
  demand_faults = 0;
  for (auto& frame : demand_frames) {
    for (u64& word : frame) word = 0;
  }
  for (unsigned pass = 0; pass < 6; ++pass) {
    for (u64 i = 0; i < 64; ++i) {
      volatile u64& word = at(demand_va + i * page + 8 * pass);
      word = word + i;
    }
    for (u64 i = pass; i < 64; i += 3) {
      entry(demand_va + i * page, 1) = 0;
      invlpg(reinterpret_cast<void*>(demand_va + i * page));
    }
    // An unaligned store over two pages, either of which may be missing.
    for (u64 i = 1; i < 64; i += 7)
      *reinterpret_cast<volatile u64*>(demand_va + i * page - 3) = i * 0x0101010101010101;
  }
  u64 sum = demand_faults;
  for (auto& frame : demand_frames) {
    for (u64 word : frame) sum = sum * 31 + word;
  }
  for (u64 i = 0; i < 64; ++i) {
    entry(demand_va + i * page, 1) = 0;
    invlpg(reinterpret_cast<void*>(demand_va + i * page));
  }
  return sum;
}

// --- work at ring 3 ----------------------------------------------------------------------------------
extern "C" {
u64 stress_kernel_sum, stress_user_rsp;
u8 stress_stack[4096];
void stress_syscall();
}
/// The system call turns interrupts on for a while on a stack of its own, and adds RAX.
asm(R"(
        .pushsection .text.code, "ax"
        .globl stress_syscall
stress_syscall:
        movq %rsp, stress_user_rsp
        leaq stress_stack+4096(%rip), %rsp
        sti
        addq %rax, stress_kernel_sum
        pushq %rcx
        rolq $1, stress_kernel_sum
        popq %rcx
        cli
        movq stress_user_rsp, %rsp
        sysretq
        .popsection
)");

ISA_CODE(user_syscalls, R"(
        movl $400, %ebx
        xorl %r12d, %r12d
1:      movl %ebx, %eax
        syscall
        addq %r11, %r12
        decl %ebx
        jnz 1b
        movq %r12, %rax
        int $0x81)");
ISA_CODE(user_interrupts, R"(
        movl $200, %ebx
        xorl %eax, %eax
1:      int $0x82
        addq $3, %rax
        int3
        decl %ebx
        jnz 1b
        int $0x81)");
ISA_CODE(user_flags, R"(
        movl $400, %ebx
        xorl %r12d, %r12d
        xorl %r13d, %r13d
1:      addl $0x5a5a5a5a, %r13d
        pushfq
        popq %rax
        orq %rax, %r12
        pushq %rax
        popfq
        adcl $1, %r13d
        decl %ebx
        jnz 1b
        movl %r13d, %eax
        andl $0x100, %r12d
        shlq $32, %r12
        orq %r12, %rax
        int $0x81)");
ISA_CODE(user_strings, R"(
        movq %rdi, %r8
        xorl %r9d, %r9d
        movl $20, %ebx
1:      movq %r8, %rsi
        leaq 4096(%r8), %rdi
        movl $500, %ecx
        cld
        rep movsq
        movq %r8, %rdi
        movl $3000, %ecx
        movl %ebx, %eax
        repne scasb
        addq %rcx, %r9
        decl %ebx
        jnz 1b
        movq %r9, %rax
        int $0x81)");

u64 user_work(Code code, u64 argument = 0) {
  const Trap trap = probe(ring3, code, argument, 0x202);
  return trap.frame.vector == 0x81 ? trap.frame.rax : ~u64{0};
}
u64 syscall_work() {
  stress_kernel_sum = 0;
  const u64 flags = user_work(user_syscalls);
  return stress_kernel_sum + flags;
}
u64 software_interrupt_work() { return user_work(user_interrupts); }
u64 user_flags_work() { return user_work(user_flags); }
u64 user_string_work() {
  fill_buffer();
  return user_work(user_strings, address_of(buffer));
}
void ignore(TrapFrame&) {}

void stress(const char* name, u64 (*work)()) {
  disturb = false;
  const u64 quiet = work();
  u64 wrong = 0;
  const u64 before = interrupts;
  disturb = true;
  arm();
  for (unsigned i = 0; i < rounds; ++i) {
    sti();
    wrong += work() != quiet;
    sti();  // ring-3 work comes back with interrupts off
  }
  disturb = false;
  const u64 seen = interrupts;
  while (lapic::read(lapic::timer_current) != 0) pause();
  asm volatile("nop");
  cli();
  print(name, ": ", hex(quiet), ", wrong ", wrong, ", interrupted ", seen - before >= rounds, ", bad frames ",
        bad_frames, "\n");
}

}  // namespace

void isa_main() {
  for (unsigned vector : {3u, done_vector, 0x81u, 0x82u}) set_gate_dpl(vector, 3);
  enable_lapic();
  lapic::write(lapic::timer_divide, lapic::divide_by_1);
  lapic::write(lapic::lvt_timer, v_timer);
  write_msr(msr::star, u64{SEL_USER_CODE32} << 48 | u64{SEL_KERNEL_CODE} << 32);
  write_msr(msr::lstar, reinterpret_cast<u64>(stress_syscall));
  write_msr(msr::fmask, 0x700);
  on_vector(v_timer, on_timer);
  on_vector(14, on_page_fault);
  on_vector(3, ignore);
  on_vector(0x82, ignore);
  print("-- work under interrupts\n");
  stress("flags", flags_work);
  stress("strings", string_work);
  stress("calls", call_work);
  stress("arithmetic", arithmetic_work);
  stress("floating point", float_work);
  stress("patched code", patching_work);
  stress("page faults", paging_work);
  stress("system calls", syscall_work);
  stress("software interrupts", software_interrupt_work);
  stress("flags at ring 3", user_flags_work);
  stress("strings at ring 3", user_string_work);
}
