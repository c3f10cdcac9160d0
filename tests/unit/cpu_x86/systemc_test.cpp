// The SystemC module: two cores, one started by INIT/SIPI from real mode, LAPIC timer waking HLT, IPIs, a
// device target with latency. SystemC elaborates once per process, so this is one simulation with many
// checks.
#include <tlm_utils/simple_target_socket.h>
#include <catch2/catch.hpp>

#include "sim/cpu_x86/cpu.h"
#include "tests/unit/cpu_x86/machine.h"

int sc_main(int, char*[]) { return 0; }

using namespace xs;
using test::Machine;

// Boot processor: start core 1 with vector 8 (0x8000), wait for its flag, arm the timer, sleep until it
// fires.
XS_CODE(boot_processor,
        "mov $0x80001000,%ebx\n"
        "movl $0x1ff,0xf0(%rbx)\n"                                   // SVR: enable
        "movl $0x01000000,0x310(%rbx)\n movl $0x4500,0x300(%rbx)\n"  // INIT
        "movl $0x01000000,0x310(%rbx)\n movl $0x4608,0x300(%rbx)\n"  // SIPI 8
        "1: pause\n cmpl $1,0x5000\n jne 1b\n"
        "movl $0xb,0x3e0(%rbx)\n movl $0x40,0x320(%rbx)\n"  // divide by 1, one-shot vector 0x40
        "rdtsc\n mov %eax,%r12d\n"
        "movl $250000,0x380(%rbx)\n"  // 250 us
        "sti\n hlt\n cli\n"
        "rdtsc\n sub %r12d,%eax\n mov %eax,%r13d\n"
        "movl $0x01000000,0x310(%rbx)\n movl $0x4041,0x300(%rbx)\n"  // IPI 0x41 to core 1
        "2: pause\n cmpl $2,0x5000\n jne 2b\n"
        "mov $0x3f8,%edx\n mov $0x21,%al\n out %al,(%dx)\n mov $0x80000000,%esi\n movl $7,(%rsi)\n mov "
        "(%rsi),%r14d\n"
        "hlt\n")
XS_CODE(timer_handler,
        "push %rbx\n mov $0x80001000,%ebx\n movl $0,0xb0(%rbx)\n incl 0x5010\n pop %rbx\n iretq\n")
XS_CODE(ipi_handler,
        "push %rbx\n mov $0x80001000,%ebx\n movl $0,0xb0(%rbx)\n movl $2,0x5000\n pop %rbx\n iretq\n")
// Core 1: real mode at 0x8000, straight into 32-bit protected mode, then as the boot processor does.
XS_CODE(real_mode,
        ".code16\n cli\n mov %cr0,%eax\n or $1,%al\n mov %eax,%cr0\n"
        "lgdtl %cs:0xf0\n ljmpl $0x28,$0x9000\n")
XS_CODE(second_program,
        "mov $0x80001000,%ebx\n movl $0x1ff,0xf0(%rbx)\n mov 0x20(%rbx),%r12d\n mov $0x170000,%esp\n"
        "movl $1,0x5000\n sti\n 1: hlt\n jmp 1b\n")

namespace {

struct Device : sc_core::sc_module {
  tlm_utils::simple_target_socket<Device> in;
  std::string text;
  u32 value = 0;
  explicit Device(sc_core::sc_module_name n) : sc_module(n), in("in") {
    in.register_b_transport(this, &Device::access);
  }
  void access(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) {
    delay += sc_core::sc_time(100, sc_core::SC_NS);
    p.set_response_status(tlm::TLM_OK_RESPONSE);
    if (p.get_address() == 0x3f8)
      text += static_cast<char>(*p.get_data_ptr());
    else if (p.is_write())
      std::memcpy(&value, p.get_data_ptr(), p.get_data_length());
    else
      std::memcpy(p.get_data_ptr(), &value, p.get_data_length());
  }
};

}  // namespace

TEST_CASE("two cores under SystemC") {
  Machine tables({}, 0);  // DRAM with tables only; the cores are modules
  x86::ApicBus apic;
  x86::CpuConfig config;
  config.cores = 2;
  config.observer = &tables;
  x86::Cpu first("cpu0", config, tables.ram, apic);
  config.id = 1;
  x86::Cpu second("cpu1", config, tables.ram, apic);
  Device memory0("memory0"), ports0("ports0"), memory1("memory1"), ports1("ports1");
  first.out.bind(memory0.in);
  first.io_out.bind(ports0.in);
  second.out.bind(memory1.in);
  second.io_out.bind(ports1.in);
  tables.load(Machine::program, boot_processor());
  tables.load(0x110000, timer_handler());
  tables.load(0x110100, ipi_handler());
  tables.gate(0x40, 0x110000);
  tables.gate(0x41, 0x110100);
  tables.load(0x8000, real_mode());
  std::memcpy(tables.ram.at(0x80f0), tables.ram.at(0x1f00), 10);
  // Core 1's start-up code: a copy whose far jump leads to its own program.
  std::memcpy(tables.ram.at(0x9000), tables.ram.at(0x1000), 0x100);
  for (u64 at = 0x9000; at < 0x9100; ++at)
    if (*tables.ram.at(at) == 0xea) std::memcpy(tables.ram.at(at + 1), "\0\0\x30\0", 4);
  tables.load(0x300000, second_program());
  first.reset_pvh(0x1000, Machine::program);
  sc_core::sc_start(20, sc_core::SC_US);
  CHECK(first.reg("rip") >= Machine::program);
  sc_core::sc_start(100, sc_core::SC_US);
  CHECK(second.reg("rip") != 0);
  sc_core::sc_start(2, sc_core::SC_MS);

  std::string log;
  for (const Trap& t : tables.traps)
    log += std::to_string(t.vector) + " at " + std::to_string(t.pc) + " error " + std::to_string(t.error) +
           " address " + std::to_string(t.address) + "\n";
  INFO(log);
  INFO("core 0 at " << std::hex << first.reg("rip") << " core 1 at " << second.reg("rip") << " instructions "
                    << second.counters().instructions << " cycles " << second.counters().cycles << " quanta "
                    << second.counters().quanta << " steps " << second.counters().single_steps << " traps "
                    << tables.traps.size());
  CHECK(tables.ram.word(0x5000) % (u64{1} << 32) == 2);
  CHECK(tables.ram.word(0x5010) == 1);
  CHECK(second.reg("r12") == 0x01000000);
  CHECK(first.reg("r13") >= 250'000);  // TSC at 1 GHz
  CHECK(first.reg("r13") < 253'000);
  CHECK(first.counters().halted_cycles > 200'000);
  CHECK(ports0.text == "!");
  CHECK(first.reg("r14") == 7);
  CHECK(first.halted());
  CHECK(first.waits_for_ever());
  CHECK(second.waits_for_ever());
}
