#include "guests/kernel/dom0/hypervisor_console.h"

#include "guests/lib/console.h"
#include "guests/lib/events.h"
#include "guests/lib/hypercall.h"

namespace {
void write_console(void*, const char* text, size_t length) { print_text(text, length); }

size_t read_console(void*, char* to, size_t size) {
  long n = hypercall_console_io(CONSOLEIO_read, static_cast<int>(size), to);
  return n > 0 ? static_cast<size_t>(n) : 0;
}

void on_input(EventPort, void*) { operator_wake(); }
}  // namespace

OperatorPort hypervisor_console_port() {
  s64 port = event_bind_virq(VIRQ_CONSOLE, 0);
  if (port >= 0) event_set_handler(static_cast<EventPort>(port), on_input, nullptr);
  return {write_console, read_console, nullptr};
}
