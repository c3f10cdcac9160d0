// Source: Intel SDM vol. 3A chapter 10 (xAPIC); 82093AA data sheet (I/O APIC).
#include "interrupts.h"

#include "guests/kernel/memory_model.h"
#include "guests/kernel/thread.h"
#include "guests/lib/panic.h"
#include "instructions.h"

namespace {
// microvm's board: the second I/O APIC has global system interrupts 24 to 47.
constexpr u64 local_apic_base = 0xfee00000, io_apic_base[] = {0xfec00000, 0xfec10000};
constexpr unsigned io_apic_pins = 24;
static_assert(gsi_count == count_of(io_apic_base) * io_apic_pins);

enum LocalApic : u32 {
  apic_id = 0x20,
  apic_task_priority = 0x80,
  apic_eoi = 0xb0,
  apic_spurious = 0xf0,
  apic_lvt_timer = 0x320,
  apic_lvt_lint0 = 0x350,
  apic_timer_initial = 0x380,
  apic_timer_current = 0x390,
  apic_timer_divide = 0x3e0
};
constexpr u32 masked = 1 << 16, enabled = 1 << 8, divide_by_16 = 3, level_triggered = 1 << 15;
constexpr u32 io_window = 0x10, io_redirection = 0x10;

volatile u8* local_apic;
volatile u8* io_apics[count_of(io_apic_base)];

struct Handler {
  InterruptHandler run;
  void* context;
};
Handler handlers[gsi_count];
u64 arrived[2];  // vectors noted and not handled yet

void apic_write(LocalApic reg, u32 value) { *reinterpret_cast<volatile u32*>(local_apic + reg) = value; }
u32 apic_read(LocalApic reg) { return *reinterpret_cast<volatile u32*>(local_apic + reg); }

void io_apic_write(unsigned apic, u32 index, u32 value) {
  *reinterpret_cast<volatile u32*>(io_apics[apic]) = index;
  *reinterpret_cast<volatile u32*>(io_apics[apic] + io_window) = value;
}

volatile u8* map_registers(u64 base) {
  long error;
  auto* registers = static_cast<volatile u8*>(model_map_device(base, page_bytes, error));
  if (!registers) panic("cannot map the registers at %lx: %ld", base, error);
  return registers;
}

// The last interrupt that came, that is the one of highest priority: its end is what an EOI tells.
unsigned take_highest() {
  for (unsigned word = count_of(arrived); word--;)
    if (arrived[word]) {
      unsigned bit = 63u - static_cast<unsigned>(__builtin_clzl(arrived[word]));
      arrived[word] &= ~(u64{1} << bit);
      return word * 64 + bit;
    }
  return 0;
}

void handle(unsigned vector) {
  if (vector == vector_timer) return timer_arrived();
  const Handler& h = handlers[vector - vector_interrupts];
  h.run(h.context);
}
}  // namespace

void interrupts_init() {
  local_apic = map_registers(local_apic_base);
  for (unsigned i = 0; i < count_of(io_apics); i++) io_apics[i] = map_registers(io_apic_base[i]);
  out8(0x21, 0xff), out8(0xa1, 0xff);  // the 8259s see the same lines
  apic_write(apic_spurious,
             enabled | vector_spurious);  // first: while it is off, all LVT entries stay masked
  apic_write(apic_lvt_lint0, masked);
  apic_write(apic_task_priority, 0);
  apic_write(apic_timer_divide, divide_by_16);
  apic_write(apic_lvt_timer, vector_timer);
}

void interrupt_arrived(unsigned vector) {
  if (vector != vector_spurious) arrived[vector / 64] |= u64{1} << vector % 64;
}

void interrupts_dispatch() {
  take_interrupts();
  while (unsigned vector = take_highest()) {
    handle(vector);
    apic_write(apic_eoi, 0);
  }
}

bool interrupt_route(u32 gsi, bool level, InterruptHandler handler, void* context) {
  if (gsi >= gsi_count) return false;
  handlers[gsi] = {handler, context};
  unsigned apic = gsi / io_apic_pins;
  u32 entry = io_redirection + 2 * (gsi % io_apic_pins);
  io_apic_write(apic, entry + 1, apic_read(apic_id));  // destination, in the same bits
  io_apic_write(apic, entry, (vector_interrupts + gsi) | (level ? level_triggered : 0));
  return true;
}

void apic_timer_start(u32 count) { apic_write(apic_timer_initial, count); }
u32 apic_timer_left() { return apic_read(apic_timer_current); }
