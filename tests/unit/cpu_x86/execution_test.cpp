// Exact instruction counts, single steps, interrupt shadow, self-modifying code. Each test fails if the trap
// of the execution engine named in its comment bites.
#include <catch2/catch.hpp>

#include "tests/unit/cpu_x86/machine.h"

using namespace xs;
using test::Machine;

namespace {

constexpr u64 handler = 0x110000;

x86::CpuConfig with_taps(std::span<const u64> taps) {
  x86::CpuConfig c;
  c.taps = taps;
  return c;
}

}  // namespace

// A loop of several block shapes, memory, calls, REP, ending in HLT.
XS_CODE(workload,
        "mov $200,%ebp\n mov $0x600000,%ebx\n"
        "1: mov %ebp,%eax\n imul $77,%eax\n mov %eax,(%rbx,%rbp,8)\n call 3f\n test $1,%ebp\n jz 2f\n"
        "mov $0x600000,%esi\n mov $0x700000,%edi\n mov $9,%ecx\n rep movsb\n"
        "mov $0x600000,%edi\n xor %eax,%eax\n mov $5,%ecx\n repne scasb\n"
        "2: dec %ebp\n jnz 1b\n cli\n hlt\n"
        "3: push %rbp\n pushfq\n popfq\n pop %rbp\n ret\n")
XS_CODE(straight, ".rept 500\n nop\n .endr\n cli\n hlt\n")
XS_CODE(read_flags,
        "pushfq\n pop %rbx\n mov $0x3002,%ecx\n push %rcx\n popfq\n pushfq\n pop %rcx\n"
        "mov %ss,%eax\n push %rax\n lea 8(%rsp),%rdx\n push %rdx\n pushq $0x2\n mov %cs,%eax\n push %rax\n"
        "lea 1f(%rip),%rdx\n push %rdx\n iretq\n 1: pushfq\n pop %rdx\n cli\n hlt\n")
XS_CODE(own_step,
        "pushfq\n orq $0x100,(%rsp)\n popfq\n nop\n cpuid\n inc %ebx\n pushfq\n andq $~0x100,(%rsp)\n "
        "popfq\n nop\n cli\n hlt\n")
XS_CODE(return_, "incl 0x5000\n iretq\n")

TEST_CASE("runs of straight code stop at the exact instruction") {
  Machine m;
  m.boot(straight());
  // Behind the first instruction: the fetch of its page takes time, too.
  while (m.reg("rip") != Machine::program + 1) m.core().run(m.core().cycles() + 1);
  const u64 start = m.core().cycles(), instructions = m.core().counters().instructions;
  u64 done = 0;
  for (u64 n : {1, 7, 100, 3, 13}) {
    done += n;
    m.core().run(start + done);
    CHECK(m.core().cycles() == start + done);
    CHECK(m.core().counters().instructions == instructions + done);
    CHECK(m.reg("rip") == Machine::program + 1 + done);
  }
}

TEST_CASE("counts and results do not depend on the quantum") {
  u64 instructions = 0, cycles = 0;
  for (u64 quantum : {1'000'000, 10'000, 997, 13, 1}) {
    Machine m;
    m.boot(workload());
    while (m.core().state() == x86::CoreState::running) m.core().run(m.core().cycles() + quantum);
    CHECK(m.reg("rip") == Machine::program + (code_end_workload - code_workload) - 5);
    const x86::CpuCounters& c = m.core().counters();
    INFO("quantum " << quantum);
    if (instructions == 0) {
      instructions = c.instructions;
      cycles = c.cycles;
      CHECK(instructions > 200 * 15);
    }
    CHECK(c.instructions == instructions);
    CHECK(c.cycles == cycles);
    CHECK(m.traps.empty());
  }
}

// Trap: single steps by TF show in PUSHF; POPF and IRET load a TF that then is the guest's.
TEST_CASE("the engine's single steps are invisible") {
  for (u64 quantum : {1'000'000, 1}) {
    Machine m;
    m.boot(read_flags());
    while (m.core().state() == x86::CoreState::running) m.core().run(m.core().cycles() + quantum);
    INFO("quantum " << quantum);
    CHECK(m.reg("rbx") == 0x46);
    CHECK(m.reg("rcx") == 0x3002);
    CHECK(m.reg("rdx") == 2);
    CHECK(m.traps.empty());
    CHECK((m.reg("rflags") & 0x100) == 0);
  }
}

TEST_CASE("the guest's own TF gives one #DB per instruction, also behind emulated ones") {
  for (u64 quantum : {1'000'000, 1}) {
    Machine m;
    m.load(handler, return_());
    m.gate(1, handler);
    m.boot(own_step());
    while (m.core().state() == x86::CoreState::running) m.core().run(m.core().cycles() + quantum);
    INFO("quantum " << quantum);
    // nop, cpuid, inc, pushf, and, popf
    CHECK(m.ram.word(0x5000) == 6);
    CHECK(m.traps.size() == 6);
    CHECK(m.traps.at(0).pc == Machine::program + 11);
    CHECK(m.traps.at(1).pc == Machine::program + 13);
  }
}

// Trap: an empty uc_emu_start asks for a fetch at 0xfffffffffffff000.
TEST_CASE("starting and stopping asks for no translation of its own") {
  Machine m;
  m.boot(straight());
  for (int i = 0; i < 200; ++i) m.core().run(m.core().cycles() + 2);
  CHECK(m.core().counters().mmu.faults == 0);
}

// ---- code modification ----

XS_CODE(modify_ahead,  // writes into its own block, one instruction ahead
        "mov $0x3333,%ebx\n movl $0x4444,1f+1(%rip)\n 1: mov $0x2222,%ebx\n cli\n hlt\n")
XS_CODE(modify_alias,  // calls a function, changes it through the alias mapping, calls again
        "mov $0x300000,%r8d\n call *%r8\n mov %eax,%ebx\n mov $0x40300001,%esi\n movl $0x2222,(%rsi)\n call "
        "*%r8\n"
        "mov %eax,%ecx\n movl $0x3333,(%rsi)\n call *%r8\n mov %eax,%edx\n cli\n hlt\n")
XS_CODE(function, "mov $0x1111,%eax\n ret\n")
XS_CODE(call_for_ever, "mov $0x300000,%r8d\n 1: call *%r8\n mov %eax,0x5000\n jmp 1b\n")
XS_CODE(write_function, "mov $0x300001,%esi\n movl $0x2222,(%rsi)\n 1: jmp 1b\n")
XS_CODE(mixed_page,  // data beside code, written and executed in turn
        "mov $1000,%ecx\n 1: incl 2f(%rip)\n call 3f\n dec %ecx\n jnz 1b\n mov 2f(%rip),%ebx\n cli\n hlt\n"
        "2: .long 0\n 3: ret\n")

TEST_CASE("code that changes the next instruction of its own block") {
  Machine m;
  m.run(modify_ahead());
  CHECK(m.reg("rbx") == 0x4444);
}

// Trap: a store through another virtual address leaves the old translation.
TEST_CASE("code changed through an alias") {
  Machine m;
  m.load(0x300000, function());
  m.run(modify_alias());
  CHECK(m.reg("rbx") == 0x1111);
  CHECK(m.reg("rcx") == 0x2222);
  CHECK(m.reg("rdx") == 0x3333);
}

TEST_CASE("data beside code") {
  Machine m;
  m.run(mixed_page());
  CHECK(m.reg("rbx") == 1000);
}

TEST_CASE("code changed by another core, and by a device") {
  Machine m({}, 2);
  m.load(0x300000, function());
  m.boot(call_for_ever());
  m.run_on(2000);
  CHECK(m.ram.word(0x5000) == 0x1111);
  SECTION("core") {
    m.boot(write_function(), 1, 0x400000);
    m.core(1).run(m.core(1).cycles() + 20'000);
  }
  SECTION("device") {
    m.ram.word(0x300000) = (m.ram.word(0x300000) & ~u64{0xffffffff00}) | u64{0x2222} << 8;
    m.core(1).invalidate_code(0x300001, 4);
  }
  m.run_on(2000);
  CHECK(m.ram.word(0x5000) == 0x2222);
}

// Trap: the code buffer overflows into a host crash.
XS_CODE(many_blocks,  // writes 60000 blocks "inc rbx; jmp next" and runs them in one go
        "mov $60000,%ecx\n mov $0x600000,%edi\n"
        "1: movl $0xebc3ff48,(%rdi)\n movb $0,4(%rdi)\n add $5,%rdi\n dec %ecx\n jnz 1b\n"
        "movl $0xf4fa,(%rdi)\n xor %ebx,%ebx\n mov $0x600000,%edi\n jmp *%rdi\n")

TEST_CASE("translations without end do not overflow the code buffer") {
  x86::CpuConfig config;
  config.code_buffer_mib = 4;
  Machine m(config);
  m.run(many_blocks(), 1'000'000'000);
  CHECK(m.core().state() == x86::CoreState::halted);
  CHECK(m.reg("rbx") == 60000);
}

// ---- fetches across pages ----

XS_CODE(jump_there, "mov $0x3fefff0,%eax\n jmp *%rax\n")
XS_CODE(divide_then_cross, "xor %ecx,%ecx\n div %ecx\n .fill 64,1,0x90\n")

// Trap: translation touches the second page before anything in front of it ran.
TEST_CASE("a fault in front of an absent second code page comes first") {
  Machine m;
  const u64 at = 0x3fefff0;
  m.load(at, divide_then_cross());
  m.ram.word(Machine::page_table + 8 * 0x3ff0) = 0;
  m.run(jump_there());
  CHECK(m.traps.at(0).vector == 0);
  CHECK(m.traps.at(0).pc == at + 2);
}

TEST_CASE("running into an absent code page faults at its first byte") {
  Machine m;
  const u64 at = 0x3fefff0;
  std::memset(m.ram.at(at), 0x90, 64);
  m.ram.word(Machine::page_table + 8 * 0x3ff0) = 0;
  m.run(jump_there());
  CHECK(m.traps.at(0).vector == 14);
  CHECK(m.traps.at(0).pc == 0x3ff0000);
  CHECK(m.traps.at(0).address == 0x3ff0000);
}

// ---- taps ----

XS_CODE(tapped,
        "mov $3,%ecx\n mov $0x5000,%edi\n 1: mov %ecx,%esi\n mov %rsi,(%rdi)\n add $8,%edi\n dec %ecx\n jnz "
        "1b\n cli\n hlt\n")

TEST_CASE("taps show address, value and the exact instruction count") {
  static constexpr u64 where[] = {Machine::program + 12};
  for (u64 quantum : {1'000'000, 1}) {
    INFO("quantum " << quantum);
    Machine m(with_taps(where));
    m.boot(tapped());
    while (m.reg("rip") != Machine::program) m.core().run(m.core().cycles() + 1);
    const u64 before = m.core().counters().instructions;
    while (m.core().state() == x86::CoreState::running) m.core().run(m.core().cycles() + quantum);
    REQUIRE(m.taps.size() == 3);
    for (u64 i = 0; i < 3; ++i) {
      CHECK(m.taps[i].pc == where[0]);
      CHECK(m.taps[i].rdi == 0x5000 + 8 * i);
      CHECK(m.taps[i].rsi == 3 - i);
      CHECK(m.taps[i].instructions == before + 3 + 5 * i);
    }
  }
}

TEST_CASE("the same run gives the same hash, another run another") {
  const auto hash = [](test::Code code) {
    Machine m;
    m.boot(code);
    while (m.core().state() == x86::CoreState::running) {
      m.core().run(m.core().cycles() + 1000);
      m.core().end_quantum();
    }
    return m.core().execution_hash();
  };
  CHECK(hash(workload()) == hash(workload()));
  CHECK(hash(workload()) != hash(straight()));
}
