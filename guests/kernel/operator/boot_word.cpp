#include "guests/kernel/operator/boot_word.h"

#include "guests/lib/string.h"

// Where the value begins; null: no such word. What stands in quotes is no word.
static const char* find_value(const char* at, const char* key) {
  size_t n = strlen(key);
  for (; *at; at++) {
    if (!strncmp(at, key, n) && at[n] == '=') return at + n + 1;
    char quote = 0;
    for (; *at && (quote || *at != ' '); at++) {
      bool mark = *at == '\'' || *at == '"';
      if (mark && (!quote || quote == *at)) quote = quote ? 0 : *at;
    }
    if (!*at) return nullptr;
  }
  return nullptr;
}

bool boot_word(const char* words, const char* key, char* value, size_t size) {
  const char* from = find_value(words, key);
  value[0] = 0;
  if (!from) return true;
  char end = *from == '\'' || *from == '"' ? *from++ : ' ';
  size_t n = 0;
  for (; *from && *from != end; from++) {
    if (n + 1 == size) return value[0] = 0, false;
    value[n++] = *from;
  }
  value[n] = 0;
  return true;
}
