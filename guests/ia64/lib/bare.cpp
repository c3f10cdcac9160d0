#include "guests/ia64/lib/bare.h"

namespace bare {
namespace {

constexpr u64 line_status = 5, transmitter_empty = 0x20;
constexpr u16 exit_port = 0xf4;

// A domain's kernel (docs/ia64-domains.md) cannot have level 0.
bool in_domain() { return (BARE_READ("ar.rsc") >> 2 & 3) != 0; }
constexpr u64 console_io = 18, sched_op = 29, guest_physical = u64{1} << 63;

void put(char c) {
  if (in_domain()) {
    domain_call(0, 1, guest_physical | reinterpret_cast<u64>(&c), 0, 0, console_io);
    return;
  }
  while ((read<u8>(uart + line_status) & transmitter_empty) == 0) {
  }
  write<u8>(uart, static_cast<u8>(c));
}

void put_number(u64 value, unsigned base) {
  char digits[24];
  unsigned n = 0;
  do digits[n++] = "0123456789abcdef"[value % base];
  while (value /= base);
  while (n != 0) put(digits[--n]);
}

}  // namespace

bool (*on_interruption)(TrapFrame&) = nullptr;

void put(const char* text) {
  while (*text != 0) put(*text++);
}
void put_decimal(u64 value) { put_number(value, 10); }
void put_hex(u64 value) {
  put("0x");
  put_number(value, 16);
}

void exit(u32 value) {
  constexpr u64 shutdown = 2;
  if (in_domain()) domain_call(shutdown, guest_physical | reinterpret_cast<u64>(&value), 0, 0, 0, sched_op);
  for (;;) write<u32>(port(exit_port), value);
}

void TrapFrame::skip() {
  constexpr unsigned ri_shift = 41;
  const u64 slot = ipsr >> ri_shift & 3;
  ipsr &= ~(u64{3} << ri_shift);
  if (slot == 2)
    iip += 16;
  else
    ipsr |= (slot + 1) << ri_shift;
}

}  // namespace bare

extern "C" {

void interruption(bare::TrapFrame& frame) {
  if (bare::on_interruption != nullptr && bare::on_interruption(frame)) return;
  bare::print("unexpected interruption ", frame.vector, " at ", frame.iip, " slot ", frame.ipsr >> 41 & 3,
              " isr ", frame.isr, " ifa ", frame.ifa, " iim ", frame.iim, "\n");
  bare::exit(2);
}

void program_exit(int value) { bare::exit(static_cast<uint32_t>(value)); }

[[gnu::weak]] void other_main(uint64_t) {}

// What the compiler calls for copies and comparisons of objects.
void* memcpy(void* to, const void* from, size_t size) {
  char* t = static_cast<char*>(to);
  const char* f = static_cast<const char*>(from);
  for (size_t i = 0; i < size; ++i) t[i] = f[i];
  return to;
}
void* memmove(void* to, const void* from, size_t size) {
  char* t = static_cast<char*>(to);
  const char* f = static_cast<const char*>(from);
  if (t <= f) return memcpy(to, from, size);
  for (size_t i = size; i-- > 0;) t[i] = f[i];
  return to;
}
void* memset(void* to, int byte, size_t size) {
  char* t = static_cast<char*>(to);
  for (size_t i = 0; i < size; ++i) t[i] = static_cast<char>(byte);
  return to;
}
int memcmp(const void* a, const void* b, size_t size) {
  const uint8_t *x = static_cast<const uint8_t*>(a), *y = static_cast<const uint8_t*>(b);
  for (size_t i = 0; i < size; ++i)
    if (x[i] != y[i]) return x[i] - y[i];
  return 0;
}
}
