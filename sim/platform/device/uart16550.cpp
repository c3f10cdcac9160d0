#include "sim/platform/device/uart16550.h"

#include <algorithm>

#include "sim/platform/device/rate.h"

namespace xs::platform {
namespace {

enum Register : u64 { rbr_thr = 0, ier = 1, iir_fcr = 2, lcr = 3, mcr = 4, lsr = 5, msr = 6, scr = 7 };

constexpr u8 ier_rx = 1, ier_thre = 2, ier_line = 4;
constexpr u8 iir_none = 0x01, iir_thre = 0x02, iir_rx = 0x04, iir_line = 0x06, iir_timeout = 0x0c;
constexpr u8 iir_fifos = 0xc0;
constexpr u8 lsr_data = 0x01, lsr_overrun = 0x02, lsr_thre = 0x20, lsr_temt = 0x40;
constexpr u64 input_clock_hz = 1'843'200;  // divided by 16 * divisor gives the baud rate

}  // namespace

Uart16550::Uart16550(DeviceHost& host, IrqLine irq) : host_(host), irq_(std::move(irq)) {
  timeout_ = host_.make_timer([this] {
    timeout_pending_ = !fifo_.empty();
    update_irq();
  });
}

void Uart16550::receive(std::string_view bytes) {
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  refill();
}

bool Uart16550::read(u64 offset, unsigned, u64& value) {
  switch (offset) {
    case rbr_thr:
      value = divisor_access() ? (divisor_ & 0xff) : read_rbr();
      return true;
    case ier:
      value = divisor_access() ? (divisor_ >> 8) : ier_;
      return true;
    case iir_fcr:
      value = read_iir();
      return true;
    case lcr:
      value = lcr_;
      return true;
    case mcr:
      value = mcr_;
      return true;
    case lsr:
      value = read_lsr();
      return true;
    case msr:
      value = read_msr();
      return true;
    default:
      value = scr_;
      return true;
  }
}

bool Uart16550::write(u64 offset, unsigned, u64 raw) {
  const u8 value = static_cast<u8>(raw);
  switch (offset) {
    case rbr_thr:
      if (divisor_access())
        divisor_ = static_cast<u16>((divisor_ & 0xff00) | value);
      else
        write_thr(value);
      break;
    case ier:
      if (divisor_access()) {
        divisor_ = static_cast<u16>((divisor_ & 0xff) | value << 8);
        break;
      }
      // Enabling the transmitter interrupt while the holding register is empty raises it (8.6).
      if ((value & ier_thre) && !(ier_ & ier_thre)) thre_pending_ = true;
      ier_ = value & 0x0f;
      break;
    case iir_fcr:
      write_fcr(value);
      break;
    case lcr:
      lcr_ = value;
      break;
    case mcr:
      mcr_ = value & 0x1f;
      break;
    case scr:
      scr_ = value;
      break;
    default:
      break;  // LSR and MSR are read-only
  }
  update_irq();
  return true;
}

unsigned Uart16550::trigger_level() const {
  static constexpr unsigned levels[4] = {1, 4, 8, 14};
  return fifo_enabled() ? levels[fcr_ >> 6] : 1;
}

u8 Uart16550::read_rbr() {
  u8 byte = 0;
  if (!fifo_.empty()) {
    byte = fifo_.front();
    fifo_.pop_front();
  }
  timeout_pending_ = false;
  timeout_->cancel();
  refill();
  return byte;
}

u8 Uart16550::read_iir() {
  const u8 source = pending_source();
  if (source == iir_thre) thre_pending_ = false;
  update_irq();
  return source | (fifo_enabled() ? iir_fifos : 0);
}

u8 Uart16550::read_lsr() {
  const u8 value =
      static_cast<u8>(lsr_thre | lsr_temt | (fifo_.empty() ? 0 : lsr_data) | (overrun_ ? lsr_overrun : 0));
  overrun_ = false;
  update_irq();
  return value;
}

u8 Uart16550::read_msr() const {
  if (!loopback()) return 0xb0;  // DCD, DSR, CTS: a terminal is connected
  // Loopback wires RTS->CTS, DTR->DSR, OUT1->RI, OUT2->DCD.
  return static_cast<u8>((mcr_ & 2 ? 0x10 : 0) | (mcr_ & 1 ? 0x20 : 0) | (mcr_ & 4 ? 0x40 : 0) |
                         (mcr_ & 8 ? 0x80 : 0));
}

void Uart16550::write_thr(u8 byte) {
  thre_pending_ = true;
  if (loopback()) {
    if (fifo_.size() < capacity())
      fifo_.push_back(byte);
    else
      overrun_ = true;
    return;
  }
  const char c = static_cast<char>(byte);
  if (sink_) sink_->on_output({&c, 1}, host_.now_ps());
}

void Uart16550::write_fcr(u8 value) {
  const bool toggled = (value ^ fcr_) & 1;
  if (toggled || (value & 2)) {
    fifo_.clear();
    timeout_pending_ = false;
    timeout_->cancel();
  }
  fcr_ = value & 0xc9;
  refill();
}

void Uart16550::refill() {
  const bool room = fifo_.size() < capacity() && !input_.empty() && !loopback();
  while (fifo_.size() < capacity() && !input_.empty() && !loopback()) {
    fifo_.push_back(input_.front());
    input_.pop_front();
  }
  // Below the trigger level the chip speaks up after four character times of silence (8.4.1).
  const u64 bit_ps = ps_of(u64{16} * std::max<u16>(divisor_, 1), input_clock_hz);
  if ((room || !fifo_.empty()) && fifo_enabled() && fifo_.size() < trigger_level() && !timeout_pending_)
    timeout_->arm(host_.now_ps() + 4 * 10 * bit_ps);
  update_irq();
}

u8 Uart16550::pending_source() const {
  if ((ier_ & ier_line) && overrun_) return iir_line;
  if ((ier_ & ier_rx) && fifo_.size() >= trigger_level()) return iir_rx;
  if ((ier_ & ier_rx) && timeout_pending_) return iir_timeout;
  if ((ier_ & ier_thre) && thre_pending_) return iir_thre;
  return iir_none;
}

void Uart16550::update_irq() { irq_(pending_source() != iir_none); }

}  // namespace xs::platform
