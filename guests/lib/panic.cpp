#include "guests/lib/panic.h"

#include "guests/lib/console.h"
#include "guests/lib/format.h"
#include "guests/lib/hypercall.h"

void shutdown(unsigned reason) {
  sched_shutdown_t arg{reason};
  for (;;) hypercall_sched_op(SCHEDOP_shutdown, &arg);
}

void panic(const char* fmt, ...) {
  char text[console_line_max];
  va_list args;
  va_start(args, fmt);
  format_v(text, sizeof text, fmt, args);
  va_end(args);
  print_line("panic: %s", text);
  shutdown(SHUTDOWN_crash);
}
