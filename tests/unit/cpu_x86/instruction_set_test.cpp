// Instructions that the engine knows and the CPU model does not announce, or that the engine executes in a
// way of its own; and the shape in which wide or unaligned accesses reach a device.
#include <catch2/catch.hpp>

#include "tests/unit/cpu_x86/machine.h"

using namespace xs;
using test::Code;
using test::Machine;

namespace {

constexpr u64 user_program = 0x210000;

void check_undefined(Code code) {
  Machine m;
  m.run(code);
  REQUIRE(m.traps.size() == 1);
  CHECK(m.traps[0].vector == 6);
  CHECK(m.traps[0].pc == Machine::program);
}

using Log = std::vector<std::pair<u64, u64>>;
constexpr u64 loaded = ~u64{0};

}  // namespace

XS_CODE(rdpmc, "rdpmc\n cli\n hlt\n")
XS_CODE(invpcid, "invpcid (%rsp),%rax\n cli\n hlt\n")
XS_CODE(vzeroupper, "vzeroupper\n cli\n hlt\n")
XS_CODE(vzeroall, "vzeroall\n cli\n hlt\n")
XS_CODE(rdrand, "rdrand %eax\n cli\n hlt\n")
XS_CODE(rdseed, "rdseed %rax\n cli\n hlt\n")
XS_CODE(monitor, "monitor\n cli\n hlt\n")
XS_CODE(mwait, "mwait\n cli\n hlt\n")
XS_CODE(rdtscp, "rdtscp\n cli\n hlt\n")
XS_CODE(vmrun, "vmrun\n cli\n hlt\n")
XS_CODE(vmmcall, "vmmcall\n cli\n hlt\n")
XS_CODE(vmload, "vmload\n cli\n hlt\n")
XS_CODE(xgetbv, "xgetbv\n cli\n hlt\n")

// Traps: Unicorn's model executes these, RDRAND and RDSEED with host randomness, RDTSCP with host time.
TEST_CASE("instructions that CPUID does not announce are #UD in front of themselves") {
  SECTION("RDPMC") { check_undefined(rdpmc()); }
  SECTION("INVPCID") { check_undefined(invpcid()); }
  SECTION("VZEROUPPER") { check_undefined(vzeroupper()); }
  SECTION("VZEROALL") { check_undefined(vzeroall()); }
  SECTION("RDRAND") { check_undefined(rdrand()); }
  SECTION("RDSEED") { check_undefined(rdseed()); }
  SECTION("MONITOR") { check_undefined(monitor()); }
  SECTION("MWAIT") { check_undefined(mwait()); }
  SECTION("RDTSCP") { check_undefined(rdtscp()); }
  SECTION("VMRUN") { check_undefined(vmrun()); }
  SECTION("VMMCALL") { check_undefined(vmmcall()); }
  SECTION("VMLOAD") { check_undefined(vmload()); }
  SECTION("XGETBV") { check_undefined(xgetbv()); }
}

XS_CODE(pcide, "mov %cr4,%rax\n mov %rax,%rbx\n or $0x20000,%eax\n mov %rax,%cr4\n cli\n hlt\n")
XS_CODE(tsc_aux,
        "mov $0xc0000103,%ecx\n mov $0x1234,%eax\n xor %edx,%edx\n wrmsr\n xor %eax,%eax\n rdmsr\n"
        "mov %eax,%ebx\n mov $1,%edx\n wrmsr\n cli\n hlt\n")

// Trap: the engine accepts CR4.PCIDE, and any value of any MSR.
TEST_CASE("CR4.PCIDE is refused, TSC_AUX has 32 bits") {
  Machine m;
  SECTION("PCIDE") {
    m.run(pcide());
    CHECK(m.reg("cr4") == m.reg("rbx"));
  }
  SECTION("TSC_AUX") {
    m.run(tsc_aux());
    CHECK(m.reg("rbx") == 0x1234);
  }
  REQUIRE(m.traps.size() == 1);
  CHECK(m.traps[0].vector == 13);
}

XS_CODE(to_user, "pushq $0x1b\n pushq $0x150000\n pushq $0x202\n pushq $0x23\n pushq $0x210000\n iretq\n")
XS_CODE(
    sysenter_setup,
    "xor %edx,%edx\n mov $0x174,%ecx\n mov $8,%eax\n wrmsr\n mov $0x175,%ecx\n mov $0x170000,%eax\n wrmsr\n"
    "mov $0x176,%ecx\n mov $0x110000,%eax\n wrmsr\n"
    "pushq $0x1b\n pushq $0x150000\n pushq $0x202\n pushq $0x23\n pushq $0x210000\n iretq\n")
XS_CODE(user_sysenter, "nop\n sysenter\n ud2\n")

// AMD64 APM vol. 3: SYSENTER and SYSEXIT do not exist in long mode, and the vendor string is AMD's.
// Trap: where the engine has a SYSENTER, it does nothing by itself.
TEST_CASE("SYSENTER in long mode is #UD, whatever its MSRs hold") {
  Machine m;
  m.load(user_program, user_sysenter());
  SECTION("64-bit") { m.run(sysenter_setup()); }
  SECTION("without a segment") { m.run(to_user()); }
  REQUIRE(m.traps.size() == 1);
  CHECK(m.traps[0].vector == 6);
  CHECK(m.traps[0].pc == user_program + 1);
}

XS_CODE(wide_store, "mov $0x80000000,%esi\n movabs $0x1122334455667788,%rax\n mov %rax,(%rsi)\n cli\n hlt\n")
XS_CODE(wide_load, "mov $0x80000000,%esi\n mov (%rsi),%rax\n cli\n hlt\n")
XS_CODE(unaligned_store, "mov $0x80000000,%esi\n movl $0x11223344,2(%rsi)\n cli\n hlt\n")
XS_CODE(unaligned_load, "mov $0x80000000,%esi\n mov 2(%rsi),%eax\n cli\n hlt\n")
XS_CODE(locked_increment, "mov $0x80000000,%esi\n lock incl 8(%rsi)\n cli\n hlt\n")

TEST_CASE("what a device sees of wide and unaligned accesses") {
  Machine m;
  m.device_registers = {{0, 0x44332211}, {4, 0x88776655}, {8, 6}};
  SECTION("8 bytes are two of 4") {
    m.run(wide_store());
    CHECK(m.device_log == Log{{0, 0x55667788}, {4, 0x11223344}});
  }
  SECTION("a load too") {
    m.run(wide_load());
    CHECK(m.device_log == Log{{0, loaded}, {4, loaded}});
    CHECK(m.reg("rax") == 0x8877665544332211);
  }
  SECTION("an unaligned load is two aligned ones") {
    m.run(unaligned_load());
    CHECK(m.device_log == Log{{0, loaded}, {4, loaded}});
    CHECK(m.reg("rax") == 0x66554433);
  }
  SECTION("an unaligned store is bytes") {
    m.run(unaligned_store());
    CHECK(m.device_log == Log{{2, 0x44}, {3, 0x33}, {4, 0x22}, {5, 0x11}});
  }
  SECTION("a locked increment is a load and a store") {
    m.run(locked_increment());
    CHECK(m.device_log == Log{{8, loaded}, {8, 7}});
  }
  CHECK(m.traps.empty());
}

XS_CODE(misaligned_movaps, "movaps 0x5001,%xmm0\n movaps %xmm0,0x5101\n inc %ebx\n cli\n hlt\n")
XS_CODE(unmasked_division,
        "movl $0x1d80,0x5000\n ldmxcsr 0x5000\n mov $0x3f800000,%eax\n movd %eax,%xmm0\n xorps %xmm1,%xmm1\n"
        "divss %xmm1,%xmm0\n inc %ebx\n cli\n hlt\n")

// docs/machine.md, "Known differences from hardware": these complete. A machine that learns to raise the
// exceptions must say so there.
TEST_CASE("known differences: no alignment check unless asked for, no SIMD floating-point exception") {
  Machine m;
  SECTION("MOVAPS on a misaligned operand moves it") {
    for (unsigned i = 0; i < 16; ++i) *m.ram.at(0x5001 + i) = static_cast<u8>(i + 1);
    m.run(misaligned_movaps());
    CHECK(m.traps.empty());
    CHECK(std::memcmp(m.ram.at(0x5101), m.ram.at(0x5001), 16) == 0);
  }
  SECTION("an unmasked division by zero raises no #XM") {
    m.run(unmasked_division());
    CHECK(m.traps.empty());
  }
  CHECK(m.reg("rbx") == 1);
}
