#include "hypervisor/common/lib.h"

using hv::u64;
using hv::u8;

// memcpy, memmove and memset are the architecture's (arch/*/string.S): compilers turn loops into calls of
// them.

extern "C" int memcmp(const void* a, const void* b, size_t bytes) {
  const u8* x = static_cast<const u8*>(a);
  const u8* y = static_cast<const u8*>(b);
  for (; bytes; --bytes, ++x, ++y)
    if (*x != *y) return *x - *y;
  return 0;
}

extern "C" size_t strlen(const char* text) {
  size_t n = 0;
  while (text[n]) ++n;
  return n;
}

extern "C" int strcmp(const char* a, const char* b) {
  while (*a && *a == *b) ++a, ++b;
  return static_cast<u8>(*a) - static_cast<u8>(*b);
}

extern "C" int strncmp(const char* a, const char* b, size_t bytes) {
  for (; bytes; --bytes, ++a, ++b)
    if (*a != *b || !*a) return static_cast<u8>(*a) - static_cast<u8>(*b);
  return 0;
}

namespace hv {

void copy_string(char* to, const char* from, size_t size) {
  size_t n = 0;
  for (; n + 1 < size && from[n]; ++n) to[n] = from[n];
  if (size) to[n] = 0;
}

namespace {

/// Reads one word of a command line (quotes dropped, blanks inside them kept) into `value`; returns what
/// follows.
const char* read_word(const char* text, char* value, size_t size) {
  bool quoted = false;
  size_t n = 0;
  for (; *text && (quoted || *text != ' '); ++text) {
    if (*text == '"') {
      quoted = !quoted;
    } else if (n + 1 < size) {
      value[n++] = *text;
    }
  }
  if (size) value[n] = 0;
  return text;
}

}  // namespace

bool cmdline_value(const char* cmdline, const char* word, char* value, size_t size) {
  const size_t length = strlen(word);
  while (*cmdline) {
    if (*cmdline == ' ') {
      ++cmdline;
    } else if (strncmp(cmdline, word, length) == 0) {
      read_word(cmdline + length, value, size);
      return true;
    } else {
      char skipped[1];
      cmdline = read_word(cmdline, skipped, sizeof(skipped));
    }
  }
  return false;
}

u64 parse_number(const char* text, const char** end) {
  u64 value = 0;
  const bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (hex) text += 2;
  for (;; ++text) {
    const char c = *text;
    if (c >= '0' && c <= '9') {
      value = value * (hex ? 16 : 10) + static_cast<u64>(c - '0');
    } else if (hex && ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')) {
      value = value * 16 + static_cast<u64>((c | 0x20) - 'a' + 10);
    } else {
      break;
    }
  }
  if (end) *end = text;
  return value;
}

}  // namespace hv
