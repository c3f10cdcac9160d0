#include "guests/kernel/operator/verbs.h"

#include "guests/lib/errno.h"
#include "guests/lib/format.h"
#include "guests/lib/string.h"

void Status::fail(long errno_value, const char* fmt, ...) {
  error = errno_value < 0 ? errno_value : -errno_value;
  va_list args;
  va_start(args, fmt);
  format_v(sentence, sizeof sentence, fmt, args);
  va_end(args);
}

// What an operator typed may hold anything; the answer repeats only what can be printed.
static void make_printable(char* text) {
  for (; *text; text++)
    if (*text < ' ' || *text > '~') *text = '?';
}

void verbs_execute(const Verb* verbs, unsigned count, char* line, Status& status) {
  CommandLine c;
  make_printable(line);
  if (!c.parse(line, status) || !c.count) return;
  for (const Verb* v = verbs; v < verbs + count; v++) {
    if (strcmp(v->name, c.words[0])) continue;
    if (v->arguments != any_number && c.count != v->arguments + 1)
      return status.fail(-XEN_EINVAL, "usage: %s %s", v->name, v->usage);
    return v->run(c, status);
  }
  status.fail(-XEN_EINVAL, "unknown verb %s", c.words[0]);
}
