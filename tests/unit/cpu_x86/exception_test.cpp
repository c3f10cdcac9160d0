// Exceptions: error codes, frames, stacks, double and triple faults. Several tests guard a known trap of the
// execution engine, named in their comment.
#include <catch2/catch.hpp>

#include "tests/unit/cpu_x86/machine.h"

using namespace xs;
using test::Machine;

namespace {

constexpr u64 handler = 0x110000;

/// The frame a handler finds, read where the stack pointer of the stopped core points.
struct Frame {
  u64 error, rip, cs, rflags, rsp, ss;
};
Frame frame(Machine& m, bool has_error) {
  const u64 rsp = m.reg("rsp") - (has_error ? 0 : 8);
  return {has_error ? m.ram.word(rsp) : 0,
          m.ram.word(rsp + 8),
          m.ram.word(rsp + 16),
          m.ram.word(rsp + 24),
          m.ram.word(rsp + 32),
          m.ram.word(rsp + 40)};
}

}  // namespace

XS_CODE(int13, "int $13\n")
XS_CODE(load_bad_ds, "nop\n mov $0x1238,%eax\n mov %eax,%ds\n")
XS_CODE(load_absent_ds, "mov $0x40,%eax\n mov %eax,%ds\n")
XS_CODE(load_absent_ss, "mov $0x40,%eax\n mov %eax,%ss\n")
XS_CODE(int3_into_icebp, "int3\n")
XS_CODE(icebp, "nop\n .byte 0xf1\n nop\n")
XS_CODE(rmw, "mov $0x3ff0123,%esi\n lock incl (%rsi)\n")
XS_CODE(plain_read, "mov $0x3ff0123,%esi\n mov (%rsi),%eax\n")
XS_CODE(compare_memory, "mov $0x3ff0123,%esi\n cmpl $1,(%rsi)\n")
XS_CODE(crossing_store, "mov $0x1122334455667788,%rax\n mov $0x3fefffd,%esi\n mov %rax,(%rsi)\n")
XS_CODE(canonical_load, "mov $0x0000800000000000,%rsi\n nop\n mov (%rsi),%eax\n")
XS_CODE(canonical_push, "mov $0x0000800000000008,%rsp\n nop\n push %rax\n")
XS_CODE(
    write_cr2_then_load,
    "mov $0x12345678,%eax\n mov %rax,%cr2\n mov %cr2,%rbx\n mov %cr3,%rcx\n mov 0x5000,%edx\n cli\n hlt\n")
XS_CODE(two_faults, "mov $0x40,%eax\n mov %eax,%ds\n")
XS_CODE(bad_stack, "xor %esp,%esp\n mov $0x3ff0000,%esp\n ud2\n")
XS_CODE(null_idt, "sub $16,%rsp\n movw $0,(%rsp)\n lidt (%rsp)\n ud2\n")
XS_CODE(three_times_gp, "mov $3,%ecx\n 1: mov $0x1238,%eax\n mov %eax,%ds\n dec %ecx\n jnz 1b\n cli\n hlt\n")
XS_CODE(skip_two, "add $8,%rsp\n addq $2,(%rsp)\n incl 0x5000\n iretq\n")
XS_CODE(to_ring3, "pushq $0x1b\n pushq $0x150000\n pushq $0x202\n pushq $0x23\n pushq $0x210000\n iretq\n")
XS_CODE(ring3_ud2, "nop\n ud2\n")
XS_CODE(ring3_int, "int $0x80\n")

TEST_CASE("INT 13 is not #GP: no error code, return address behind it, DPL decides") {
  Machine m;
  m.run(int13());
  REQUIRE(m.traps.size() == 1);
  CHECK(m.traps[0].vector == 13);
  const Frame f = frame(m, false);
  CHECK(f.rip == Machine::program + 2);
  CHECK(f.cs == 8);
}

TEST_CASE("segment faults carry the selector") {
  Machine m;
  SECTION("#GP beyond the table") {
    m.run(load_bad_ds());
    CHECK(m.traps.at(0).vector == 13);
    const Frame f = frame(m, true);
    CHECK(f.error == 0x1238);
    CHECK(f.rip == Machine::program + 6);
  }
  SECTION("#NP") {
    m.run(load_absent_ds());
    CHECK(m.traps.at(0).vector == 11);
    CHECK(frame(m, true).error == 0x40);
  }
  SECTION("#SS") {
    m.run(load_absent_ss());
    CHECK(m.traps.at(0).vector == 12);
    CHECK(frame(m, true).error == 0x40);
  }
}

TEST_CASE("INT3 and ICEBP") {
  Machine m;
  SECTION("int3 is a trap") {
    m.run(int3_into_icebp());
    CHECK(m.traps.at(0).vector == 3);
    CHECK(frame(m, false).rip == Machine::program + 1);
  }
  SECTION("icebp is #DB although the engine reports #UD") {
    m.run(icebp());
    CHECK(m.traps.at(0).vector == 1);
    CHECK(frame(m, false).rip == Machine::program + 2);
  }
}

// Trap: the engine asks for a read-modify-write's read first.
TEST_CASE("page-fault error codes tell reads from writes") {
  Machine m;
  m.ram.word(Machine::page_table + 8 * 0x3ff0) = 0;
  SECTION("locked increment is a write") {
    m.run(rmw());
    CHECK(m.traps.at(0).error == 2);
  }
  SECTION("load is a read") {
    m.run(plain_read());
    CHECK(m.traps.at(0).error == 0);
  }
  SECTION("compare is a read") {
    m.run(compare_memory());
    CHECK(m.traps.at(0).error == 0);
  }
  CHECK(m.traps.at(0).address == 0x3ff0123);
}

TEST_CASE("a store across pages faults as a whole, with the second page's address") {
  Machine m;
  m.ram.word(Machine::page_table + 8 * 0x3ff0) = 0;
  m.ram.word(0x3fefff8) = 0x5555555555555555;
  m.run(crossing_store());
  REQUIRE(m.traps.at(0).vector == 14);
  CHECK(m.traps[0].error == 2);
  CHECK(m.traps[0].address == 0x3ff0000);
  CHECK(m.ram.word(0x3fefff8) == 0x5555555555555555);
}

TEST_CASE("non-canonical addresses raise #GP, through the stack #SS") {
  Machine m;
  SECTION("load") {
    m.run(canonical_load());
    CHECK(m.traps.at(0).vector == 13);
    CHECK(m.traps.at(0).pc == Machine::program + 11);
    CHECK(frame(m, true).error == 0);
  }
  SECTION("push") {  // the handler's own stack is bad too: #SS during #SS is #DF, then shutdown
    m.gate(12, 0x100000, 0, 1);
    m.run(canonical_push());
    CHECK(m.traps.at(0).vector == 12);
    CHECK(m.core().state() == x86::CoreState::halted);
  }
}

// Trap: Unicorn's register write of CR2 also loads CR3.
TEST_CASE("CR2 can be written without harm to CR3") {
  Machine m;
  m.ram.word(0x5000) = 77;
  m.run(write_cr2_then_load());
  CHECK(m.reg("rbx") == 0x12345678);
  CHECK(m.reg("rcx") == 0x10000);
  CHECK(m.reg("rdx") == 77);
  CHECK(m.traps.empty());
}

TEST_CASE("a second contributory exception is #DF, a third shuts the core down") {
  Machine m;
  SECTION("#NP whose gate is absent") {
    m.ram.word(Machine::idt + 16 * 11) = 0;
    m.run(two_faults());
    REQUIRE(m.traps.size() == 2);
    CHECK(m.traps[0].vector == 11);
    CHECK(m.traps[1].vector == 8);
    CHECK(frame(m, true).error == 0);
    CHECK(m.shutdowns == 0);
  }
  SECTION("and the #DF gate is absent too") {
    m.ram.word(Machine::idt + 16 * 11) = 0;
    m.ram.word(Machine::idt + 16 * 8) = 0;
    m.run(two_faults());
    CHECK(m.shutdowns == 1);
    CHECK(m.core().state() == x86::CoreState::shutdown);
  }
  SECTION("a page fault while a benign fault's frame is pushed is delivered as #PF on its own stack") {
    m.ram.word(Machine::page_table + 8 * 0x3fef) = 0;
    m.gate(14, 0x100000, 0, 1);
    m.run(bad_stack());
    REQUIRE(m.traps.size() == 2);
    CHECK(m.traps[0].vector == 6);
    CHECK(m.traps[1].vector == 14);
    CHECK(m.traps[1].address == 0x3fefff8);
    CHECK(m.reg("rsp") < 0x190000);
    CHECK(m.reg("rsp") > 0x18ff00);
  }
  SECTION("an empty IDT ends the run") {
    m.run(null_idt());
    CHECK(m.shutdowns == 1);
  }
}

// Trap: the engine itself turns repeated contributory exceptions into #DF, later into silence.
TEST_CASE("the same #GP three times stays #GP") {
  Machine m;
  m.load(handler, skip_two());
  m.gate(13, handler);
  m.run(three_times_gp());
  REQUIRE(m.traps.size() == 3);
  for (const Trap& t : m.traps) CHECK(t.vector == 13);
  CHECK(m.ram.word(0x5000) == 3);
}

TEST_CASE("ring 3: stack from the TSS, IST, gate privilege") {
  Machine m;
  m.load(0x210000, ring3_ud2());
  SECTION("RSP0") {
    m.run(to_ring3());
    REQUIRE(m.traps.size() == 1);
    const Frame f = frame(m, false);
    CHECK(f.rip == 0x210001);
    CHECK(f.cs == 0x23);
    CHECK(f.rsp == 0x150000);
    CHECK(f.ss == 0x1b);
    CHECK((f.rflags & 0x202) == 0x202);
    CHECK(m.reg("rsp") == Machine::stack - 40);
    CHECK(m.reg("ss") == 0);
    CHECK(m.reg("cs") == 8);
  }
  SECTION("IST1") {
    m.gate(6, 0x100000, 0, 1);
    m.run(to_ring3());
    CHECK(m.reg("rsp") == 0x190000 - 40);
  }
  SECTION("INT through a DPL 0 gate is #GP with the gate's index") {
    m.load(0x210000, ring3_int());
    m.run(to_ring3());
    CHECK(m.traps.at(0).vector == 0x80);
    CHECK(m.traps.at(1).vector == 13);
    const Frame f = frame(m, true);
    CHECK(f.error == 0x80 * 8 + 2);
    CHECK(f.rip == 0x210000);
  }
  SECTION("INT through a DPL 3 gate") {
    m.load(0x210000, ring3_int());
    m.gate(0x80, 0x100000, 3);
    m.run(to_ring3());
    CHECK(frame(m, false).rip == 0x210002);
  }
}

XS_CODE(aligned_forms,
        "mov $0x5008,%edi\n movups (%rdi),%xmm0\n movups %xmm0,(%rdi)\n movsd (%rdi),%xmm1\n"
        "movaps -8(%rdi),%xmm0\n nop\n movaps %xmm0,(%rdi)\n cli\n hlt\n")

TEST_CASE("misaligned operands of MOVAPS are #GP when alignment is strict") {
  x86::CpuConfig config;
  config.strict_alignment = GENERATE(false, true);
  Machine m(config);
  m.run(aligned_forms());
  if (!config.strict_alignment) {
    CHECK(m.traps.empty());
    return;
  }
  REQUIRE(m.traps.size() == 1);
  CHECK(m.traps[0].vector == 13);
  CHECK(m.traps[0].pc == Machine::program + 5 + 3 + 3 + 4 + 4 + 1);
  CHECK(frame(m, true).error == 0);
}

XS_CODE(enable_am,
        "mov %cr0,%rax\n or $0x40000,%eax\n mov %rax,%cr0\n"
        "mov $0x5001,%edi\n pushq $0x40002\n popfq\n mov (%rdi),%eax\n"  // at CPL 0 it is no matter
        "pushq $0x1b\n pushq $0x150000\n pushq $0x40202\n pushq $0x23\n pushq $0x210000\n iretq\n")
XS_CODE(ring3_misaligned, "movb (%rdi),%al\n mov 3(%rdi),%eax\n movw 1(%rdi),%ax\n nop\n mov (%rdi),%eax\n")
XS_CODE(ring3_sets_ac,
        "pushfq\n andl $~0x40000,(%rsp)\n popfq\n mov (%rdi),%eax\n"
        "pushfq\n orl $0x40000,(%rsp)\n popfq\n mov 3(%rdi),%rax\n ud2\n")

TEST_CASE("#AC at CPL 3 with AM and AC") {
  Machine m;
  SECTION("AC set by IRET") {
    m.load(0x210000, ring3_misaligned());
    m.run(enable_am());
    REQUIRE(m.traps.size() == 1);
    CHECK(m.traps[0].vector == 17);
    CHECK(m.traps[0].pc == 0x210000 + 2 + 3 + 4 + 1);
    CHECK(frame(m, true).error == 0);
    CHECK(frame(m, true).cs == 0x23);
  }
  SECTION("AC cleared and set by POPF") {
    m.load(0x210000, ring3_sets_ac());
    m.run(enable_am());
    REQUIRE(m.traps.size() == 1);
    CHECK(m.traps[0].vector == 17);
    CHECK(m.traps[0].pc == 0x210000 + 1 + 7 + 1 + 2 + 1 + 7 + 1);
  }
}

XS_CODE(leave_canonical, "mov $0x0000800000000000,%rdi\n nop\n nop\n call *%rdi\n")

TEST_CASE("a call to a non-canonical address faults at the call, wherever the run was cut before it") {
  const u64 slice = GENERATE(1, 2, 3, 4, 1000);
  Machine m;
  m.boot(leave_canonical());
  while (m.core().state() == x86::CoreState::running && m.traps.empty())
    m.core().run(m.core().cycles() + slice);
  REQUIRE(m.traps.size() == 1);
  CHECK(m.traps[0].vector == 13);
  CHECK(m.traps[0].pc == Machine::program + 12);
  CHECK(frame(m, true).rsp == Machine::stack);
}
