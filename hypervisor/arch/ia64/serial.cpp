// The 16550 in memory (docs/machine.md), polled output. Source: PC16550D data sheet.
#include "hypervisor/arch/ia64/serial.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/common/console.h"

namespace hv {
namespace {

constexpr Paddr kSerial = 0xfea00000;
enum Register : unsigned {
  kData = 0,
  kInterruptEnable = 1,
  kFifoControl = 2,
  kLineControl = 3,
  kModemControl = 4,
  kLineStatus = 5
};
constexpr u8 kLineDataReady = 0x01, kLineTransmitEmpty = 0x20;

u8 get(unsigned reg) { return device<u8>(kSerial + reg); }
void set(unsigned reg, u8 value) { device<u8>(kSerial + reg) = value; }

}  // namespace

void serial_init() {
  set(kInterruptEnable, 0);
  set(kLineControl, 0x80);  // divisor latch
  set(kData, 1);            // 115200 baud
  set(kInterruptEnable, 0);
  set(kLineControl, 0x03);   // 8n1
  set(kFifoControl, 0x07);   // enable and clear
  set(kModemControl, 0x0b);  // DTR, RTS, OUT2 (gates the interrupt line)
}

void serial_enable_input() { set(kInterruptEnable, 0x01); }

void serial_interrupt() {
  while (get(kLineStatus) & kLineDataReady) console_input(static_cast<char>(get(kData)));
}

void arch_console_put(char c) {
  while (!(get(kLineStatus) & kLineTransmitEmpty)) pause_cpu();
  set(kData, static_cast<u8>(c));
}

}  // namespace hv
