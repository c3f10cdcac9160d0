// Console output and the end of the world.
#pragma once
#include <stdarg.h>

#include "hypervisor/common/types.h"

namespace hv {

/// Prints one or more whole lines, each prefixed "(XEN) ". Knows %d %u %x %lx %lu %ld %p %s %c %% with width,
/// '-' and zero padding ("%016lx"). The text should end in '\n'; a missing one is added.
void print(const char* format, ...) __attribute__((format(printf, 1, 2)));

/// The formatter behind print(); returns the length, never more than size-1.
size_t format_text(char* to, size_t size, const char* format, va_list args);
size_t format_text(char* to, size_t size, const char* format, ...) __attribute__((format(printf, 3, 4)));

/// Prints "Panic on CPU n: ..." with a backtrace and leaves by the exit port with code 2.
[[noreturn]] void panic(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace hv

#define HV_STRINGIFY_(x) #x
#define HV_STRINGIFY(x) HV_STRINGIFY_(x)
/// A fact that only a fault of the hypervisor itself can break; never used on what a guest said.
#define HV_ASSERT(condition) \
  ((condition) ? (void)0 : ::hv::panic("assertion failed: %s (%s:%d)", #condition, __FILE__, __LINE__))
