#include "sim/platform/device/pit8254.h"

#include "sim/platform/device/rate.h"

namespace xs::platform {

Pit8254::Pit8254(DeviceHost& host, IrqLine irq0) : host_(host), irq0_(std::move(irq0)) {
  alarm_ = host_.make_timer([this] { schedule(); });
  channels_[2].gate = false;
  schedule();
}

bool Pit8254::read(u64 offset, unsigned, u64& value) {
  if (offset == 3) return false;  // the control register cannot be read
  value = read_counter(channels_[offset]);
  return true;
}

bool Pit8254::write(u64 offset, unsigned, u64 raw) {
  const u8 value = static_cast<u8>(raw);
  if (offset == 3) return write_control(value);
  write_counter(channels_[offset], value);
  return true;
}

u64 Pit8254::elapsed(const Channel& c) const {
  const u64 now = host_.now_ps();
  return c.gate && now > c.start_ps ? ticks_in(now - c.start_ps, input_hz) : 0;
}

u16 Pit8254::counter(const Channel& c) const {
  const u64 d = elapsed(c);
  switch (c.mode) {
    case 2:
      return static_cast<u16>(c.count - d % c.count);
    case 3:
      return static_cast<u16>(c.count - (2 * d) % c.count);
    default:
      return static_cast<u16>(c.count - d);
  }
}

bool Pit8254::output(const Channel& c) const {
  const u64 d = elapsed(c);
  if (!c.loaded) return c.mode != 0;
  switch (c.mode) {
    case 0:
      return d >= c.count;
    case 2:
      return d % c.count != c.count - 1;
    default:
      return d % c.count < (c.count + 1) / 2;
  }
}

// Control word: bits 7:6 channel (3 = read-back), 5:4 access, 3:1 mode, 0 BCD.
bool Pit8254::write_control(u8 value) {
  if (value >> 6 == 3) {
    read_back(value);
    return true;
  }
  Channel& c = channels_[value >> 6];
  const auto access = static_cast<Access>(value >> 4 & 3);
  if (access == Access::latch) {
    latch_count(c);
    return true;
  }
  u8 mode = value >> 1 & 7;
  if (mode > 5) mode &= 3;  // 6 and 7 are aliases of 2 and 3
  const bool modelled = (mode == 0 || mode == 2 || mode == 3) && !(value & 1);
  if (!modelled) return false;
  const bool gate = c.gate;
  c = Channel{};
  c.gate = gate;
  c.mode = mode;
  c.access = access;
  c.loaded = false;
  c.start_ps = host_.now_ps();
  if (&c == &channels_[0]) schedule();
  return true;
}

// Read-back: bit 5 clear latches counts, bit 4 clear latches status, bits 3:1 select channels.
void Pit8254::read_back(u8 value) {
  for (unsigned i = 0; i < 3; ++i) {
    if (!(value >> (i + 1) & 1)) continue;
    if (!(value & 0x20)) latch_count(channels_[i]);
    if (!(value & 0x10)) latch_status(channels_[i]);
  }
}

void Pit8254::latch_count(Channel& c) {
  if (c.count_latched) return;  // a second latch before the read is ignored
  c.latched_count = counter(c);
  c.count_latched = true;
}

void Pit8254::latch_status(Channel& c) {
  if (c.status_latched) return;
  c.latched_status = static_cast<u8>((output(c) ? 0x80 : 0) | (c.loaded ? 0 : 0x40) |
                                     static_cast<u8>(c.access) << 4 | c.mode << 1);
  c.status_latched = true;
}

u8 Pit8254::read_counter(Channel& c) {
  if (c.status_latched) {
    c.status_latched = false;
    return c.latched_status;
  }
  const u16 value = c.count_latched ? c.latched_count : counter(c);
  const bool high = c.access == Access::high || (c.access == Access::both && c.read_high_next);
  if (c.access == Access::both) c.read_high_next = !c.read_high_next;
  if (c.access != Access::both || high) c.count_latched = false;
  return static_cast<u8>(high ? value >> 8 : value);
}

void Pit8254::write_counter(Channel& c, u8 value) {
  switch (c.access) {
    case Access::low:
      load(c, value);
      break;
    case Access::high:
      load(c, static_cast<u16>(value << 8));
      break;
    default:
      if (c.write_high_next)
        load(c, static_cast<u16>(value << 8 | c.write_low));
      else
        c.write_low = value;
      c.write_high_next = !c.write_high_next;
  }
}

void Pit8254::load(Channel& c, u16 value) {
  c.count = value ? value : 65536;
  // A count of 1 is illegal in modes 2 and 3; the smallest legal one stands in.
  if (c.mode != 0 && c.count == 1) c.count = 2;
  c.start_ps = host_.now_ps();
  c.loaded = true;
  if (&c == &channels_[0]) schedule();
}

// Drives IRQ 0 to the present output level and sets the alarm for the next change.
void Pit8254::schedule() {
  const Channel& c = channels_[0];
  irq0_(output(c));
  if (!c.loaded) {
    alarm_->cancel();
    return;
  }
  const u64 d = elapsed(c);
  u64 next = 0;  // in ticks after the load
  if (c.mode == 0) {
    if (d >= c.count) {
      alarm_->cancel();
      return;
    }
    next = c.count;
  } else {
    const u64 period = d / c.count * c.count, phase = d % c.count;
    const u64 fall = c.mode == 2 ? c.count - 1 : (c.count + 1) / 2;
    next = period + (phase < fall ? fall : c.count);
  }
  alarm_->arm(c.start_ps + ps_of(next, input_hz));
}

}  // namespace xs::platform
