// Short cuts of IRETQ (shortcut.h).
#include "tests/unit/cpu_x86/shortcut.h"

using namespace xs;
using namespace xs::test;

#define XS_FRAME(ss, rsp, flags, cs, rip) \
  "pushq $" ss "\n pushq $" rsp "\n pushq $" flags "\n pushq $" cs "\n pushq $" rip "\n iretq\n"

XS_CODE(
    interrupt_kernel,
    "mov $100,%ebx\n 1: stc\n std\n int $0x40\n adc $0,%edi\n dec %ebx\n jnz 1b\n pushfq\n popq 0x600010\n"
    "cld\n mov %rdi,0x600000\n mov %ss,0x600008\n cli\n hlt\n")
XS_CODE(interrupt_user_from, XS_FRAME("0x1b", "0x150000", "0x202", "0x23", "0x210000"))
XS_CODE(interrupt_user,
        "mov $100,%ebx\n 1: stc\n int $0x40\n adc $0,%edi\n dec %ebx\n jnz 1b\n mov %rsp,%rsi\n ud2\n")
XS_CODE(clear_and_return, "clc\n cld\n iretq\n")

TEST_CASE("short cut: IRETQ within ring 0, and to ring 3") {
  const auto setup = [](test::Code user) {
    return [user](Machine& m) {
      m.load(handler, clear_and_return());
      m.gate(0x40, handler, 3);
      m.load(user_program, user);
    };
  };
  const Outcome kernel = both(interrupt_kernel(), 100, setup(interrupt_user()));
  CHECK(kernel.result(0) == 100);
  CHECK(kernel.result(1) == 0x10);
  CHECK((kernel.result(2) & 0x400) == 0x400);
  CHECK(kernel.counters.irets == 100);
  const Outcome user = both(interrupt_user_from(), 100, setup(interrupt_user()));
  CHECK(user.machine->reg("rdi") == 100);
  CHECK(user.machine->reg("rsi") == 0x150000);
  CHECK(user.counters.irets == 101);
}

XS_CODE(iret_null_stack, XS_FRAME("0", "0x150000", "0x202", "0x08", "0x210000"))
XS_CODE(note_stack, "mov %ss,0x600000\n mov %rsp,0x600008\n cli\n hlt\n")
XS_CODE(iret_inner_data, "mov $0x10,%eax\n mov %eax,%ds\n mov $0x1b,%eax\n mov %eax,%es\n" XS_FRAME(
                             "0x1b", "0x150000", "0x202", "0x23", "0x210000"))
XS_CODE(note_data, "mov %ds,0x600000\n mov %es,0x600008\n ud2\n")

TEST_CASE("IRETQ: null stack segment, data segments that ring 3 may not keep") {
  const Outcome null = both(iret_null_stack(), 0, [](Machine& m) { m.load(user_program, note_stack()); });
  CHECK((null.result(0) & 0xffff) == 0);
  CHECK(null.result(1) == 0x150000);
  const Outcome data = both(iret_inner_data(), 0, [](Machine& m) { m.load(user_program, note_data()); });
  CHECK((data.result(0) & 0xffff) == 0);
  CHECK((data.result(1) & 0xffff) == 0x1b);
}

TEST_CASE("IRETQ that is passed to Unicorn is told of once") {
  for (const bool in_place : {true, false}) {
    const test::Code code = iret_inner_data();
    const u64 taps[] = {Machine::program + static_cast<u64>(code.end - code.begin) - 2};
    x86::CpuConfig config;
    config.in_place = in_place;
    config.taps = taps;
    Machine m(config);
    m.load(user_program, note_data());
    m.run(code);
    REQUIRE(m.taps.size() == 1);
    CHECK(m.taps[0].pc == taps[0]);
  }
}

#define XS_BAD_IRET(name, ...)                                                                          \
  XS_CODE(name, "xor %eax,%eax\n mov %eax,%ds\n mov %eax,%es\n mov %eax,%fs\n mov %eax,%gs\n" XS_FRAME( \
                    __VA_ARGS__))
XS_BAD_IRET(iret_stack_of_another_ring, "0x10", "0x150000", "0x202", "0x23", "0x210000")
XS_BAD_IRET(iret_null_user_stack, "3", "0x150000", "0x202", "0x23", "0x210000")
XS_BAD_IRET(iret_to_data, "0x10", "0x150000", "0x202", "0x10", "0x210000")
XS_BAD_IRET(iret_beyond_the_table, "0x10", "0x150000", "0x202", "0x50", "0x210000")
XS_BAD_IRET(iret_not_present, "0x40", "0x150000", "0x202", "0x08", "0x210000")
XS_BAD_IRET(iret_rpl_without_dpl, "0x1b", "0x150000", "0x202", "0x0b", "0x210000")

TEST_CASE("IRETQ with a frame that is refused") {
  const auto refused = [](test::Code code, u32 vector) {
    // Behind the table's end lies what looks like a code segment.
    const Outcome o = both(code, 0, [](Machine& m) { m.ram.word(Machine::gdt + 0x50) = 0x00af9b000000ffff; });
    REQUIRE(o.machine->traps.size() == 1);
    CHECK(o.machine->traps[0].vector == vector);
    CHECK(o.machine->traps[0].pc != user_program);
  };
  refused(iret_stack_of_another_ring(), 13);
  refused(iret_null_user_stack(), 13);
  refused(iret_to_data(), 13);
  refused(iret_beyond_the_table(), 13);
  refused(iret_rpl_without_dpl(), 13);
  CHECK(both(iret_not_present(), 0).machine->traps.at(0).pc != user_program);
}

XS_CODE(iret_nested,
        "pushfq\n orl $0x4000,(%rsp)\n popfq\n" XS_FRAME("0x10", "0x150000", "0x202", "0x08", "0x210000"))
XS_CODE(iret_traced, XS_FRAME("0x10", "0x150000", "0x302", "0x08", "0x210000"))
XS_CODE(iret_far_away,
        "pushq $0x10\n pushq $0x150000\n pushq $0x202\n pushq $0x08\n mov $0x123456789abcdef0,%rax\n push "
        "%rax\n iretq\n")
XS_CODE(iret_to_32, XS_FRAME("0x1b", "0x150000", "0x202", "0x4b", "0x210000"))
XS_CODE(one_nop, "nop\n nop\n ud2\n")
// In 32-bit code 0x48 is DEC EAX.
XS_CODE(either_size, ".byte 0x48,0x90\n ud2\n")

TEST_CASE("IRETQ: nested task, trap flag, 32-bit code") {
  const Setup setup = [](Machine& m) { m.load(user_program, one_nop()); };
  CHECK(both(iret_nested(), 0, setup).machine->traps.at(0).pc != user_program);
  const Outcome traced = both(iret_traced(), 0, setup);
  CHECK(traced.machine->traps.at(0).vector == 1);
  CHECK(traced.machine->traps.at(0).pc == user_program + 1);
  CHECK(both(iret_far_away(), 0).machine->traps.at(0).vector == 13);
  const Outcome narrow = both(iret_to_32(), 0, [](Machine& m) { m.load(user_program, either_size()); });
  CHECK(narrow.machine->traps.at(0).vector == 6);
  CHECK(narrow.machine->reg("rax") == 0xffffffff);
}
