// Source: PC16550D data sheet.
#include "serial.h"

#include "arch_cpu.h"
#include "interrupts.h"

namespace {
enum Register {
  data = 0,
  interrupt_enable = 1,
  fifo_control = 2,
  line_control = 3,
  modem_control = 4,
  line_status = 5
};
constexpr u8 data_ready = 0x01, transmitter_empty = 0x20;
constexpr u32 serial_gsi = 4;

volatile u8* registers;

void write_port(void*, const char* text, size_t length) { serial_write(text, length); }

size_t read_port(void*, char* to, size_t size) {
  size_t n = 0;
  while (n < size && (registers[line_status] & data_ready)) to[n++] = static_cast<char>(registers[data]);
  return n;
}

// An edge: the line falls when everything has been read.
void on_input(void*) { operator_wake(); }
}  // namespace

void serial_init(u64 physical_address) {
  registers = reinterpret_cast<volatile u8*>(DEVICE_BASE + physical_address);
  registers[interrupt_enable] = 0;
  registers[line_control] = 0x80;  // divisor latch
  registers[data] = 1;             // 115200 baud
  registers[interrupt_enable] = 0;
  registers[line_control] = 0x03;   // 8 bits, no parity
  registers[fifo_control] = 0x07;   // on, empty
  registers[modem_control] = 0x0b;  // DTR, RTS, OUT2: the interrupt line
}

void serial_write(const char* text, size_t length) {
  for (; length--; text++) {
    while (!(registers[line_status] & transmitter_empty)) arch_relax();
    registers[data] = static_cast<u8>(*text);
  }
}

OperatorPort serial_operator_port() {
  interrupt_route(serial_gsi, false, on_input, nullptr);
  registers[interrupt_enable] = 1;
  return {write_port, read_port, nullptr};
}
