// printf-style formatting into a buffer: %s %c %d %u %x %p with width, 0, - and the l/ll/z sizes.
#pragma once
#include <stdarg.h>

#include "guests/lib/types.h"

// Always terminates; returns the length the text would have without truncation.
size_t format(char* out, size_t size, const char* fmt, ...) __attribute__((format(printf, 3, 4)));
size_t format_v(char* out, size_t size, const char* fmt, va_list args);
