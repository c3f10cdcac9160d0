#include "sim/platform/device/rtc146818.h"

#include <algorithm>
#include <ctime>

#include "sim/platform/device/rate.h"

namespace xs::platform {
namespace {

enum Register : u8 {
  seconds = 0,
  minutes = 2,
  hours = 4,
  weekday = 6,
  day = 7,
  month = 8,
  year = 9,
  reg_a = 10,
  reg_b = 11,
  reg_c = 12,
  reg_d = 13,
  century = 0x32
};
constexpr u8 b_binary = 0x04, b_24h = 0x02, b_interrupts = 0x70, b_set = 0x80;
constexpr u64 update_ps = 244'000'000;  // UIP is up for the last 244 microseconds of a second

}  // namespace

Rtc146818::Rtc146818(DeviceHost& host, u64 wall_clock_s, u64 low_bytes, u64 high_bytes)
    : host_(host), wall_clock_s_(wall_clock_s) {
  auto put16 = [this](u8 at, u64 value) {
    ram_[at] = static_cast<u8>(value);
    ram_[at + 1u] = static_cast<u8>(value >> 8);
  };
  put16(0x15, 640);                                                           // base memory, KiB
  const u64 extended = low_bytes > (1 << 20) ? (low_bytes >> 10) - 1024 : 0;  // above 1 MiB, KiB
  put16(0x17, std::min<u64>(extended, 65535));
  put16(0x30, std::min<u64>(extended, 65535));
  const u64 above_16m = low_bytes > (16 << 20) ? (low_bytes - (16 << 20)) >> 16 : 0;  // 64 KiB units
  put16(0x34, std::min<u64>(above_16m, 65535));
  put16(0x5b, high_bytes >> 16);  // above 4 GiB, 64 KiB units
  ram_[0x5d] = static_cast<u8>(high_bytes >> 32);
  ram_[reg_a] = 0x26;
  ram_[reg_b] = b_24h;
  ram_[reg_d] = 0x80;  // battery good
}

bool Rtc146818::read(u64 offset, unsigned, u64& value) {
  value = offset == 0 ? 0xff : read_register(index_);  // the index register is write-only
  return true;
}

bool Rtc146818::write(u64 offset, unsigned, u64 raw) {
  const u8 value = static_cast<u8>(raw);
  if (offset == 0) {
    index_ = value & 0x7f;  // bit 7 masks NMI, of which this machine has no source
    return true;
  }
  if (index_ == reg_c || index_ == reg_d) return true;  // read-only
  if (index_ == reg_a) {
    ram_[reg_a] = value & 0x7f;
    return true;
  }
  if (index_ == reg_b) {
    ram_[reg_b] = value & static_cast<u8>(~b_interrupts);
    return (value & (b_interrupts | b_set)) == 0;
  }
  if (index_ < reg_a || index_ == century) return false;  // setting the clock
  ram_[index_] = value;
  return true;
}

u8 Rtc146818::encode(unsigned value) const {
  return static_cast<u8>(ram_[reg_b] & b_binary ? value : value / 10 << 4 | value % 10);
}

u8 Rtc146818::read_register(u8 index) const {
  const u64 now = host_.now_ps();
  const u64 unix_time = wall_clock_s_ + now / ps_per_second;
  if (index == reg_a) return ram_[reg_a] | (ps_per_second - now % ps_per_second <= update_ps ? 0x80 : 0);
  if (index < reg_a || index == century) return time_field(index, unix_time);
  return ram_[index];
}

u8 Rtc146818::time_field(u8 index, u64 unix_time) const {
  const std::time_t t = static_cast<std::time_t>(unix_time);
  std::tm tm{};
  gmtime_r(&t, &tm);
  const unsigned full_year = static_cast<unsigned>(tm.tm_year) + 1900;
  switch (index) {
    case seconds:
      return encode(static_cast<unsigned>(tm.tm_sec));
    case minutes:
      return encode(static_cast<unsigned>(tm.tm_min));
    case hours: {
      const unsigned h = static_cast<unsigned>(tm.tm_hour);
      if (ram_[reg_b] & b_24h) return encode(h);
      return encode(h % 12 ? h % 12 : 12) | (h >= 12 ? 0x80 : 0);
    }
    case weekday:
      return encode(static_cast<unsigned>(tm.tm_wday) + 1);
    case day:
      return encode(static_cast<unsigned>(tm.tm_mday));
    case month:
      return encode(static_cast<unsigned>(tm.tm_mon) + 1);
    case year:
      return encode(full_year % 100);
    case century:
      return encode(full_year / 100);
    default:
      return ram_[index];  // alarm bytes
  }
}

}  // namespace xs::platform
