// The operator channel: xl's verbs in, text and a status line out (docs/architecture.md).
#pragma once
#include "guests/lib/types.h"

// Where the operator sits. Bytes written are queued by the channel until they are out.
struct OperatorPort {
  void (*write)(void* context, const char* text, size_t length);
  // Returns what has arrived, up to `size` bytes; may be 0.
  size_t (*read)(void* context, char* to, size_t size);
  void* context;
};

void operator_start(const OperatorPort& port);
// Input may have arrived.
void operator_wake();
// Text of an answer; one line.
void operator_print(const char* fmt, ...) __attribute__((format(printf, 1, 2)));
// An asynchronous line, marked by "* ".
void operator_notice(const char* fmt, ...) __attribute__((format(printf, 1, 2)));
