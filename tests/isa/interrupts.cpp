// Proves: the local APIC delivers in the order of priority, holds back what TPR, CR8 or a vector in service
// forbids, and loses and doubles nothing; STI and POPF open the gate at the right instruction; HLT wakes
// behind itself; NMIs pass IF and block each other until IRET; timer, I/O APIC and string instructions
// interrupt as they should. Every number printed is a count or an order, never a time.
#include "tests/isa/lib/apic.h"
#include "tests/isa/lib/descriptors.h"
#include "tests/isa/lib/main.h"
#include "tests/isa/lib/text.h"
#include "tests/isa/lib/trap.h"

using namespace isa;

namespace {

constexpr u32 to_self = 0x44000, nmi_to_cpu0 = 0x4400, periodic_tick = 20'000;
constexpr unsigned v_low = 0x41, v_mid = 0x61, v_mid2 = 0x6f, v_high = 0x81, v_timer = 0x50, v_uart = 0x70;

volatile unsigned log_size;
u8 log[64];
volatile unsigned ticks;

void note(u64 what) {
  if (log_size < sizeof log) log[log_size] = static_cast<u8>(what);
  log_size = log_size + 1;
}
void show_log(const char* what) {
  print(what, ":");
  for (unsigned i = 0; i < log_size; ++i) print(" ", hex(log[i]));
  print("\n");
  log_size = 0;
}
void eoi() { lapic::write(lapic::eoi, 0); }
void self(unsigned vector) { lapic::write(lapic::icr_low, to_self | vector); }
void open_gate() { asm volatile("sti; nop; nop; cli" ::: "memory"); }

void simple(TrapFrame& frame) {
  note(frame.vector);
  eoi();
}
void tick(TrapFrame&) {
  ticks = ticks + 1;
  eoi();
}

void pending_bits() {
  print("-- IRR and ISR\n");
  print("version ", hex(lapic::read(lapic::version)), " id ", hex(lapic::read(lapic::id)), " spurious ",
        hex(lapic::read(lapic::svr)), "\n");
  self(v_mid);
  print("sent: irr ", lapic::bit(lapic::irr, v_mid), " isr ", lapic::bit(lapic::isr, v_mid), "\n");
  on_vector(v_mid, [](TrapFrame&) {
    const bool irr = lapic::bit(lapic::irr, v_mid), isr = lapic::bit(lapic::isr, v_mid);
    print("in the handler: irr ", irr, " isr ", isr, " ppr ", hex(lapic::read(lapic::ppr)), "\n");
    eoi();
    print("after EOI: isr ", lapic::bit(lapic::isr, v_mid), " ppr ", hex(lapic::read(lapic::ppr)), "\n");
  });
  open_gate();
  on_vector(v_mid, simple);
  self(v_mid);
  self(v_mid);
  open_gate();
  show_log("sent twice before the gate opens");
  on_vector(v_mid, [](TrapFrame&) {
    note(v_mid);
    if (log_size < 3) self(v_mid);
    eoi();
  });
  self(v_mid);
  open_gate();
  open_gate();
  show_log("sent again while in service");
  on_vector(v_mid, simple);
}

void priorities() {
  print("-- priorities\n");
  for (unsigned vector : {v_low, v_high, v_mid, v_mid2, 0x62u}) {
    on_vector(vector, simple);
    self(vector);
  }
  open_gate();
  show_log("five at once");

  on_vector(v_low, [](TrapFrame&) {
    note(v_low);
    self(0x31);
    self(v_high);
    sti();
    asm volatile("nop; nop");
    cli();
    note(1);
    eoi();
  });
  on_vector(0x31, simple);
  self(v_low);
  open_gate();
  open_gate();
  show_log("a higher one nests, a lower one waits");

  on_vector(v_mid, [](TrapFrame&) {
    note(v_mid);
    self(v_mid2);
    sti();
    asm volatile("nop; nop");
    cli();
    note(2);
    eoi();
  });
  self(v_mid);
  open_gate();
  open_gate();
  show_log("one of the same class waits");
  on_vector(v_mid, simple);
  on_vector(v_low, simple);
}

void task_priority() {
  print("-- TPR and CR8\n");
  lapic::write(lapic::tpr, 0x50);
  print("tpr 0x50: cr8 ", read_cr8(), " ppr ", hex(lapic::read(lapic::ppr)), "\n");
  self(v_low);
  self(v_mid);
  open_gate();
  show_log("0x41 and 0x61");
  print("0x41 pending: ", lapic::bit(lapic::irr, v_low), "\n");
  sti();
  write_cr8(3);
  asm volatile("nop");
  cli();
  show_log("after cr8 = 3");
  print("tpr ", hex(lapic::read(lapic::tpr)), "\n");
  write_cr8(15);
  self(v_high);
  open_gate();
  show_log("cr8 = 15");
  write_cr8(8);
  open_gate();
  show_log("cr8 = 8, the class of 0x81");
  write_cr8(0);
  open_gate();
  show_log("cr8 = 0");
}

u64 where;
void note_rip(TrapFrame& frame) {
  where = frame.rip;
  eoi();
}
ISA_CODE(sti_nop, "sti; nop; nop; nop; cli");
ISA_CODE(sti_cli, "sti; cli; nop; nop");
ISA_CODE(sti_sti, "sti; sti; nop; nop; cli");
ISA_CODE(popf_nop, "pushfq; orl $0x200, (%rsp); popfq; nop; nop; cli");
ISA_CODE(sti_ret_like, "sti; jmp 1f; nop; 1: nop; nop; cli");
ISA_CODE(sti_hlt, "sti; hlt; nop; cli");

void gate_opening() {
  print("-- where the gate opens\n");
  static const struct {
    const char* name;
    Code code;
  } cases[] = {{"sti, nop", sti_nop}, {"sti, cli", sti_cli},      {"sti, sti", sti_sti},
               {"popf", popf_nop},    {"sti, jmp", sti_ret_like}, {"sti, hlt", sti_hlt}};
  on_vector(v_mid, note_rip);
  for (const auto& c : cases) {
    where = 0;
    self(v_mid);
    probe(ring0, c.code);
    if (where == 0) {
      print(c.name, ": not taken\n");
      open_gate();
    } else {
      print(c.name, ": at +", where - reinterpret_cast<u64>(c.code), "\n");
    }
  }
  on_vector(v_mid, simple);
}

void arm_timer(u32 mode, u32 count, u32 divide = lapic::divide_by_1) {
  lapic::write(lapic::timer_divide, divide);
  lapic::write(lapic::lvt_timer, mode | v_timer);
  lapic::write(lapic::timer_initial, count);
}
void stop_timer() {
  lapic::write(lapic::timer_initial, 0);
  lapic::write(lapic::lvt_timer, lapic::masked | v_timer);
}
void spin(unsigned rounds) {
  for (unsigned i = 0; i < rounds; ++i) asm volatile("pause" ::: "memory");
}

void timer() {
  print("-- timer\n");
  ticks = 0;
  on_vector(v_timer, tick);
  arm_timer(0, periodic_tick);
  while (ticks == 0) sti_hlt_cli();
  print("one-shot fired: ", ticks, ", count ", lapic::read(lapic::timer_current), "\n");
  sti();
  spin(100'000);
  cli();
  print("and not again: ", ticks, "\n");
  ticks = 0;
  arm_timer(lapic::periodic, periodic_tick);
  while (ticks < 5) sti_hlt_cli();
  stop_timer();
  open_gate();
  const unsigned after_stop = ticks;
  sti();
  spin(100'000);
  cli();
  print("periodic fired five times or more: ", after_stop >= 5,
        ", none after the stop: ", ticks == after_stop, "\n");
  arm_timer(lapic::masked, 1'000'000'000);
  const u32 first = lapic::read(lapic::timer_current);
  spin(1000);
  const u32 second = lapic::read(lapic::timer_current);
  print("masked, it counts down: ", second < first && first <= 1'000'000'000,
        ", pending: ", lapic::bit(lapic::irr, v_timer), "\n");
  stop_timer();
  print("stopped, it reads ", lapic::read(lapic::timer_current), "\n");
  ticks = 0;
  arm_timer(0, periodic_tick / 16, lapic::divide_by_16);
  while (ticks == 0) sti_hlt_cli();
  print("divided by 16: ", ticks, "\n");
}

ISA_CODE(user_loop, "1: pause; jmp 1b");
ISA_CODE(wait_in_hlt, "sti; hlt; nop; cli");

u64 seen_cs, seen_ss, seen_rip, seen_flags;
bool seen_on_rsp0;

void leave_loop(TrapFrame& frame) {
  seen_cs = frame.cs, seen_ss = frame.ss, seen_rip = frame.rip, seen_flags = frame.rflags;
  const u64 at = reinterpret_cast<u64>(&frame), base = reinterpret_cast<u64>(trap_stacks[0][0]);
  seen_on_rsp0 = at >= base && at < base + trap_stack_size;
  frame.rip = reinterpret_cast<u64>(user_loop) + 4;  // its RET
  eoi();
}

void interrupted_code() {
  print("-- interrupted code\n");
  on_vector(v_timer, leave_loop);
  arm_timer(0, periodic_tick);
  const Trap trap = probe(ring3, user_loop, 0, 0x202);
  print("ring 3: ends by ", vector_name(trap.frame.vector), " cs=", hex(seen_cs), " ss=", hex(seen_ss),
        " rip in the loop ", seen_rip - reinterpret_cast<u64>(user_loop) < 4, " on rsp0 ", seen_on_rsp0,
        " flags:");
  put_flags(seen_flags);
  print("\n");
  on_vector(v_timer, [](TrapFrame& frame) {
    seen_rip = frame.rip;
    eoi();
  });
  arm_timer(0, periodic_tick);
  probe(ring0, wait_in_hlt);
  print("hlt wakes at +", seen_rip - reinterpret_cast<u64>(wait_in_hlt), "\n");

  static u8 target[1 << 18];
  on_vector(v_timer, tick);
  ticks = 0;
  arm_timer(lapic::periodic, periodic_tick);
  bool right = true;
  for (unsigned round = 1; ticks < 3; ++round) {
    void* to = target;
    u64 count = sizeof target;
    asm volatile("sti; rep stosb; cli" : "+D"(to), "+c"(count) : "a"(round) : "memory");
    right = right && to == target + sizeof target && count == 0;
    for (u64 i = 0; i < sizeof target; i += 997) right = right && target[i] == static_cast<u8>(round);
  }
  stop_timer();
  open_gate();
  print("rep stosb under interrupts: ", right, "\n");
}

volatile unsigned nmi_depth, nmi_deepest, nmi_count;

void on_nmi(TrapFrame& frame) {
  nmi_depth = nmi_depth + 1;
  nmi_count = nmi_count + 1;
  if (nmi_depth > nmi_deepest) nmi_deepest = nmi_depth;
  if (nmi_count == 1) {
    send_ipi(0, nmi_to_cpu0);
    spin(2000);
    print("in the NMI handler: err=", frame.error == TrapFrame::no_error ? "none" : "some",
          ", another one sent, depth ", nmi_depth, "\n");
  }
  nmi_depth = nmi_depth - 1;
}

void nmi() {
  print("-- NMI\n");
  on_vector(2, on_nmi);
  send_ipi(0, nmi_to_cpu0);
  spin(2000);
  print("with IF clear: ", nmi_count, " taken, deepest ", nmi_deepest, "\n");
  on_vector(2, nullptr);
}

void io_apic() {
  print("-- I/O APIC, pin 4 (16550, transmitter empty)\n");
  volatile u32* const select = reinterpret_cast<volatile u32*>(0xfec00000ul);
  volatile u32* const window = select + 4;
  auto write = [=](u32 index, u32 value) {
    *select = index;
    *window = value;
  };
  constexpr u32 pin4 = 0x10 + 2 * 4;
  static volatile unsigned identification;
  on_vector(v_uart, [](TrapFrame& frame) {
    note(frame.vector);
    identification = inb(0x3fa) & 0xf;
    outb(0x3f9, 0);
    eoi();
  });
  write(pin4 + 1, 0);
  write(pin4, v_uart | lapic::masked);
  outb(0x3fc, 8);  // OUT2 lets the line through
  outb(0x3f9, 2);
  open_gate();
  outb(0x3f9, 0);
  const unsigned while_masked = log_size;
  write(pin4, v_uart);
  outb(0x3f9, 2);
  sti();
  spin(2000);
  cli();
  write(pin4, v_uart | lapic::masked);
  print("masked: ", while_masked, ", identification ", hex(identification), "\n");
  show_log("open");
}

}  // namespace

void isa_main() {
  set_gate_dpl(done_vector, 3);
  enable_lapic();
  pending_bits();
  priorities();
  task_priority();
  gate_opening();
  timer();
  interrupted_code();
  nmi();
  io_apic();
}
