// Commands as a table of verbs: what an operator's line is looked up in.
#pragma once
#include "guests/kernel/operator/command_line.h"

struct Verb {
  const char* name;
  unsigned arguments;  // exactly; any_number for key=value verbs
  const char* usage;
  void (*run)(const CommandLine&, Status&);
};
constexpr unsigned any_number = ~0u;

// `line` is cut up in place. An empty one is no command and no error.
void verbs_execute(const Verb* verbs, unsigned count, char* line, Status& status);
