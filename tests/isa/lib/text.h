// Text on COM1 (16550 at 0x3f8) and the end of the run (isa-debug-exit at 0xf4).
#pragma once
#include "tests/isa/lib/cpu.h"

namespace isa {

struct Hex {
  u64 value;
  unsigned digits;
};  ///< digits 0: as many as needed
inline Hex hex(u64 value, unsigned digits = 0) { return {value, digits}; }

void put(char c);
void put(const char* text);
void put(Hex value);
void put(unsigned long value);  ///< decimal
inline void put(unsigned value) { put(static_cast<unsigned long>(value)); }
inline void put(int value) {
  if (value < 0) put('-');
  put(static_cast<unsigned long>(value < 0 ? -value : value));
}
inline void put(bool value) { put(value ? "yes" : "no"); }

template <typename... Parts>
void print(Parts... parts) {
  (put(parts), ...);
}

[[noreturn]] void leave(u32 value);

}  // namespace isa
