// Source: PC16550D data sheet.
#include "serial.h"

#include "arch_cpu.h"
#include "instructions.h"
#include "interrupts.h"

namespace {
constexpr u16 com1 = 0x3f8;
constexpr u16 data = com1, interrupt_enable = com1 + 1, fifo_control = com1 + 2, line_control = com1 + 3,
              modem_control = com1 + 4, line_status = com1 + 5;
constexpr u8 data_ready = 0x01, transmitter_empty = 0x20;
constexpr u32 serial_gsi = 4;

void write_port(void*, const char* text, size_t length) { serial_write(text, length); }

size_t read_port(void*, char* to, size_t size) {
  size_t n = 0;
  while (n < size && (in8(line_status) & data_ready)) to[n++] = static_cast<char>(in8(data));
  return n;
}

// An edge: the line falls when everything has been read.
void on_input(void*) { operator_wake(); }
}  // namespace

void serial_init() {
  out8(interrupt_enable, 0);
  out8(line_control, 0x80);  // divisor latch
  out8(data, 1);             // 115200 baud
  out8(interrupt_enable, 0);
  out8(line_control, 0x03);   // 8 bits, no parity
  out8(fifo_control, 0x07);   // on, empty
  out8(modem_control, 0x0b);  // DTR, RTS, OUT2: the interrupt line
}

void serial_write(const char* text, size_t length) {
  for (; length--; text++) {
    while (!(in8(line_status) & transmitter_empty)) arch_relax();
    out8(data, static_cast<u8>(*text));
  }
}

OperatorPort serial_operator_port() {
  interrupt_route(serial_gsi, false, on_input, nullptr);
  out8(interrupt_enable, 1);
  return {write_port, read_port, nullptr};
}
