#include "guests/kernel/operator/operator.h"

#include "guests/kernel/operator/boot_word.h"
#include "guests/kernel/operator/command_line.h"
#include "guests/kernel/thread.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

namespace {
constexpr size_t line_max = 512;

OperatorPort port;
OperatorShell shell;
char script[line_max];  // commands of the boot words that are still to be done
WaitQueue input;
char pending[256];  // read but not yet consumed
size_t pending_length, pending_at;

void write_text(const char* text) { port.write(port.context, text, strlen(text)); }

void write_line(const char* mark, const char* fmt, va_list args) {
  char line[line_max];
  size_t n = format(line, sizeof line, "%s", mark);
  format_v(line + n, sizeof line - n - 1, fmt, args);
  n = strlen(line);
  line[n++] = '\n';
  port.write(port.context, line, n);
}

char next_char() {
  while (pending_at == pending_length) {
    pending_at = 0;
    pending_length = port.read(port.context, pending, sizeof pending);
    if (!pending_length) wait_on(input);
  }
  return pending[pending_at++];
}

// False when the line did not fit; it is read to its end all the same.
bool read_line(char* line) {
  size_t n = 0;
  for (char c; (c = next_char()) != '\n' && c != '\r';)
    if (n < line_max) line[n++] = c;
  bool fits = n < line_max;
  line[fits ? n : 0] = 0;
  return fits;
}

void write_status(const Status& s) {
  char line[line_max];
  if (!s.error)
    format(line, sizeof line, "= 0\n");
  else
    format(line, sizeof line, "= %s %s\n", errno_name(s.error), s.sentence);
  write_text(line);
}

void obey(char* command) {
  char text[line_max];
  copy_string(text, sizeof text, command);
  Status status;
  shell.execute(command, status);
  if (status.error) panic("do: %s: %s %s", text, errno_name(status.error), status.sentence);
}

void obey_script() {
  for (char* at = script; *at;) {
    char* end = strchr(at, ';');
    char* next = end ? end + 1 : at + strlen(at);
    if (end) *end = 0;
    obey(at + strspn_blank(at));
    at = next;
  }
}

void script_thread(void*) { obey_script(); }

void operator_thread(void*) {
  char line[line_max];
  obey_script();
  for (;;) {
    write_text(shell.prompt);
    bool fits = read_line(line);
    if (fits && !line[strspn_blank(line)]) continue;
    Status status;
    if (fits)
      shell.execute(line, status);
    else
      status.fail(-XEN_E2BIG, "the line is longer than %lu characters", line_max - 1);
    write_status(status);
  }
}
void read_script(const OperatorShell& s, const char* boot_words) {
  shell = s;
  if (!boot_word(boot_words, "do", script, sizeof script))
    panic("do=: more than %lu characters", line_max - 1);
}

void start(const char* name, void (*entry)(void*)) {
  if (!thread_create(name, entry, nullptr)) panic("no memory for the %s thread", name);
}
}  // namespace

void operator_start(const OperatorPort& p, const OperatorShell& s, const char* boot_words) {
  port = p;
  read_script(s, boot_words);
  start("operator", operator_thread);
}

void operator_start_script(const OperatorShell& s, const char* boot_words) {
  read_script(s, boot_words);
  if (script[0]) start("script", script_thread);
}

void operator_wake() { wake_all(input); }

void operator_print(const char* fmt, ...) {
  va_list args;
  va_start(args, fmt);
  write_line("", fmt, args);
  va_end(args);
}

void operator_notice(const char* fmt, ...) {
  va_list args;
  va_start(args, fmt);
  write_line("* ", fmt, args);
  va_end(args);
}
