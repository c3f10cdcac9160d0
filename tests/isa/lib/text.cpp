#include "tests/isa/lib/text.h"

namespace isa {
namespace {

constexpr u16 com1 = 0x3f8, line_status = com1 + 5;
constexpr u8 transmitter_empty = 0x20;
constexpr u16 exit_port = 0xf4;

}  // namespace

void put(char c) {
  while ((inb(line_status) & transmitter_empty) == 0) pause();
  outb(com1, static_cast<u8>(c));
}

void put(const char* text) {
  for (; *text != 0; ++text) put(*text);
}

void put(Hex number) {
  unsigned digits = number.digits;
  if (digits == 0) {
    for (digits = 1; digits < 16 && number.value >> (4 * digits) != 0; ++digits) {
    }
  }
  put("0x");
  while (digits-- > 0) put("0123456789abcdef"[number.value >> (4 * digits) & 15]);
}

void put(unsigned long value) {
  char text[20];
  unsigned length = 0;
  do text[length++] = static_cast<char>('0' + value % 10);
  while ((value /= 10) != 0);
  while (length > 0) put(text[--length]);
}

void leave(u32 value) {
  outl(exit_port, value);
  for (;;) asm volatile("cli; hlt");
}

}  // namespace isa
