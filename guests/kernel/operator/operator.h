// The operator channel: commands in, text and a status line out (docs/architecture.md).
#pragma once
#include "guests/kernel/operator/status.h"

// Where the operator sits. Bytes written are queued by the channel until they are out.
struct OperatorPort {
  void (*write)(void* context, const char* text, size_t length);
  // Returns what has arrived, up to `size` bytes; may be 0.
  size_t (*read)(void* context, char* to, size_t size);
  void* context;
};

// What is said when a command is awaited, and who obeys. `line` may be cut up.
struct OperatorShell {
  const char* prompt;
  void (*execute)(char* line, Status& status);
};

// `do='command; command'` among the words of the kernel's command line is obeyed before anything that is
// typed; since nobody may be there to read the status, a command that fails is the end of the kernel.
void operator_start(const OperatorPort& port, const OperatorShell& shell, const char* boot_words);
// The same where no operator sits.
void operator_start_script(const OperatorShell& shell, const char* boot_words);
// Input may have arrived.
void operator_wake();
// Text of an answer; one line.
void operator_print(const char* fmt, ...) __attribute__((format(printf, 1, 2)));
// An asynchronous line, marked by "* ".
void operator_notice(const char* fmt, ...) __attribute__((format(printf, 1, 2)));
