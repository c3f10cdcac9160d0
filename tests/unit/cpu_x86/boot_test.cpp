// A core starts by PVH, enters long mode, talks to a port, takes exceptions.
#include <catch2/catch.hpp>

#include "tests/unit/cpu_x86/machine.h"

using namespace xs;
using test::Machine;

XS_CODE(hello,
        "mov $0x3f8,%edx\n mov $0x48,%al\n out %al,(%dx)\n mov $0x69,%al\n out %al,(%dx)\n"
        "mov $0x1122334455667788,%rbx\n cli\n hlt\n")
XS_CODE(undefined, "nop\n nop\n ud2\n")
XS_CODE(divide, "xor %ecx,%ecx\n mov $1,%eax\n xor %edx,%edx\n div %ecx\n")
XS_CODE(page_fault_read, "mov $0x3ff0123,%esi\n mov %eax,%eax\n mov 0x7(%rsi),%eax\n")

TEST_CASE("a program runs in long mode after PVH entry and writes a port") {
  Machine m;
  m.run(hello());
  CHECK(m.core().state() == x86::CoreState::halted);
  CHECK(m.text == "Hi");
  CHECK(m.reg("rbx") == 0x1122334455667788);
  CHECK(m.traps.empty());
}

TEST_CASE("faults arrive at the instruction with their error code") {
  Machine m;
  SECTION("#UD") {
    m.run(undefined());
    REQUIRE(m.traps.size() == 1);
    CHECK(m.traps[0].vector == 6);
    CHECK(m.traps[0].pc == Machine::program + 2);
  }
  SECTION("#DE") {
    m.run(divide());
    REQUIRE(m.traps.size() == 1);
    CHECK(m.traps[0].vector == 0);
    CHECK(m.ram.word(Machine::stack - 40) == Machine::program + 9);  // RIP in the frame
  }
  SECTION("#PF with the exact address in CR2") {
    m.ram.word(Machine::page_table + 8 * 0x3ff0) = 0;
    m.run(page_fault_read());
    REQUIRE(m.traps.size() == 1);
    CHECK(m.traps[0].vector == 14);
    CHECK(m.traps[0].error == 0);
    CHECK(m.traps[0].address == 0x3ff012a);
    CHECK(m.reg("cr2") == 0x3ff012a);
  }
}
