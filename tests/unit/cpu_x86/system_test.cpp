// System instructions, privilege, port permission, MSRs, CPUID, interrupts and the local APIC.
#include <catch2/catch.hpp>

#include "tests/unit/cpu_x86/machine.h"

using namespace xs;
using test::Machine;

namespace {

constexpr u64 handler = 0x110000;
constexpr u64 user_program = 0x210000;

bool reported(const Machine& m, const std::string& text) {
  for (const std::string& u : m.unmodelled)
    if (u == text) return true;
  return false;
}

}  // namespace

XS_CODE(enter_ring3, "pushq $0x1b\n pushq $0x150000\n pushq $0x202\n pushq $0x23\n pushq $0x210000\n iretq\n")
XS_CODE(enter_ring3_iopl,
        "pushq $0x1b\n pushq $0x150000\n pushq $0x3202\n pushq $0x23\n pushq $0x210000\n iretq\n")
XS_CODE(skip_one, "incl 0x5000\n add $8,%rsp\n incq (%rsp)\n iretq\n")

// ---- ports ----

XS_CODE(user_out,
        "mov $0x3f8,%edx\n mov $0x41,%eax\n inc %ebx\n add $1,%ecx\n out %al,(%dx)\n inc %ebx\n ud2\n")

// Trap: IN and OUT are never checked for privilege.
TEST_CASE("IN and OUT at CPL 3") {
  Machine m;
  m.load(user_program, user_out());
  SECTION("without permission: #GP in front of the instruction, the block not run twice") {
    m.run(enter_ring3());
    REQUIRE(m.traps.size() == 1);
    CHECK(m.traps[0].vector == 13);
    CHECK(m.traps[0].error == 0);
    CHECK(m.traps[0].pc == user_program + 15);
    CHECK(m.reg("rbx") == 1);
    CHECK(m.text.empty());
  }
  SECTION("permitted by the I/O bitmap") {
    const u16 offset = 0x68;
    std::memcpy(m.ram.at(Machine::tss + 0x66), &offset, 2);
    m.ram.word(Machine::gdt + 0x30) = 0x000089004000ffff;
    std::memset(m.ram.at(Machine::tss + 0x68), 0xff, 0x100);
    *m.ram.at(Machine::tss + 0x68 + 0x3f8 / 8) = 0xfe;
    m.run(enter_ring3());
    CHECK(m.traps.at(0).vector == 6);
    CHECK(m.text == "A");
    CHECK(m.reg("rbx") == 2);
  }
  SECTION("permitted by IOPL") {
    m.run(enter_ring3_iopl());
    CHECK(m.traps.at(0).vector == 6);
    CHECK(m.text == "A");
  }
}

// ---- device access in the middle of a block ----

XS_CODE(self_ipi,
        "mov $0x80001000,%esi\n movl $0x1ff,0xf0(%rsi)\n sti\n nop\n nop\n"
        "inc %ebx\n movl $0x44040,0x300(%rsi)\n inc %ecx\n inc %edx\n jmp 1f\n 1: nop\n cli\n hlt\n")
XS_CODE(count_and_eoi,
        "push %rsi\n mov $0x80001000,%esi\n incl 0x5000\n movl $0,0xb0(%rsi)\n pop %rsi\n iretq\n")

// Trap: a stop asked for in an MMIO callback leaves the block in its middle and runs its start twice.
TEST_CASE("an interrupt raised by a store of the running block does not run the block twice") {
  Machine m;
  m.load(handler, count_and_eoi());
  m.gate(0x40, handler);
  m.run(self_ipi());
  CHECK(m.reg("rbx") == 1);
  CHECK(m.reg("rcx") == 1);
  CHECK(m.reg("rdx") == Machine::program + 1);
  CHECK(m.ram.word(0x5000) == 1);
}

// ---- shadow, HLT, PAUSE ----

XS_CODE(sti_shadow,
        "mov $0x80001000,%esi\n movl $0x1ff,0xf0(%rsi)\n movl $0x44040,0x300(%rsi)\n"
        "nop\n sti\n inc %ebx\n inc %ecx\n cli\n hlt\n")
XS_CODE(sti_hlt,
        "mov $0x80001000,%esi\n movl $0x1ff,0xf0(%rsi)\n movl $0x44040,0x300(%rsi)\n nop\n sti\n hlt\n inc "
        "%ebx\n cli\n hlt\n")
XS_CODE(ss_shadow,
        "mov $0x80001000,%esi\n movl $0x1ff,0xf0(%rsi)\n mov %ss,%eax\n sti\n nop\n nop\n nop\n"
        "movl $0x44040,0x300(%rsi)\n mov %eax,%ss\n inc %ebx\n inc %ecx\n cli\n hlt\n")
XS_CODE(record_rip,
        "mov (%rsp),%rax\n mov %rax,0x5008\n mov %ebx,0x5010\n push %rsi\n mov $0x80001000,%esi\n movl "
        "$0,0xb0(%rsi)\n pop %rsi\n iretq\n")
XS_CODE(pauses, "mov $5,%ecx\n 1: pause\n inc %ebx\n dec %ecx\n jnz 1b\n cli\n hlt\n")

TEST_CASE("interrupt shadow") {
  Machine m;
  m.load(handler, record_rip());
  m.gate(0x40, handler);
  for (u64 quantum : {1'000'000, 1}) {
    INFO("quantum " << quantum);
    SECTION("STI lets one more instruction run, quantum " + std::to_string(quantum)) {
      m.boot(sti_shadow());
      while (m.core().state() == x86::CoreState::running) m.core().run(m.core().cycles() + quantum);
      CHECK(static_cast<u32>(m.ram.word(0x5010)) == 1);
      CHECK(m.reg("rcx") != 0);
    }
    SECTION("STI; HLT wakes behind HLT, quantum " + std::to_string(quantum)) {
      m.boot(sti_hlt());
      while (m.core().state() == x86::CoreState::running) m.core().run(m.core().cycles() + quantum);
      CHECK(m.reg("rbx") == 1);
      CHECK(m.ram.word(0x5008) == m.reg("rip") - 4);
    }
  }
}

TEST_CASE("PAUSE takes time and nothing else") {
  Machine m;
  m.run(pauses());
  CHECK(m.reg("rbx") == 5);
  CHECK(m.traps.empty());
}

// ---- TPR ----

XS_CODE(cr8,
        "mov $0x80001000,%esi\n movl $0x1ff,0xf0(%rsi)\n mov $4,%eax\n mov %rax,%cr8\n mov %cr8,%rbx\n mov "
        "0x80(%rsi),%ecx\n"
        "movl $0x44040,0x300(%rsi)\n sti\n nop\n nop\n mov 0x5000,%edi\n xor %eax,%eax\n mov %rax,%cr8\n "
        "nop\n mov 0x5000,%ebp\n"
        "mov $16,%eax\n mov %rax,%cr8\n")

// Trap: the engine's CR8 reads as zero.
TEST_CASE("CR8 is the APIC's task priority") {
  Machine m;
  m.load(handler, count_and_eoi());
  m.gate(0x40, handler);
  m.run(cr8());
  CHECK(m.reg("rbx") == 4);
  CHECK(m.reg("rcx") == 0x40);
  CHECK(m.reg("rdi") == 0);            // masked
  CHECK(m.reg("rbp") == 1);            // let through
  CHECK(m.traps.back().vector == 13);  // reserved bits
}

// ---- time ----

XS_CODE(read_time,
        "rdtsc\n mov %eax,%ebx\n nop\n nop\n nop\n rdtsc\n sub %ebx,%eax\n mov %eax,%ecx\n"
        "mov $0x10,%ecx\n xor %eax,%eax\n mov $1,%edx\n wrmsr\n rdtsc\n mov %edx,%esi\n cli\n hlt\n")

// Trap: the engine's RDTSC is the host's.
TEST_CASE("the time stamp counter counts core cycles") {
  Machine a, b;
  a.run(read_time());
  b.run(read_time());
  CHECK(a.reg("rbx") == b.reg("rbx"));
  CHECK(a.reg("rbx") < 5000);
  CHECK(a.reg("rsi") == 1);
  CHECK(a.reg("rax") < 1000);
}

// ---- debug registers ----

XS_CODE(set_resume_flag, "orl $0x10000,16(%rsp)\n iretq\n")
XS_CODE(arm_breakpoint,
        "lea 1f(%rip),%rax\n mov %rax,%db0\n mov $1,%eax\n mov %rax,%db7\n nop\n 1: nop\n mov %db7,%rbx\n "
        "mov %db0,%rcx\n mov %db6,%rdx\n cli\n hlt\n")

// Trap: an execution breakpoint armed in the engine's own registers crashes the host.
TEST_CASE("debug registers hold what is written, and their breakpoint is a fault with RF to pass it") {
  Machine m;
  m.load(handler, set_resume_flag());
  m.gate(1, handler);
  m.run(arm_breakpoint());
  REQUIRE(m.traps.size() == 1);
  CHECK(m.traps[0].vector == 1);
  CHECK(m.traps[0].pc == Machine::program + 0x13);
  CHECK(m.reg("rbx") == 0x401);
  CHECK(m.reg("rcx") == Machine::program + 0x13);
  CHECK(m.reg("rdx") == 0xffff0ff1);
  CHECK(m.unmodelled.empty());
}

// ---- MSRs, CPUID, randomness ----

XS_CODE(bad_msr, "mov $0x12345,%ecx\n rdmsr\n rdmsr\n cli\n hlt\n")
XS_CODE(skip_two_bytes, "incl 0x5000\n add $8,%rsp\n addq $2,(%rsp)\n iretq\n")
XS_CODE(bad_efer, "mov $0xc0000080,%ecx\n rdmsr\n or $0x1000,%eax\n wrmsr\n")
XS_CODE(bad_cr4, "mov %cr4,%rax\n bts $17,%rax\n mov %rax,%cr4\n")
XS_CODE(random_number, "nop\n nop\n rdrand %eax\n")
XS_CODE(
    msr_values,
    "mov $0xc0000102,%ecx\n mov $0x1234,%eax\n mov $0xffff8000,%edx\n wrmsr\n swapgs\n"
    "mov $0xc0000101,%ecx\n rdmsr\n mov %eax,%ebx\n mov %edx,%esi\n mov $0x277,%ecx\n rdmsr\n mov %eax,%edi\n"
    "mov $0xc0000080,%ecx\n rdmsr\n mov %eax,%ebp\n cli\n hlt\n")
XS_CODE(identify,
        "xor %eax,%eax\n cpuid\n mov %ebx,%r8d\n mov $1,%eax\n cpuid\n mov %ecx,%r9d\n mov %edx,%r10d\n"
        "mov $0x80000001,%eax\n cpuid\n mov %edx,%r11d\n mov $0x80000008,%eax\n cpuid\n mov %eax,%r12d\n "
        "cli\n hlt\n")

TEST_CASE("MSRs") {
  Machine m;
  SECTION("an unknown one is #GP each time, reported once per instruction") {
    m.load(handler, skip_two_bytes());
    m.gate(13, handler);
    m.run(bad_msr());
    CHECK(m.ram.word(0x5000) == 2);
    CHECK(m.unmodelled.size() == 2);
    CHECK(reported(m, "rdmsr:" + std::to_string(0x12345)));
    CHECK(m.core().counters().unmodelled == 2);
  }
  SECTION("reserved bits of EFER and CR4") {
    m.run(bad_efer());
    CHECK(m.traps.at(0).vector == 13);
    Machine n;
    n.run(bad_cr4());
    CHECK(n.traps.at(0).vector == 13);
  }
  SECTION("values") {
    m.run(msr_values());
    CHECK(m.reg("rbx") == 0x1234);
    CHECK(m.reg("rsi") == 0xffff8000);
    CHECK(m.reg("rdi") == 0x00070406);
    CHECK(m.reg("rbp") == 0xd01);
  }
}

// Trap: RDRAND gives host randomness.
TEST_CASE("RDRAND does not exist") {
  Machine m;
  m.run(random_number());
  CHECK(m.traps.at(0).vector == 6);
  CHECK(m.traps.at(0).pc == Machine::program + 2);
}

TEST_CASE("CPUID shows the stated model") {
  Machine m;
  m.run(identify());
  CHECK(m.reg("r8") == 0x68747541);                                    // "Auth"
  CHECK((m.reg("r9") & (1u << 26 | 1u << 30 | 1u << 17)) == 0);        // XSAVE, RDRAND, PCID
  CHECK((m.reg("r10") & (1u << 9 | 1u << 6)) == (1u << 9 | 1u << 6));  // APIC, PAE
  CHECK((m.reg("r11") & (1u << 29 | 1u << 20 | 1u << 11)) == (1u << 29 | 1u << 20 | 1u << 11));
  CHECK((m.reg("r12") & 0xffff) == 0x3034);
}

// ---- SYSCALL and segment loads in ring 3 ----

XS_CODE(syscall_setup,
        "mov $0xc0000081,%ecx\n xor %eax,%eax\n mov $0x00130008,%edx\n wrmsr\n"
        "mov $0xc0000082,%ecx\n mov $0x110000,%eax\n xor %edx,%edx\n wrmsr\n"
        "mov $0xc0000084,%ecx\n mov $0x200,%eax\n xor %edx,%edx\n wrmsr\n"
        "pushq $0x1b\n pushq $0x150000\n pushq $0x202\n pushq $0x23\n pushq $0x210000\n iretq\n")
XS_CODE(syscall_entry,
        "mov %cs,%r12d\n mov %ss,%r13d\n mov %rcx,%r14\n mov %r11,%r15\n pushfq\n pop %rbp\n sysretq\n")
XS_CODE(user_syscall, "mov $7,%eax\n syscall\n mov %cs,%r8d\n mov %ss,%r9d\n pushfq\n pop %r10\n ud2\n")
XS_CODE(user_loads_segment,
        "mov $0x1b,%eax\n mov %eax,%ds\n mov $0x18,%eax\n lar %eax,%ebx\n mov 0x2018,%rcx\n ud2\n")
XS_CODE(no_syscall, "mov $0xc0000080,%ecx\n rdmsr\n and $~1,%eax\n wrmsr\n nop\n syscall\n")

TEST_CASE("SYSCALL and SYSRET") {
  for (u64 quantum : {1'000'000, 1}) {
    Machine m;
    INFO("quantum " << quantum);
    m.load(handler, syscall_entry());
    m.load(user_program, user_syscall());
    m.boot(syscall_setup());
    while (m.core().state() == x86::CoreState::running) m.core().run(m.core().cycles() + quantum);
    CHECK(m.reg("r12") == 8);
    CHECK(m.reg("r13") == 0x10);
    CHECK(m.reg("r14") == user_program + 7);
    CHECK(m.reg("r15") == 0x202);
    CHECK((m.reg("rbp") & 0x300) == 0);
    CHECK(m.reg("r8") == 0x23);
    CHECK(m.reg("r9") == 0x1b);
    CHECK((m.reg("r10") & 0x300) == 0x200);
    CHECK(m.traps.size() == 1);
    CHECK(m.core().counters().syscalls == 1);
  }
}

// Trap: EFER.SCE is not checked.
TEST_CASE("SYSCALL without EFER.SCE is #UD") {
  Machine m;
  m.run(no_syscall());
  CHECK(m.traps.at(0).vector == 6);
}

// Trap: descriptor reads at CPL 3 look like user accesses.
TEST_CASE("ring 3 loads segments from a supervisor-only table, and cannot read it") {
  Machine m;
  m.load(user_program, user_loads_segment());
  m.ram.word(Machine::page_table + 8 * 2) &= ~u64{4};
  m.run(enter_ring3());
  REQUIRE(m.traps.size() == 1);
  CHECK(m.traps[0].vector == 14);
  CHECK(m.traps[0].error == 5);
  CHECK(m.traps[0].address == 0x2018);
  CHECK(m.reg("rbx") == 0x00c0f300);
}

// ---- local APIC ----

XS_CODE(periodic,
        "mov $0x80001000,%esi\n movl $0x1ff,0xf0(%rsi)\n movl $0xb,0x3e0(%rsi)\n movl $0x20040,0x320(%rsi)\n"
        "rdtsc\n mov %eax,%ebx\n movl $10000,0x380(%rsi)\n sti\n 1: cmpl $5,0x5000\n jb 1b\n cli\n rdtsc\n "
        "sub %ebx,%eax\n hlt\n")
XS_CODE(wait_nmi, "1: inc %ebx\n cmpl $2,0x5000\n jb 1b\n cli\n hlt\n")
XS_CODE(nmi_return, "incl 0x5000\n iretq\n")
XS_CODE(enable_apic,
        "mov $0x80001000,%esi\n movl $0x1ff,0xf0(%rsi)\n sti\n 1: cmpl $1,0x5000\n jb 1b\n cli\n hlt\n")

TEST_CASE("the APIC timer fires at exact cycles") {
  Machine m;
  m.load(handler, count_and_eoi());
  m.gate(0x40, handler);
  m.run(periodic());
  CHECK(m.ram.word(0x5000) == 5);
  CHECK(m.reg("rax") >= 50'000);
  CHECK(m.reg("rax") < 51'500);
  std::vector<u64> at;
  CHECK(m.core().counters().interrupts == 5);
}

TEST_CASE("NMI arrives with interrupts off, and not inside its handler") {
  Machine m;
  m.load(handler, nmi_return());
  m.gate(2, handler);
  m.boot(wait_nmi());
  m.run_on(2000);
  x86::ApicMessage nmi;
  nmi.delivery = x86::ApicMessage::Delivery::nmi;
  for (int i = 0; i < 2; ++i) {
    m.apic.send(nmi);
    m.run_on(2000);
  }
  CHECK(m.ram.word(0x5000) == 2);
  CHECK(m.core().state() == x86::CoreState::halted);
}

TEST_CASE("a level interrupt's EOI is broadcast; the 8259's wire delivers its own vector") {
  struct Listener : x86::EoiListener {
    std::vector<u8> heard;
    void on_eoi(u8 vector) override { heard.push_back(vector); }
  } listener;
  Machine m;
  m.apic.attach(listener);
  m.load(handler, count_and_eoi());
  m.gate(0x51, handler);
  m.boot(enable_apic());
  m.run_on(2000);
  SECTION("level") {
    x86::ApicMessage message;
    message.vector = 0x51;
    message.level = true;
    m.apic.send(message);
    m.run_on();
    CHECK(listener.heard == std::vector<u8>{0x51});
  }
  SECTION("ExtINT") {
    x86::ApicMessage wire;
    wire.delivery = x86::ApicMessage::Delivery::extint;
    m.apic.acknowledge_extint = [&] {
      wire.assert = false;
      m.apic.send(wire);
      return u8{0x51};
    };
    m.apic.send(wire);
    m.run_on();
    CHECK(listener.heard.empty());
  }
  CHECK(m.ram.word(0x5000) == 1);
}

// ---- exact fidelity ----

XS_CODE(loads,
        "mov $0x600000,%esi\n mov $100,%ecx\n 1: mov (%rsi),%eax\n add $4096,%rsi\n dec %ecx\n jnz 1b\n "
        "cli\n hlt\n")

TEST_CASE("exact fidelity sees each access and the TLB's capacity") {
  x86::CpuConfig exact;
  exact.fidelity = Fidelity::exact;
  Machine a, b(exact);
  a.run(loads());
  b.run(loads());
  CHECK(a.reg("rip") == b.reg("rip"));
  CHECK(a.core().counters().instructions == b.core().counters().instructions);
  CHECK(a.core().counters().mmu.accesses < 120);
  CHECK(b.core().counters().mmu.accesses > 200);
}

XS_CODE(unknown_places,
        "mov $0x80000000,%esi\n mov 0x1000000(%rsi),%eax\n mov $0x1234,%edx\n in (%dx),%al\n in (%dx),%al\n "
        "cli\n hlt\n")

TEST_CASE("accesses where nothing answers read as ones and are reported once per instruction") {
  Machine m;
  m.ram.word(0x14008 + 8 * 7) = 0xe0000083 | 4;  // va 0x81000000: 2 MiB page at 0xe0000000
  m.run(unknown_places());
  CHECK((m.reg("rax") & 0xff) == 0xff);
  CHECK(m.unmodelled.size() == 3);
  CHECK(reported(m, "port:" + std::to_string(0x1234)));
  CHECK(m.core().counters().unmodelled == 3);
}
