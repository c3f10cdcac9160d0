// Source: SDM vol. 2 5.8 (external interrupts), 460GX I/O SAPIC (index and window as an I/O APIC's, end of
// interrupt at 0x40).
#include "interrupts.h"

#include "firmware.h"
#include "guests/kernel/thread.h"
#include "privileged.h"

namespace {
constexpr u64 spurious = 15;
constexpr u32 io_window = 0x10, io_end = 0x40, io_redirection = 0x10, level_triggered = 1 << 15;

volatile u8* io_sapic;

struct Handler {
  InterruptHandler run;
  void* context;
};
Handler handlers[gsi_count];

void io_write(u32 index, u32 value) {
  *reinterpret_cast<volatile u32*>(io_sapic) = index;
  *reinterpret_cast<volatile u32*>(io_sapic + io_window) = value;
}

// A level is looked at once more by the I/O SAPIC when it is told the end.
void handle(u64 vector) {
  if (vector == vector_timer) return timer_arrived();
  u64 gsi = vector - vector_interrupts;
  if (gsi >= gsi_count || !handlers[gsi].run) return;
  handlers[gsi].run(handlers[gsi].context);
  *reinterpret_cast<volatile u32*>(io_sapic + io_end) = static_cast<u32>(vector);
}
}  // namespace

void interrupts_init() {
  io_sapic = reinterpret_cast<volatile u8*>(DEVICE_BASE + firmware_io_sapic());
  write_task_priority(0);
  write_timer_vector(vector_timer);
}

void interrupts_dispatch() {
  for (u64 vector; (vector = interrupt_acknowledge()) != spurious;) {
    handle(vector);
    interrupt_end();
  }
}

bool interrupt_route(u32 gsi, bool level, InterruptHandler handler, void* context) {
  if (gsi >= gsi_count) return false;
  handlers[gsi] = {handler, context};
  u32 entry = io_redirection + 2 * gsi;
  io_write(entry + 1, static_cast<u32>(read_local_id() >> 16 << 16));  // destination, in the same bits
  io_write(entry, static_cast<u32>(vector_interrupts) + gsi + (level ? level_triggered : 0));
  return true;
}
