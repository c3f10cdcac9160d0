// National 16550A UART. Transmission takes no simulated time (as in QEMU's model): THRE and TEMT are always
// set, and the transmitter-empty interrupt follows each written character at once. Reception is paced by the
// receive FIFO: input waits in `input_` until there is room.
//
// Source: National Semiconductor PC16550D data sheet (registers 8.0, FIFO interrupts 8.4).
#pragma once
#include <deque>
#include <string_view>

#include "sim/core/console_sink.h"
#include "sim/platform/device/register_device.h"

namespace xs::platform {

class Uart16550 : public RegisterDevice {
 public:
  static constexpr u64 register_bytes = 8;

  Uart16550(DeviceHost& host, IrqLine irq);
  void set_sink(ConsoleSink* sink) { sink_ = sink; }
  /// Characters arriving on the line.
  void receive(std::string_view bytes);

  bool read(u64 offset, unsigned size, u64& value) override;
  bool write(u64 offset, unsigned size, u64 value) override;
  /// A receive timeout is running whose interrupt is enabled.
  bool may_interrupt() const { return timeout_->armed() && (ier_ & 1); }

 private:
  static constexpr unsigned fifo_depth = 16;
  bool fifo_enabled() const { return fcr_ & 1; }
  bool divisor_access() const { return lcr_ & 0x80; }
  bool loopback() const { return mcr_ & 0x10; }
  unsigned capacity() const { return fifo_enabled() ? fifo_depth : 1; }
  unsigned trigger_level() const;
  u8 read_rbr();
  u8 read_iir();
  u8 read_lsr();
  u8 read_msr() const;
  void write_thr(u8 byte);
  void write_fcr(u8 value);
  void refill();
  void update_irq();
  u8 pending_source() const;

  DeviceHost& host_;
  IrqLine irq_;
  ConsoleSink* sink_ = nullptr;
  std::unique_ptr<Timer> timeout_;
  std::deque<u8> input_;  // on the line, not yet in the chip
  std::deque<u8> fifo_;   // receive FIFO, at most capacity()
  u8 ier_ = 0, fcr_ = 0, lcr_ = 0, mcr_ = 0, scr_ = 0;
  u16 divisor_ = 12;  // 9600 baud
  bool overrun_ = false;
  bool thre_pending_ = false;
  bool timeout_pending_ = false;
};

}  // namespace xs::platform
