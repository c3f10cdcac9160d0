#include "guests/kernel/operator/command_line.h"

#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
bool blank(char c) { return c == ' ' || c == '\t'; }

// Copies one word over itself without its quotes; returns the position behind it, null for an open quote.
char* cut_word(char* from) {
  char* to = from;
  bool quoted = false;
  for (; *from && (quoted || !blank(*from)); from++) {
    if (*from == '"')
      quoted = !quoted;
    else
      *to++ = *from;
  }
  bool last = !*from;
  *to = 0;
  if (quoted) return nullptr;
  return last ? from : from + 1;
}
}  // namespace

size_t strspn_blank(const char* s) {
  size_t n = 0;
  while (blank(s[n])) n++;
  return n;
}

bool CommandLine::parse(char* line, Status& status) {
  for (char* at = line + strspn_blank(line); *at; at += strspn_blank(at)) {
    if (count == words_max) {
      status.fail(-XEN_E2BIG, "more than %u words", words_max);
      return false;
    }
    words[count++] = at;
    at = cut_word(at);
    if (!at) {
      status.fail(-XEN_EINVAL, "a quote is not closed");
      return false;
    }
  }
  return true;
}

const char* CommandLine::value(const char* key) const {
  size_t n = strlen(key);
  for (unsigned i = 1; i < count; i++)
    if (!strncmp(words[i], key, n) && words[i][n] == '=') return words[i] + n + 1;
  return nullptr;
}

const char* CommandLine::unknown_key(const char* const* keys, unsigned key_count, unsigned first) const {
  for (unsigned i = first; i < count; i++) {
    bool known = false;
    for (unsigned k = 0; k < key_count; k++) {
      size_t n = strlen(keys[k]);
      known |= !strncmp(words[i], keys[k], n) && words[i][n] == '=';
    }
    if (!known) return words[i];
  }
  return nullptr;
}
