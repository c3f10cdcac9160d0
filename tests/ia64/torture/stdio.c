// printf and its kin for compiler tests: output goes to the bare machine's console.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

FILE *stdin, *stdout, *stderr;

#define UART ((volatile unsigned char*)(1ul << 63 | 0xfea00000))

struct Sink {
  char* at;  // 0: the console
  size_t room, written;
};

static void put(struct Sink* s, int c) {
  if (!s->at)
    *UART = (unsigned char)c;
  else if (s->written + 1 < s->room)
    s->at[s->written] = (char)c;
  ++s->written;
}

struct Spec {
  int zero, left, alternate, plus, width, precision, longs, shorts;
};

static void put_padded(struct Sink* s, const struct Spec* spec, const char* text, size_t n) {
  const size_t width = spec->width > 0 ? (size_t)spec->width : 0;
  for (size_t i = n; !spec->left && i < width; ++i) put(s, ' ');
  for (size_t i = 0; i < n; ++i) put(s, text[i]);
  for (size_t i = n; spec->left && i < width; ++i) put(s, ' ');
}

// Digits from the end of `buffer`, with prefix and sign.
static void put_number(struct Sink* s, const struct Spec* spec, char kind, unsigned long value,
                       int negative) {
  char buffer[96], *const end = buffer + sizeof buffer, *p = end;
  const unsigned base = kind == 'x' || kind == 'X' || kind == 'p' ? 16 : kind == 'o' ? 8 : 10;
  const char* digits = kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  for (unsigned long v = value; v != 0 || p == end; v /= base) *--p = digits[v % base];
  if (spec->precision == 0 && value == 0) p = end;
  while (spec->precision > end - p) *--p = '0';
  const int prefix = (spec->alternate && base == 16 && value != 0) || kind == 'p' ? 2 : 0;
  if (spec->alternate && base == 8 && (p == end || *p != '0')) *--p = '0';
  const int sign = negative ? '-' : spec->plus;
  if (spec->zero && !spec->left && spec->precision < 0)
    while (spec->width - prefix - (sign != 0) > end - p) *--p = '0';
  if (prefix) *--p = kind == 'X' ? 'X' : 'x', *--p = '0';
  if (sign) *--p = (char)sign;
  put_padded(s, spec, p, (size_t)(end - p));
}

// Fixed notation, to the nearest; enough for what the tests print.
static void put_real(struct Sink* s, const struct Spec* spec, double value) {
  char buffer[64], *const end = buffer + sizeof buffer, *p = end;
  const int places = spec->precision < 0 ? 6 : spec->precision;
  const int negative = value < 0;
  double scale = 1;
  for (int i = 0; i < places; ++i) scale *= 10;
  unsigned long fixed = (unsigned long)((negative ? -value : value) * scale + 0.5);
  for (int i = 0; i < places; ++i, fixed /= 10) *--p = (char)('0' + fixed % 10);
  if (places != 0) *--p = '.';
  do *--p = (char)('0' + fixed % 10);
  while ((fixed /= 10) != 0);
  if (negative) *--p = '-';
  put_padded(s, spec, p, (size_t)(end - p));
}

static const char* parse(const char* f, struct Spec* spec, va_list* args) {
  for (;; ++f) {
    if (*f == '0')
      spec->zero = 1;
    else if (*f == '-')
      spec->left = 1;
    else if (*f == '#')
      spec->alternate = 1;
    else if (*f == '+' || *f == ' ')
      spec->plus = *f;
    else
      break;
  }
  if (*f == '*')
    spec->width = va_arg(*args, int), ++f;
  else
    while (*f >= '0' && *f <= '9') spec->width = spec->width * 10 + *f++ - '0';
  if (spec->width < 0) spec->left = 1, spec->width = -spec->width;
  if (*f == '.') {
    spec->precision = 0;
    if (*++f == '*')
      spec->precision = va_arg(*args, int), ++f;
    else
      while (*f >= '0' && *f <= '9') spec->precision = spec->precision * 10 + *f++ - '0';
  }
  for (;; ++f) {
    if (*f == 'l' || *f == 'z' || *f == 't' || *f == 'j')
      ++spec->longs;
    else if (*f == 'h')
      ++spec->shorts;
    else
      return f;
  }
}

static long signed_argument(const struct Spec* spec, va_list* args) {
  if (spec->longs) return va_arg(*args, long);
  const int value = va_arg(*args, int);
  return spec->shorts > 1 ? (signed char)value : spec->shorts ? (short)value : value;
}
static unsigned long unsigned_argument(const struct Spec* spec, va_list* args) {
  if (spec->longs) return va_arg(*args, unsigned long);
  const unsigned value = va_arg(*args, unsigned);
  return spec->shorts > 1 ? (unsigned char)value : spec->shorts ? (unsigned short)value : value;
}

static int format(struct Sink* s, const char* f, va_list* args) {
  for (; *f != 0; ++f) {
    if (*f != '%') {
      put(s, *f);
      continue;
    }
    struct Spec spec = {.precision = -1};
    f = parse(f + 1, &spec, args);
    if (*f == 'd' || *f == 'i') {
      const long value = signed_argument(&spec, args);
      put_number(s, &spec, 'd', value < 0 ? -(unsigned long)value : (unsigned long)value, value < 0);
    } else if (*f == 'f' || *f == 'e' || *f == 'g') {
      put_real(s, &spec, va_arg(*args, double));
    } else if (*f == 's') {
      const char* text = va_arg(*args, char*);
      put_padded(s, &spec, text, spec.precision >= 0 ? strnlen(text, (size_t)spec.precision) : strlen(text));
    } else if (*f == 'c' || *f == '%') {
      const char c = *f == 'c' ? (char)va_arg(*args, int) : '%';
      put_padded(s, &spec, &c, 1);
    } else if (*f == 'p') {
      put_number(s, &spec, 'p', va_arg(*args, unsigned long), 0);
    } else {
      spec.plus = 0;
      put_number(s, &spec, *f, unsigned_argument(&spec, args), 0);
    }
  }
  if (s->at && s->room != 0) s->at[s->written < s->room ? s->written : s->room - 1] = 0;
  return (int)s->written;
}

int vsnprintf(char* to, size_t room, const char* f, va_list args) {
  static char nowhere[1];
  struct Sink sink = {to ? to : nowhere, to ? room : 0, 0};
  va_list copy;
  va_copy(copy, args);
  return format(&sink, f, &copy);
}
int vprintf(const char* f, va_list args) {
  struct Sink sink = {0, 0, 0};
  va_list copy;
  va_copy(copy, args);
  return format(&sink, f, &copy);
}
int vsprintf(char* to, const char* f, va_list args) { return vsnprintf(to, 1ul << 30, f, args); }
int vfprintf(FILE* file, const char* f, va_list args) {
  (void)file;
  return vprintf(f, args);
}

#define FORWARD(call) \
  va_list args;       \
  va_start(args, f);  \
  const int n = call; \
  va_end(args);       \
  return n
int printf(const char* f, ...) { FORWARD(vprintf(f, args)); }
int fprintf(FILE* file, const char* f, ...) { FORWARD(vfprintf(file, f, args)); }
int sprintf(char* to, const char* f, ...) { FORWARD(vsprintf(to, f, args)); }
int snprintf(char* to, size_t room, const char* f, ...) { FORWARD(vsnprintf(to, room, f, args)); }

int putchar(int c) {
  struct Sink sink = {0, 0, 0};
  put(&sink, c);
  return c;
}
int fputc(int c, FILE* file) {
  (void)file;
  return putchar(c);
}
int fputs(const char* text, FILE* file) { return fprintf(file, "%s", text); }
int puts(const char* text) { return printf("%s\n", text); }
int fflush(FILE* file) {
  (void)file;
  return 0;
}
size_t fwrite(const void* data, size_t size, size_t count, FILE* file) {
  for (size_t i = 0; i < size * count; ++i) fputc(((const char*)data)[i], file);
  return count;
}
