// Short cuts of SYSCALL, exceptions, INVLPG and MOV to CR3 (shortcut.h).
#include "tests/unit/cpu_x86/shortcut.h"

using namespace xs;
using namespace xs::test;

#define XS_LSTAR                                                        \
  "mov $0xc0000081,%ecx\n mov $0x130008,%edx\n xor %eax,%eax\n wrmsr\n" \
  "mov $0xc0000082,%ecx\n mov $0x110000,%eax\n xor %edx,%edx\n wrmsr\n" \
  "mov $0xc0000084,%ecx\n mov $0x700,%eax\n wrmsr\n"

// ---- SYSCALL ----

XS_CODE(sysret_to_user, XS_LSTAR "mov $0x210000,%ecx\n mov $0x202,%r11d\n mov $0x150000,%esp\n sysretq\n")
XS_CODE(user_calls,
        "mov $100,%ebx\n xor %edi,%edi\n 1: stc\n syscall\n adc $0,%edi\n dec %ebx\n jnz 1b\n ud2\n")
XS_CODE(system_call, "incq 0x600000\n clc\n mov %rcx,0x600008\n mov %r11,0x600010\n sysretq\n")
XS_CODE(user_prefixed, "mov $100,%ebx\n 1: .byte 0x48,0x0f,0x05\n nop\n dec %ebx\n jnz 1b\n ud2\n")

TEST_CASE("short cut: SYSCALL") {
  const auto setup = [](test::Code user) {
    return [user](Machine& m) {
      m.load(handler, system_call());
      m.load(user_program, user);
    };
  };
  const Outcome o = both(sysret_to_user(), 100, setup(user_calls()));
  CHECK(o.result(0) == 100);
  CHECK(o.result(1) == user_program + 10);
  CHECK((o.result(2) & 0x201) == 0x201);  // CF as it was
  CHECK(o.machine->reg("rdi") == 100);    // and given back
  CHECK(o.counters.syscalls == 100);
  CHECK(o.machine->traps.at(0).vector == 6);
}

TEST_CASE("SYSCALL with a prefix returns behind itself") {
  const Outcome o = both(sysret_to_user(), 0, [](Machine& m) {
    m.load(handler, system_call());
    m.load(user_program, user_prefixed());
  });
  CHECK(o.result(0) == 100);
  CHECK(o.result(1) == user_program + 8);
  CHECK(o.machine->traps.at(0).pc == user_program + 13);
}

XS_CODE(user_traced, "mov $3,%ebx\n pushq $0x302\n popfq\n 1: syscall\n dec %ebx\n jnz 1b\n ud2\n")
XS_CODE(no_mask, XS_LSTAR
        "mov $0xc0000084,%ecx\n xor %eax,%eax\n wrmsr\n"
        "mov $0x210000,%ecx\n mov $0x202,%r11d\n mov $0x150000,%esp\n sysretq\n")
XS_CODE(count_traps, "incq 0x600018\n iretq\n")

TEST_CASE("SYSCALL under the trap flag, masked or not") {
  const Setup setup = [](Machine& m) {
    m.load(handler, system_call());
    m.load(handler + 0x1000, count_traps());
    m.gate(1, handler + 0x1000, 3);
    m.load(user_program, user_traced());
  };
  CHECK(both(sysret_to_user(), 0, setup).result(0) == 3);
  CHECK(both(no_mask(), 0, setup).result(0) == 3);
}

// ---- exceptions and system registers ----

XS_CODE(exceptions,
        "mov $50,%ebx\n 1: ud2\n mov $0x1238,%eax\n mov %eax,%ds\n xor %ecx,%ecx\n div %cl\n"
        "mov $0xc0000102,%ecx\n mov %ebx,%eax\n xor %edx,%edx\n wrmsr\n rdmsr\n add %rax,%rsi\n"
        "mov %rbx,%cr2\n mov %cr2,%rax\n add %rax,%rsi\n mov $3,%eax\n mov %rax,%cr8\n mov %cr8,%rax\n"
        "add %rax,%rsi\n clts\n rdtsc\n pause\n dec %ebx\n jnz 1b\n mov %rsi,0x600000\n cli\n hlt\n")
XS_CODE(skip_2_bytes, "incq 0x600008\n addq $2,(%rsp)\n iretq\n")
XS_CODE(skip_2_error, "incq 0x600010\n add $8,%rsp\n addq $2,(%rsp)\n iretq\n")

TEST_CASE("short cut: exceptions, MSRs, control registers") {
  const Outcome o = both(exceptions(), 400, [](Machine& m) {
    m.load(handler, skip_2_bytes());
    m.load(handler + 0x1000, skip_2_error());
    m.gate(0, handler);
    m.gate(6, handler);
    m.gate(13, handler + 0x1000);
  });
  CHECK(o.result(0) == 2 * 50 * 51 / 2 + 3 * 50);
  CHECK(o.result(1) == 100);
  CHECK(o.result(2) == 50);
}

// ---- INVLPG ----

// Eight pages 1 MiB apart share one place in Unicorn's table of 256: they are in turn the victim table's.
XS_CODE(remap_pages,
        "mov $400,%ebx\n 1: mov %ebx,%ecx\n and $7,%ecx\n inc %ecx\n shl $20,%ecx\n add $0x1000000,%ecx\n"
        "mov %ecx,%edx\n shr $12,%edx\n mov %ebx,%eax\n shl $12,%eax\n add $0x2000003,%eax\n"
        "mov (%rcx),%r8\n mov %rax,0x20000(,%rdx,8)\n mov 0x1000000,%r9\n invlpg (%rcx)\n"
        "add (%rcx),%rsi\n mov %rbx,(%rcx)\n dec %ebx\n jnz 1b\n mov %rsi,0x600000\n cli\n hlt\n")

TEST_CASE("short cut: INVLPG forgets its page, wherever Unicorn keeps it") {
  u64 expected = 0;
  for (u64 i = 1; i <= 400; ++i) expected += i * 1000;
  const Outcome o = both(remap_pages(), 700, [](Machine& m) {
    for (u64 i = 1; i <= 400; ++i) m.ram.word(0x2000000 + (i << 12)) = i * 1000;
  });
  CHECK(o.result(0) == expected);
  for (u64 i = 1; i <= 400; ++i) CHECK(o.machine->ram.word(0x2000000 + (i << 12)) == i);
}

XS_CODE(return_1, "mov $1,%eax\n ret\n")
// As long, and more instructions.
XS_CODE(return_2, "push $2\n pop %rax\n nop\n nop\n ret\n")
// The page at 0x304000 is code of two frames in turn; so is the end of a function that begins before it.
XS_CODE(
    remap_code,
    "mov $50,%ebx\n 1: mov $0x304000,%ecx\n call *%rcx\n add %rax,%rsi\n mov $0x303ffd,%ecx\n call *%rcx\n"
    "add %rax,%rdi\n mov 0x21820,%rax\n xchg %rax,0x600020\n mov %rax,0x21820\n invlpg 0x304000\n"
    "dec %ebx\n jnz 1b\n mov %rsi,0x600000\n mov %rdi,0x600008\n cli\n hlt\n")
XS_CODE(
    remap_code_cr3,
    "mov $0x6a0,%eax\n mov %rax,%cr4\n"
    "mov $50,%ebx\n 1: mov $0x304000,%ecx\n call *%rcx\n add %rax,%rsi\n mov $0x303ffd,%ecx\n call *%rcx\n"
    "add %rax,%rdi\n mov 0x21820,%rax\n xchg %rax,0x600020\n mov %rax,0x21820\n mov %cr3,%rax\n"
    "mov %rax,%cr3\n"
    "dec %ebx\n jnz 1b\n mov %rsi,0x600000\n mov %rdi,0x600008\n cli\n hlt\n")

void two_codes(Machine& m) {
  const u8 nops[] = {0x90, 0x90, 0x90};
  std::memcpy(m.ram.at(0x303ffd), nops, sizeof nops);
  m.load(0x304000, return_1());
  m.load(0x305000, return_2());
  m.ram.word(results + 0x20) = 0x305000 | present_rw;
}

TEST_CASE("short cut: code of a page that is remapped") {
  const Outcome o = both(remap_code(), 50, two_codes);
  CHECK(o.result(0) == 75);
  CHECK(o.result(1) == 75);
  SECTION("by a CR3 load, everything else global") {
    const Outcome c = both(remap_code_cr3(), 50, [](Machine& m) {
      two_codes(m);
      for (u64 va = 0; va < (64 << 20); va += 4096)
        if (va != 0x304000) pte(m, va) |= global;
    });
    CHECK(c.result(0) == 75);
    CHECK(c.result(1) == 75);
  }
  SECTION("by a CR3 load, itself global: the old code stays") {
    const Outcome c = both(remap_code_cr3(), 50, [](Machine& m) {
      two_codes(m);
      pte(m, 0x304000) |= global;
    });
    CHECK(c.result(0) == 50);
    CHECK(c.result(1) == 50);
  }
}

// ---- the table of blocks ----

XS_CODE(
    call_three,
    "mov $50,%ebx\n 1: call *0x600020\n call *0x600028\n call *0x600030\n dec %ebx\n jnz 1b\n cli\n hlt\n")
XS_CODE(only_return, "ret\n")

u64 instructions_of_three(u64 first, u64 second, u64 third) {
  Machine m;
  m.load(first, return_1());
  m.load(second, return_2());
  m.load(third, only_return());
  m.ram.word(results + 0x20) = first;
  m.ram.word(results + 0x28) = second;
  m.ram.word(results + 0x30) = third;
  m.run(call_three());
  CHECK(m.core().state() == x86::CoreState::halted);
  return m.core().counters().instructions;
}

TEST_CASE("blocks that share a place in the engine's table are counted as what they are") {
  const u64 apart = instructions_of_three(0x240000, 0x248100, 0x250200);
  CHECK(apart > 50 * (3 + 2 + 2 + 5 + 1));
  CHECK(instructions_of_three(0x240000, 0x248001, 0x250002) == apart);
}

// ---- MOV to CR3 ----

XS_CODE(global_and_not,
        "mov $0x6a0,%eax\n mov %rax,%cr4\n mov %cr3,%rbp\n mov $40,%ebx\n"
        "1: mov 0x400000,%rax\n mov 0x401000,%rax\n"
        "mov 0x600020,%rax\n xchg %rax,0x22000\n mov %rax,0x600020\n"
        "mov 0x600028,%rax\n xchg %rax,0x22008\n mov %rax,0x600028\n"
        "mov %rbp,%cr3\n add 0x400000,%rsi\n add 0x401000,%rdi\n invlpg 0x400000\n add 0x400000,%r8\n"
        "dec %ebx\n jnz 1b\n mov %rsi,0x600000\n mov %rdi,0x600008\n mov %r8,0x600010\n cli\n hlt\n")

TEST_CASE("short cut: MOV to CR3 keeps global pages and no others") {
  const Outcome o = both(global_and_not(), 80, [](Machine& m) {
    pte(m, 0x400000) = 0x410000 | present_rw | global;
    pte(m, 0x401000) = 0x410000 | present_rw;
    m.ram.word(results + 0x20) = 0x411000 | present_rw | global;
    m.ram.word(results + 0x28) = 0x411000 | present_rw;
    m.ram.word(0x410000) = 1;
    m.ram.word(0x411000) = 2;
  });
  CHECK(o.result(0) == 60);  // one step behind
  CHECK(o.result(1) == 60);
  CHECK(o.result(2) == 60);
  CHECK(o.counters.mmu.flush_nonglobal >= 40);
}

// Code is written, run (its page loses the write right, for which everything is flushed in the middle of the
// fill), and the page gets another frame.
XS_CODE(write_run_remap,
        "mov $20,%ebx\n 1: movl $0x1b8,0x420000\n movl $0xc30000,0x420003\n mov $0x420000,%ecx\n call *%rcx\n"
        "add %rax,%rsi\n mov $0x424003,%eax\n mov %rax,0x22100\n mov %cr3,%rax\n mov %rax,%cr3\n call *%rcx\n"
        "add %rax,%rsi\n mov $0x420003,%eax\n mov %rax,0x22100\n mov %cr3,%rax\n mov %rax,%cr3\n dec %ebx\n"
        "jnz 1b\n mov %rsi,0x600000\n cli\n hlt\n")

TEST_CASE("short cut: a page that turned into code is forgotten by a CR3 load") {
  const Outcome o = both(write_run_remap(), 0, [](Machine& m) { m.load(0x424000, return_2()); });
  CHECK(o.result(0) == 60);
}

// More pages than the table has entries, which grows; then it has room, and there are more than are noted.
XS_CODE(touch_many_pages,
        "mov $10,%ebx\n 1: mov $0x1000000,%ecx\n 2: add (%rcx),%rsi\n incq (%rcx)\n add $0x1000,%ecx\n"
        "cmp $0x2388000,%ecx\n jb 2b\n mov %cr3,%rax\n mov %rax,%cr3\n dec %ebx\n jnz 1b\n"
        "mov %rsi,0x600000\n cli\n hlt\n")

TEST_CASE("MOV to CR3 behind accesses to many pages") {
  const Outcome o = both(touch_many_pages(), 0);
  CHECK(o.result(0) == 5000 * (9 * 10 / 2));
  CHECK(o.counters.mmu.misses >= 10 * 5000);
}

// ---- exception frames ----

XS_CODE(trap_low_stack, "mov $0x430018,%esp\n int3\n")

TEST_CASE("an exception frame that crosses into a missing page faults at the word that does not fit") {
  const Outcome o = both(trap_low_stack(), 0, [](Machine& m) {
    pte(m, 0x42f000) = 0;
    m.gate(8, 0x100000, 0, 1);
  });
  REQUIRE(o.machine->traps.size() == 3);
  CHECK(o.machine->traps[0].vector == 3);
  CHECK(o.machine->traps[1].vector == 14);
  CHECK(o.machine->traps[1].address == 0x42fff8);
  CHECK(o.machine->traps[2].vector == 8);
  CHECK(o.machine->ram.word(0x430008) == 0x10);      // SS
  CHECK(o.machine->ram.word(0x430000) == 0x430018);  // RSP
}

// The return address is wiped where the stack was, behind each return.
#define XS_MOVING(name, set_up)                                        \
  XS_CODE(name, set_up                                                 \
          "mov $20,%ebx\n 1: int $0x40\n movq $0,-40(%rsp)\n"          \
          "mov 0x600020,%rax\n xchg %rax,(%rdi)\n mov %rax,0x600020\n" \
          "invlpg (%rbp)\n dec %ebx\n jnz 1b\n cli\n hlt\n")
XS_MOVING(moving_small, "mov $0x302800,%esp\n mov $0x21810,%edi\n mov $0x302000,%ebp\n")
XS_MOVING(moving_large, "mov $0x41401800,%esp\n mov $0x13050,%edi\n mov $0x41400000,%ebp\n")
XS_CODE(just_return, "iretq\n")

TEST_CASE("short cut: where the core found its stack is forgotten with the page") {
  SECTION("4 KiB") {
    const Outcome o = both(moving_small(), 20, [](Machine& m) {
      m.load(handler, just_return());
      m.gate(0x40, handler);
      m.ram.word(results + 0x20) = 0x502000 | present_rw;
    });
    CHECK(o.machine->reg("rbx") == 0);
    CHECK(o.machine->traps.size() == 20);
  }
  SECTION("2 MiB, by another address in it") {
    const Outcome o = both(moving_large(), 20, [](Machine& m) {
      m.load(handler, just_return());
      m.gate(0x40, handler);
      m.ram.word(0x13050) = 0x1400083;
      m.ram.word(results + 0x20) = 0x1800083;
    });
    CHECK(o.machine->reg("rbx") == 0);
    CHECK(o.machine->traps.size() == 20);
  }
}
