#include "guests/lib/format.h"

#include "guests/lib/string.h"

namespace {
struct Output {
  char* to;
  size_t size;
  size_t length = 0;
  void put(char c) {
    if (length + 1 < size) to[length] = c;
    length++;
  }
};

struct Spec {
  bool left = false, zero = false, is_long = false;
  size_t width = 0;
};

void put_padded(Output& out, const char* text, size_t n, const Spec& spec) {
  size_t pad = spec.width > n ? spec.width - n : 0;
  if (!spec.left)
    while (pad) pad--, out.put(spec.zero ? '0' : ' ');
  for (size_t i = 0; i < n; i++) out.put(text[i]);
  while (pad) pad--, out.put(' ');
}

void put_number(Output& out, u64 value, unsigned base, bool negative, Spec spec) {
  char digits[24];
  size_t at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value);
  if (negative && spec.zero) {  // the sign stands before the zeros
    out.put('-');
    if (spec.width) spec.width--;
  } else if (negative) {
    digits[--at] = '-';
  }
  put_padded(out, digits + at, sizeof digits - at, spec);
}

const char* read_spec(const char* f, Spec& spec) {
  for (;; f++) {
    if (*f == '-')
      spec.left = true;
    else if (*f == '0')
      spec.zero = true;
    else
      break;
  }
  for (; *f >= '0' && *f <= '9'; f++) spec.width = spec.width * 10 + static_cast<size_t>(*f - '0');
  for (; *f == 'l' || *f == 'z'; f++) spec.is_long = true;
  return f;
}
}  // namespace

size_t format_v(char* to, size_t size, const char* f, va_list args) {
  Output out{to, size};
  for (; *f; f++) {
    if (*f != '%') {
      out.put(*f);
      continue;
    }
    Spec spec;
    f = read_spec(f + 1, spec);
    switch (*f) {
      case 's': {
        const char* s = va_arg(args, const char*);
        put_padded(out, s, strlen(s), spec);
        break;
      }
      case 'c':
        out.put(static_cast<char>(va_arg(args, int)));
        break;
      case 'd': {
        s64 v = spec.is_long ? va_arg(args, s64) : va_arg(args, int);
        put_number(out, v < 0 ? 0 - static_cast<u64>(v) : static_cast<u64>(v), 10, v < 0, spec);
        break;
      }
      case 'u':
        put_number(out, spec.is_long ? va_arg(args, u64) : va_arg(args, unsigned), 10, false, spec);
        break;
      case 'x':
        put_number(out, spec.is_long ? va_arg(args, u64) : va_arg(args, unsigned), 16, false, spec);
        break;
      case 'p':
        put_number(out, reinterpret_cast<u64>(va_arg(args, void*)), 16, false, spec);
        break;
      case '%':
        out.put('%');
        break;
      default:
        out.put('?');
        break;
    }
    if (!*f) break;
  }
  if (size) to[out.length < size ? out.length : size - 1] = 0;
  return out.length;
}

size_t format(char* out, size_t size, const char* fmt, ...) {
  va_list args;
  va_start(args, fmt);
  size_t n = format_v(out, size, fmt, args);
  va_end(args);
  return n;
}
