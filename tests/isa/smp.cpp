// Proves: CPU 1 starts by INIT and STARTUP and again after another INIT; interrupts between the two arrive,
// by physical, broadcast and logical addressing, also in HLT; locked instructions are atomic across cores;
// stores become visible in order; code that one core writes is what the other executes; a shootdown by
// IPI makes a stale translation go.
#include "tests/isa/lib/apic.h"
#include "tests/isa/lib/descriptors.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/paging.h"
#include "tests/isa/lib/text.h"
#include "tests/isa/lib/trap.h"

using namespace isa;

namespace {

constexpr unsigned v_ping = 0x51, v_pong = 0x52, v_flush = 0x53;
constexpr u32 fixed = 0x4000, all_but_self = 0xc4000, logical = 0x4800, init = 0x4500;
constexpr unsigned rounds = 500, increments = 20'000;

/// What CPU 1 is asked to do; it answers by setting it back to idle.
enum class Job : u32 { idle, halt, count, exchange, receive, run_code, read_page, leave };
volatile Job job;
volatile u64 answer;
volatile unsigned pongs, pings, starts;

u64 counter, pair_counter;
volatile u64 message_data, message_flag;
u32 spin_lock;
u64 under_lock;

void pause_until_idle() {
  while (job != Job::idle) pause();
}
constexpr u64 halting = 0x4a17;
/// CPU 1 now halts until `rounds` pings have come.
void let_it_halt() {
  pings = 0;
  answer = 0;
  job = Job::halt;
  while (answer != halting) pause();
}
void ask(Job what) {
  asm volatile("" ::: "memory");
  job = what;
}

void count_up() {
  for (unsigned i = 0; i < increments; ++i) asm volatile("lock; incq %0" : "+m"(counter)::"memory");
  for (unsigned i = 0; i < increments; ++i) {
    u64 one = 1;
    asm volatile("lock; xaddq %0, %1" : "+r"(one), "+m"(counter)::"memory");
  }
}

void count_by_exchange() {
  for (unsigned i = 0; i < increments; ++i) {
    for (u64 seen = pair_counter;;) {
      const u64 before = seen;
      asm volatile("lock; cmpxchgq %2, %1" : "+a"(seen), "+m"(pair_counter) : "r"(before + 1) : "memory");
      if (seen == before) break;
    }
    u32 taken;
    do {
      taken = 1;
      asm volatile("xchgl %0, %1" : "+r"(taken), "+m"(spin_lock)::"memory");
      if (taken != 0) pause();
    } while (taken != 0);
    under_lock = under_lock + 1;
    asm volatile("movl $0, %0" : "=m"(spin_lock)::"memory");
  }
}

/// Each message is written before its flag; the flag is handed back by clearing it.
u64 receive_messages() {
  u64 wrong = 0;
  for (u64 i = 1; i <= rounds; ++i) {
    while (message_flag == 0) pause();
    wrong += message_data != i * 3;
    message_flag = 0;
  }
  return wrong;
}

using Function = u64 (*)();
constexpr u64 code_va = test_va, page_va = test_va + 0x10000;
alignas(4096) u8 code_frame[4096];
alignas(4096) u64 page_one[512], page_two[512];

void serialize() {
  u32 a = 0, b, c = 0, d;
  asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d)::"memory");
}

void cpu1_main() {
  starts = starts + 1;
  for (;;) {
    switch (job) {
      case Job::idle:
        pause();
        continue;
      case Job::halt:
        answer = halting;
        while (pings < rounds) sti_hlt_cli();
        break;
      case Job::count:
        count_up();
        break;
      case Job::exchange:
        count_by_exchange();
        break;
      case Job::receive:
        answer = receive_messages();
        break;
      case Job::run_code:
        serialize();
        answer = reinterpret_cast<Function>(code_va)();
        break;
      case Job::read_page:
        answer = at(page_va);
        break;
      case Job::leave:
        job = Job::idle;
        sti();
        for (;;) asm volatile("hlt");
    }
    asm volatile("" ::: "memory");
    job = Job::idle;
  }
}

void on_ping(TrapFrame&) {
  pings = pings + 1;
  lapic::write(lapic::eoi, 0);
  send_ipi(0, fixed | v_pong);
}
void on_pong(TrapFrame&) {
  pongs = pongs + 1;
  lapic::write(lapic::eoi, 0);
}
void on_flush(TrapFrame&) {
  invlpg(reinterpret_cast<void*>(page_va));
  lapic::write(lapic::eoi, 0);
  answer = 0;
}

void ping_pong() {
  print("-- interrupts between CPUs\n");
  on_vector(v_ping, on_ping);
  on_vector(v_pong, on_pong);
  let_it_halt();
  for (unsigned i = 0; i < rounds; ++i) {
    send_ipi(1, fixed | v_ping);
    while (pongs == i) sti_hlt_cli();
  }
  pause_until_idle();
  print("pings ", pings, " pongs ", pongs, "\n");
}

void addressing() {
  print("-- addressing\n");
  const unsigned before = pongs;
  let_it_halt();
  sti();
  lapic::write(lapic::dfr, 0xffffffff);
  lapic::write(lapic::ldr, 1u << 24);
  lapic::write(lapic::icr_low, all_but_self | v_ping);
  while (pongs != before + 1) pause();
  print("all but self: pings ", pings, "\n");
  pings = rounds - 1;  // one more lets CPU 1 out of its HLT loop
  send_ipi(1, fixed | v_ping);
  while (pongs != before + 2) pause();
  cli();
  pause_until_idle();
  send_ipi(1, logical | v_pong);  // logical 1 is CPU 0 itself
  const bool pending = lapic::bit(lapic::irr, v_pong);
  sti();
  asm volatile("nop");
  cli();
  print("logical to self: pending ", pending, " taken ", pongs == before + 3, "\n");
}

void atomics() {
  print("-- atomic instructions\n");
  ask(Job::count);
  count_up();
  pause_until_idle();
  print("inc and xadd: ", counter, "\n");
  ask(Job::exchange);
  count_by_exchange();
  pause_until_idle();
  print("cmpxchg: ", pair_counter, ", under an xchg lock: ", under_lock, "\n");
}

void messages() {
  print("-- messages\n");
  ask(Job::receive);
  for (u64 i = 1; i <= rounds; ++i) {
    message_data = i * 3;
    message_flag = 1;
    while (message_flag != 0) pause();
  }
  pause_until_idle();
  print("wrong: ", answer, "\n");
}

void foreign_code() {
  print("-- code written by the other CPU\n");
  map(code_va, address_of(code_frame));
  u64 wrong = 0;
  for (u32 i = 0; i < 200; ++i) {
    // mov $i, %eax; ret through the identity map; CPU 1 runs it at code_va.
    const u64 code = 0xb8 | u64{i} << 8 | u64{0xc3} << 40;
    *reinterpret_cast<volatile u64*>(code_frame) = code;
    ask(Job::run_code);
    pause_until_idle();
    wrong += answer != i;
  }
  print("wrong: ", wrong, "\n");
}

void shootdown() {
  print("-- shootdown\n");
  on_vector(v_flush, on_flush);
  page_one[0] = 11, page_two[0] = 22;
  map(page_va, address_of(page_one));
  ask(Job::read_page);
  pause_until_idle();
  print("first: ", answer, "\n");
  entry(page_va, 1) = address_of(page_two) | pte::p | pte::w;
  ask(Job::leave);
  pause_until_idle();
  answer = 1;
  send_ipi(1, fixed | v_flush);
  while (answer != 0) pause();
  print("CPU 1 flushed\n");
}

void restart() {
  print("-- INIT and STARTUP again\n");
  send_ipi(1, init);
  start_cpu1(cpu1_main);
  ask(Job::read_page);
  pause_until_idle();
  print("starts ", starts, ", the page reads ", answer, "\n");
}

}  // namespace

void isa_main() {
  enable_lapic();
  start_cpu1(cpu1_main);
  while (starts == 0) pause();
  print("-- CPU 1 started\n");
  ping_pong();
  addressing();
  atomics();
  messages();
  foreign_code();
  shootdown();
  restart();
}
