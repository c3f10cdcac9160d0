#include "guests/lib/string.h"

#include "arch_cpu.h"

extern "C" {
void* memcpy(void* to, const void* from, size_t bytes) {
  arch_copy(to, from, bytes);
  return to;
}

void* memset(void* to, int value, size_t bytes) {
  arch_fill(to, static_cast<u8>(value), bytes);
  return to;
}

void* memmove(void* to, const void* from, size_t bytes) {
  auto* d = static_cast<u8*>(to);
  auto* s = static_cast<const u8*>(from);
  if (d <= s || d >= s + bytes) return memcpy(to, from, bytes);
  while (bytes--) {
    d[bytes] = s[bytes];
    asm volatile("" ::: "memory");  // keeps the compiler from turning this loop into a call of itself
  }
  return to;
}

int memcmp(const void* a, const void* b, size_t bytes) {
  auto* x = static_cast<const u8*>(a);
  auto* y = static_cast<const u8*>(b);
  for (size_t i = 0; i < bytes; i++)
    if (x[i] != y[i]) return x[i] - y[i];
  return 0;
}

size_t strlen(const char* s) {
  size_t n = 0;
  while (s[n]) {
    n++;
    asm volatile("");
  }
  return n;
}

int strcmp(const char* a, const char* b) { return strncmp(a, b, ~size_t{0}); }

int strncmp(const char* a, const char* b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (a[i] != b[i]) return static_cast<u8>(a[i]) - static_cast<u8>(b[i]);
    if (!a[i]) break;
  }
  return 0;
}

char* strchr(const char* s, int c) {
  for (;; s++) {
    if (*s == static_cast<char>(c)) return const_cast<char*>(s);
    if (!*s) return nullptr;
  }
}

const char* strstr(const char* haystack, const char* needle) {
  size_t n = strlen(needle);
  for (; *haystack; haystack++)
    if (!strncmp(haystack, needle, n)) return haystack;
  return n ? nullptr : haystack;
}
}

bool copy_string(char* to, size_t size, const char* from) {
  size_t n = strlen(from);
  size_t k = n < size ? n : size - 1;
  memcpy(to, from, k);
  to[k] = 0;
  return k == n;
}

static int digit_value(char c, unsigned base) {
  int v = c >= '0' && c <= '9'   ? c - '0'
          : c >= 'a' && c <= 'f' ? c - 'a' + 10
          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                 : 99;
  return static_cast<unsigned>(v) < base ? v : -1;
}

const char* scan_number(const char* s, u64& value) {
  unsigned base = 10;
  if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
    base = 16;
    s += 2;
  }
  if (digit_value(*s, base) < 0) return nullptr;
  u64 v = 0;
  for (int d; (d = digit_value(*s, base)) >= 0; s++)
    if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, static_cast<u64>(d), &v))
      return nullptr;
  value = v;
  return s;
}

bool parse_number(const char* s, u64& value) {
  const char* end = scan_number(s, value);
  return end && !*end;
}
