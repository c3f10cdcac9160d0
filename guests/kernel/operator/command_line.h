// One operator line cut into words: verb, positional arguments, key=value pairs with optional double quotes.
#pragma once
#include "guests/kernel/operator/status.h"

// Index of the first character that is no blank.
size_t strspn_blank(const char* s);

struct CommandLine {
  static constexpr unsigned words_max = 16;
  char* words[words_max];
  unsigned count = 0;

  // False (status says why) for too many words or an open quote. Works inside `line`.
  bool parse(char* line, Status& status);
  // Value of key=…, null when it is not there.
  const char* value(const char* key) const;
  // The first word that is not `key=` for one of the keys, from index `first` on; null when all are known.
  const char* unknown_key(const char* const* keys, unsigned key_count, unsigned first = 1) const;
};
