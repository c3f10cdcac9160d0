// xl's verbs, executed in dom0 by hypercalls.
#pragma once
#include <stdarg.h>

#include "guests/lib/types.h"

// How a command ended: 0, or an errno with a sentence for the operator.
struct Status {
  long error = 0;
  char sentence[200] = {};
  void fail(long errno_value, const char* fmt, ...) __attribute__((format(printf, 3, 4)));
};

// Index of the first character that is no blank.
size_t strspn_blank(const char* s);

// `line` is cut up in place.
void toolstack_execute(char* line, Status& status);
