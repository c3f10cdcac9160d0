// The printf subset of print.h.
#include "hypervisor/common/lib.h"
#include "hypervisor/common/print.h"

namespace hv {
namespace {

struct Output {
  char* to;
  size_t size;
  size_t length = 0;
  void put(char c) {
    if (length + 1 < size) to[length++] = c;
  }
  void put_field(const char* text, size_t n, unsigned width, bool left, char fill) {
    const size_t padding = width > n ? width - n : 0;
    if (!left)
      for (size_t i = 0; i < padding; ++i) put(fill);
    for (size_t i = 0; i < n; ++i) put(text[i]);
    if (left)
      for (size_t i = 0; i < padding; ++i) put(' ');
  }
};

struct Spec {
  bool left = false, zero = false, is_long = false;
  unsigned width = 0;
};

void put_number(Output& out, u64 value, bool negative, unsigned base, const Spec& spec) {
  char digits[24];
  size_t n = sizeof(digits);
  do {
    digits[--n] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value);
  if (negative) digits[--n] = '-';
  out.put_field(digits + n, sizeof(digits) - n, spec.width, spec.left, spec.zero ? '0' : ' ');
}

const char* parse_spec(const char* format, Spec& spec) {
  for (;; ++format) {
    if (*format == '-') {
      spec.left = true;
    } else if (*format == '0' && spec.width == 0) {
      spec.zero = true;
    } else if (*format >= '0' && *format <= '9') {
      spec.width = spec.width * 10 + static_cast<unsigned>(*format - '0');
    } else if (*format == 'l' || *format == 'z') {
      spec.is_long = true;
    } else {
      return format;
    }
  }
}

void put_conversion(Output& out, char conversion, const Spec& spec, va_list* args) {
  switch (conversion) {
    case 'd': {
      const s64 value = spec.is_long ? va_arg(*args, long) : va_arg(*args, int);
      put_number(out, value < 0 ? 0 - static_cast<u64>(value) : static_cast<u64>(value), value < 0, 10, spec);
      break;
    }
    case 'u':
    case 'x': {
      const u64 value = spec.is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned);
      put_number(out, value, false, conversion == 'x' ? 16 : 10, spec);
      break;
    }
    case 'p':
      put_number(out, va_arg(*args, u64), false, 16, {.zero = true, .width = 16});
      break;
    case 's': {
      const char* text = va_arg(*args, const char*);
      out.put_field(text, strlen(text), spec.width, spec.left, ' ');
      break;
    }
    case 'c':
      out.put(static_cast<char>(va_arg(*args, int)));
      break;
    default:
      out.put(conversion);
  }
}

}  // namespace

size_t format_text(char* to, size_t size, const char* format, va_list args) {
  Output out{to, size};
  va_list rest;
  va_copy(rest, args);
  for (; *format; ++format) {
    if (*format != '%') {
      out.put(*format);
      continue;
    }
    Spec spec;
    format = parse_spec(format + 1, spec);
    if (!*format) break;
    put_conversion(out, *format, spec, &rest);
  }
  va_end(rest);
  if (size) to[out.length] = 0;
  return out.length;
}

size_t format_text(char* to, size_t size, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const size_t length = format_text(to, size, format, args);
  va_end(args);
  return length;
}

}  // namespace hv
