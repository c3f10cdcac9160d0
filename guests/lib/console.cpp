#include "guests/lib/console.h"

#include "guests/lib/format.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/string.h"

#include <xen/io/console.h>

namespace {
xencons_interface* ring;
u32 ring_port;
bool hypercall_refused;

void notify() {
  evtchn_send_t send{ring_port};
  hypercall_event_channel_op(EVTCHNOP_send, &send);
}

// Waits for the reader while the ring is full: losing console text would make a failed test unreadable.
void write_ring(const char* text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    while (ring->out_prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE) >= sizeof ring->out) {
      notify();
      hypercall_sched_op(SCHEDOP_yield, nullptr);
    }
    ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = text[i];
    __atomic_store_n(&ring->out_prod, ring->out_prod + 1, __ATOMIC_RELEASE);
  }
  notify();
}
}  // namespace

static void write_to_hypervisor(const char* text, size_t length) {
  if (!hypercall_refused) {
    char copy[console_line_max];  // the hypercall takes a pointer to non-const
    size_t n = min_of(length, sizeof copy);
    memcpy(copy, text, n);
    if (hypercall_console_io(CONSOLEIO_write, static_cast<int>(n), copy) >= 0) return;
    hypercall_refused = true;
  }
  if (ring) write_ring(text, length);
}

static ConsoleWriter writer = write_to_hypervisor;

void console_use(ConsoleWriter w) { writer = w; }

void console_use_ring(void* page, u32 event_port) {
  ring = static_cast<xencons_interface*>(page);
  ring_port = event_port;
}

void print_text(const char* text, size_t length) { writer(text, length); }

void print_line(const char* fmt, ...) {
  char line[console_line_max];
  va_list args;
  va_start(args, fmt);
  size_t n = format_v(line, sizeof line - 1, fmt, args);
  va_end(args);
  n = min_of(n, sizeof line - 2);
  line[n++] = '\n';
  print_text(line, n);
}
