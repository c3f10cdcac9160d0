#include "guests/lib/panic.h"

#include "guests/lib/call_chain.h"
#include "guests/lib/console.h"
#include "guests/lib/format.h"
#include "guests/lib/hypercall.h"

static void shutdown_domain(unsigned reason) {
  sched_shutdown_t arg{reason};
  for (;;) hypercall_sched_op(SCHEDOP_shutdown, &arg);
}

static ShutdownWay way = shutdown_domain;

void shutdown_use(ShutdownWay w) { way = w; }

void shutdown(unsigned reason) {
  for (;;) way(reason);
}

namespace {
void print_reason(const char* fmt, va_list args) {
  char text[console_line_max];
  format_v(text, sizeof text, fmt, args);
  print_line("panic: %s", text);
}
}  // namespace

void print_code_address(u64 address) { print_line("   [<%016lx>]", address); }

void panic(const char* fmt, ...) {
  va_list args;
  va_start(args, fmt);
  print_reason(fmt, args);
  va_end(args);
  print_call_chain(reinterpret_cast<u64>(__builtin_frame_address(0)));
  shutdown(SHUTDOWN_crash);
}

void panic_at(u64 address, u64 frame_pointer, const char* fmt, ...) {
  va_list args;
  va_start(args, fmt);
  print_reason(fmt, args);
  va_end(args);
  print_code_address(address);
  print_call_chain(frame_pointer);
  shutdown(SHUTDOWN_crash);
}
