// EFI's time services: what the clock showed when the machine was switched on, and ar.itc since.
#include "guests/ia64/firmware/efi.h"

namespace firmware {
namespace {

constexpr u64 day_s = 86400, ns_per_s = 1000000000;

bool is_leap(u64 year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

u64 days_of_month(u64 year, u64 month) {
  constexpr u64 long_months = 1 << 1 | 1 << 3 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 12;
  if (month == 2) return is_leap(year) ? 29 : 28;
  return (long_months >> month & 1) != 0 ? 31 : 30;
}

u64 itc() {
  u64 value;
  asm volatile("mov %0 = ar.itc" : "=r"(value));
  return value;
}

struct Quotient {
  u64 whole, rest;
};

/// Bit by bit: the compiler's library is not position independent.
Quotient divide(u64 what, u64 by) {
  Quotient q{0, 0};
  for (unsigned bit = 64; bit-- != 0;) {
    q.rest = q.rest << 1 | (what >> bit & 1);
    q.whole <<= 1;
    if (q.rest < by) continue;
    q.rest -= by;
    q.whole |= 1;
  }
  return q;
}

void set_date(Time& time, u64 days) {
  u64 year = 1970, month = 1;
  for (; days >= (is_leap(year) ? 366 : 365); ++year) days -= is_leap(year) ? 366 : 365;
  for (; days >= days_of_month(year, month); ++month) days -= days_of_month(year, month);
  time.year = static_cast<u16>(year);
  time.month = static_cast<u8>(month);
  time.day = static_cast<u8>(days + 1);
}

bool is_valid(const Time& t) {
  return t.year >= 1970 && t.year <= 9999 && t.month >= 1 && t.month <= 12 && t.day >= 1 &&
         t.day <= days_of_month(t.year, t.month) && t.hour < 24 && t.minute < 60 && t.second < 60 &&
         t.nanosecond < ns_per_s;
}

u64 unix_time(const Time& t) {
  u64 days = t.day - 1u;
  for (u64 year = 1970; year < t.year; ++year) days += is_leap(year) ? 366 : 365;
  for (u64 month = 1; month < t.month; ++month) days += days_of_month(t.year, month);
  return days * day_s + t.hour * 3600 + t.minute * 60 + t.second;
}

}  // namespace

extern "C" {

Status get_time(Time* time, TimeCapabilities* capabilities) {
  if (time == nullptr) return invalid_parameter;
  const Quotient run = divide(itc(), firmware_data.frequency_hz);
  const u64 now = firmware_data.wall_clock_s + firmware_data.clock_offset_s + run.whole, second = now % day_s;
  set_date(*time, now / day_s);
  time->hour = static_cast<u8>(second / 3600);
  time->minute = static_cast<u8>(second / 60 % 60);
  time->second = static_cast<u8>(second % 60);
  time->nanosecond = static_cast<u32>(divide(run.rest * ns_per_s, firmware_data.frequency_hz).whole);
  time->zone = 0;
  time->padding = time->daylight = time->padding_2 = 0;
  if (capabilities == nullptr) return success;
  capabilities->resolution = ns_per_s;
  capabilities->accuracy = 0;
  capabilities->sets_to_zero = 0;
  return success;
}

/// To the second: the nanoseconds stay as they are.
Status set_time(const Time* time) {
  if (time == nullptr || !is_valid(*time)) return invalid_parameter;
  const u64 started = firmware_data.wall_clock_s + divide(itc(), firmware_data.frequency_hz).whole;
  firmware_data.clock_offset_s = unix_time(*time) - started;
  return success;
}

Status get_wakeup_time(bool*, bool*, Time*) { return unsupported; }
Status set_wakeup_time(bool, const Time*) { return unsupported; }
}

}  // namespace firmware
