// 16550 at COM1, polled output, interrupt-driven input (IRQ 4, wired up by ioapic.cpp).
// Source: PC16550D data sheet (registers), docs/architecture.md (the line's contract).
#include "hypervisor/arch/x86_64/serial.h"

#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/common/console.h"

namespace hv {
namespace {

constexpr u16 kCom1 = 0x3f8;
enum Register : u16 {
  kData = 0,
  kInterruptEnable = 1,
  kFifoControl = 2,
  kLineControl = 3,
  kModemControl = 4,
  kLineStatus = 5
};
constexpr u8 kLineDataReady = 0x01, kLineTransmitEmpty = 0x20;

}  // namespace

void serial_init() {
  out8(kCom1 + kInterruptEnable, 0);
  out8(kCom1 + kLineControl, 0x80);  // divisor latch
  out8(kCom1 + kData, 1);            // 115200 baud
  out8(kCom1 + kInterruptEnable, 0);
  out8(kCom1 + kLineControl, 0x03);   // 8n1
  out8(kCom1 + kFifoControl, 0x07);   // enable and clear
  out8(kCom1 + kModemControl, 0x0b);  // DTR, RTS, OUT2 (gates the interrupt line)
}

void serial_enable_input() { out8(kCom1 + kInterruptEnable, 0x01); }

void serial_interrupt() {
  while (in8(kCom1 + kLineStatus) & kLineDataReady) console_input(static_cast<char>(in8(kCom1 + kData)));
}

void arch_console_put(char c) {
  while (!(in8(kCom1 + kLineStatus) & kLineTransmitEmpty)) pause_cpu();
  out8(kCom1 + kData, static_cast<u8>(c));
}

}  // namespace hv
