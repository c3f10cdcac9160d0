#include "hypervisor/common/console.h"

#include "hypervisor/common/debug_keys.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/event.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/lock.h"
#include "hypervisor/common/print.h"

namespace hv {
namespace {

Spinlock console_lock;
bool forced;

struct ConsoleGuard {
  bool taken;
  ConsoleGuard() : taken(!forced) {
    if (taken) console_lock.lock();
  }
  ~ConsoleGuard() {
    if (taken) console_lock.unlock();
  }
};

void put_text(const char* text, size_t length) {
  for (size_t i = 0; i < length; ++i) arch_console_put(text[i]);
}

void put_line(const char* prefix, const char* text, size_t length) {
  put_text(prefix, strlen(prefix));
  put_text(text, length);
  arch_console_put('\n');
}

// Typed characters that nobody has read yet.
constexpr unsigned kInputSize = 256;
char input[kInputSize];
u32 input_head, input_tail;  // free running
Spinlock input_lock;
unsigned escape_count;  // ^A in a row
constexpr char kEscape = 1;
bool keys_active;

}  // namespace

void console_force() { forced = true; }

void print(const char* format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  const size_t length = format_text(text, sizeof(text), format, args);
  va_end(args);
  ConsoleGuard guard;
  for (size_t start = 0; start < length;) {
    size_t end = start;
    while (end < length && text[end] != '\n') ++end;
    put_line("(XEN) ", text + start, end - start);
    start = end + 1;
  }
}

void console_guest_flush(Domain* domain) {
  ConsoleGuard guard;
  if (domain->console_length == 0) return;
  char prefix[16];
  format_text(prefix, sizeof(prefix), "(d%u) ", domain->id);
  put_line(prefix, domain->console_line, domain->console_length);
  domain->console_length = 0;
}

void console_guest_text(Domain* domain, const char* text, u64 length) {
  char prefix[16];
  format_text(prefix, sizeof(prefix), "(d%u) ", domain->id);
  ConsoleGuard guard;
  for (u64 i = 0; i < length; ++i) {
    const char c = text[i];
    if (c != '\n' && (static_cast<u8>(c) >= 32 || c == '\t'))
      domain->console_line[domain->console_length++] = c;
    if (c == '\n' || domain->console_length == sizeof(domain->console_line)) {
      put_line(prefix, domain->console_line, domain->console_length);
      domain->console_length = 0;
    }
  }
}

void console_input(char c) {
  if (c == kEscape) {
    if (++escape_count == 3) {
      escape_count = 0;
      keys_active = !keys_active;
      print("*** Serial input to %s (type ^A three times to switch)\n", keys_active ? "Xen" : "DOM0");
    }
    return;
  }
  escape_count = 0;
  if (keys_active) return debug_key(c);
  {
    LockGuard guard(input_lock);
    if (input_head - input_tail < kInputSize) input[input_head++ % kInputSize] = c;
  }
  if (dom0) event_send_domain_virq(dom0, VIRQ_CONSOLE);
}

u64 console_read(char* to, u64 size) {
  LockGuard guard(input_lock);
  u64 n = 0;
  while (n < size && input_tail != input_head) to[n++] = input[input_tail++ % kInputSize];
  return n;
}

}  // namespace hv
