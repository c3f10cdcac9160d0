// INVLPG (SDM 3A 4.10.4.1): one address names the whole page it lies in, of whatever size, data and code
// alike; what it does not name stays as it is cached.
#include <catch2/catch.hpp>

#include "tests/unit/cpu_x86/machine.h"

using namespace xs;
using test::Machine;

namespace {

constexpr u64 before = 0x1000000, after = 0x1200000;  ///< the frames of 2 MiB below 0x41000000, in turn
constexpr u64 offset = 0x5000;                        ///< of another 4 KiB piece of the same large page

x86::CpuConfig with(Fidelity fidelity) {
  x86::CpuConfig c;
  c.fidelity = fidelity;
  return c;
}

}  // namespace

// The PDE of 0x41000000 lies at 0x13040; 0xe7: present, writable, user, accessed, dirty, 2 MiB.
#define XS_REMAP_LARGE(between)                                                             \
  "movq $0x10000e7,0x13040\n mov $0x41000000,%esi\n invlpg (%rsi)\n mov (%rsi),%eax\n mov " \
  "0x5000(%rsi),%eax\n"                                                                     \
  "mov %eax,0x6000(%rsi)\n movq $0x12000e7,0x13040\n" between                               \
  "mov (%rsi),%eax\n mov 0x5000(%rsi),%ebx\n movl $9,0x6000(%rsi)\n cli\n hlt\n"
XS_CODE(large_by_first_piece, XS_REMAP_LARGE("invlpg (%rsi)\n"))
XS_CODE(large_by_other_piece, XS_REMAP_LARGE("invlpg 0x9000(%rsi)\n"))
XS_CODE(large_not_named, XS_REMAP_LARGE("invlpg 0x200000(%rsi)\n"))

TEST_CASE("INVLPG of one piece of a large page forgets all of it") {
  const Fidelity fidelity = GENERATE(Fidelity::fast, Fidelity::exact);
  const auto run = [fidelity](Machine& m, test::Code code) {
    m.ram.dword(before) = 1;
    m.ram.dword(before + offset) = 2;
    m.ram.dword(after) = 3;
    m.ram.dword(after + offset) = 4;
    m.run(code);
    REQUIRE(m.core().state() == x86::CoreState::halted);
  };
  Machine m(with(fidelity));
  SECTION("named or not by the piece that is used") {
    run(m, GENERATE(0, 1) == 0 ? large_by_first_piece() : large_by_other_piece());
    CHECK(m.reg("rax") == 3);
    CHECK(m.reg("rbx") == 4);
    CHECK(m.ram.dword(after + 0x6000) == 9);
    CHECK(m.ram.dword(before + 0x6000) == 2);
  }
  SECTION("another page's INVLPG leaves it cached") {
    run(m, large_not_named());
    CHECK(m.reg("rax") == 1);
    CHECK(m.reg("rbx") == 2);
    CHECK(m.ram.dword(before + 0x6000) == 9);
  }
}

// Two functions in two frames, one after the other at one address; the PTE of 0x600000 lies at 0x23000.
#define XS_REMAP_CODE(between)                                                                          \
  "mov $0x600000,%esi\n call *%rsi\n mov %eax,%ebx\n call *%rsi\n movq $0x700067,0x23000\n" between     \
  "call *%rsi\n mov %eax,%ecx\n movq $0x600067,0x23000\n invlpg (%rsi)\n call *%rsi\n mov %eax,%edx\n " \
  "cli\n hlt\n"
XS_CODE(code_remapped, XS_REMAP_CODE("invlpg (%rsi)\n"))
XS_CODE(first_function, "mov $0x1111,%eax\n ret\n")
XS_CODE(second_function, "mov $0x2222,%eax\n ret\n")

TEST_CASE("INVLPG of a page of code: what runs next is what lies there now") {
  Machine m(with(GENERATE(Fidelity::fast, Fidelity::exact)));
  m.load(0x600000, first_function());
  m.load(0x700000, second_function());
  m.run(code_remapped());
  REQUIRE(m.core().state() == x86::CoreState::halted);
  CHECK(m.reg("rbx") == 0x1111);
  CHECK(m.reg("rcx") == 0x2222);
  CHECK(m.reg("rdx") == 0x1111);
}
