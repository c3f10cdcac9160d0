// How a command ended: 0, or an errno with a sentence for the operator.
#pragma once
#include "guests/lib/types.h"

struct Status {
  long error = 0;
  char sentence[200] = {};
  void fail(long errno_value, const char* fmt, ...) __attribute__((format(printf, 3, 4)));
};
