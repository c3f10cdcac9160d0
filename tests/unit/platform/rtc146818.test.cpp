#include "sim/platform/device/rtc146818.h"

#include <catch2/catch.hpp>

#include "sim/platform/device/rate.h"
#include "tests/unit/platform/fake_host.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::platform::test;

namespace {
struct Fixture {
  FakeHost host;
  Rtc146818 rtc{host, 1'700'000'000, 128u << 20,
                u64{384} << 20};  // 14 November 2023, 22:13:20 UTC, a Tuesday
  u64 in(u8 index) {
    rtc.write(0, 1, index);
    return get(rtc, 1);
  }
  bool out(u8 index, u8 value) {
    rtc.write(0, 1, index);
    return rtc.write(1, 1, value);
  }
};
}  // namespace

TEST_CASE_METHOD(Fixture, "shows wall clock plus simulated time in BCD") {
  host.run_until(45 * ps_per_second);
  CHECK(in(0) == 0x05);
  CHECK(in(2) == 0x14);
  CHECK(in(4) == 0x22);
  CHECK(in(6) == 3);
  CHECK(in(7) == 0x14);
  CHECK(in(8) == 0x11);
  CHECK(in(9) == 0x23);
  CHECK(in(0x32) == 0x20);
}

TEST_CASE_METHOD(Fixture, "binary and twelve-hour modes") {
  CHECK(out(11, 0x04));
  CHECK(in(4) == (10 | 0x80));
  CHECK(in(9) == 23);
}

TEST_CASE_METHOD(Fixture, "update in progress at the end of each second") {
  CHECK((in(10) & 0x80) == 0);
  host.run_until(ps_per_second - 100'000'000);
  CHECK((in(10) & 0x80) == 0x80);
  host.run_until(ps_per_second);
  CHECK((in(10) & 0x80) == 0);
}

TEST_CASE_METHOD(Fixture, "CMOS RAM keeps bytes and shows the memory size") {
  CHECK(out(0x40, 0x5a));
  CHECK(in(0x40) == 0x5a);
  CHECK((in(0x34) | in(0x35) << 8) == (112u << 20) >> 16);
  CHECK((in(0x5b) | in(0x5c) << 8) == (u64{384} << 20) >> 16);
}

TEST_CASE_METHOD(Fixture, "what is not modelled says so") {
  CHECK_FALSE(out(0, 1));      // setting the clock
  CHECK_FALSE(out(11, 0x42));  // periodic interrupt
}
