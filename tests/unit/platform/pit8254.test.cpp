#include "sim/platform/device/pit8254.h"

#include <catch2/catch.hpp>

#include "sim/platform/device/rate.h"
#include "tests/unit/platform/fake_host.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::platform::test;

namespace {
struct Fixture {
  FakeHost host;
  Wire irq;
  Pit8254 pit{host, irq.line()};
  void put(u64 offset, u8 value) { REQUIRE(pit.write(offset, 1, value)); }
  void load(unsigned channel, u8 control, u16 count) {
    put(3, static_cast<u8>(channel << 6 | control));
    put(channel, static_cast<u8>(count));
    put(channel, static_cast<u8>(count >> 8));
  }
  u16 latched(unsigned channel) {
    put(3, static_cast<u8>(channel << 6));
    const u64 low = get(pit, channel);
    return static_cast<u16>(low | get(pit, channel) << 8);
  }
  u64 ticks(u64 n) { return ps_of(n, Pit8254::input_hz); }
};
}  // namespace

TEST_CASE_METHOD(Fixture, "mode 0 counts down once and raises its output at zero") {
  load(0, 0x30, 1000);
  irq.rises = 0;
  CHECK_FALSE(irq.level);
  host.run_until(ticks(400));
  CHECK(latched(0) == 600);
  host.run_until(ticks(999));
  CHECK_FALSE(irq.level);
  host.run_until(ticks(1000));
  CHECK(irq.level);
  host.run_until(ticks(100'000));
  CHECK(irq.rises == 1);
  CHECK_FALSE(pit.may_interrupt());
  CHECK(latched(0) == static_cast<u16>(1000 - 100'000));  // it goes on counting, modulo 2^16
}

TEST_CASE_METHOD(Fixture, "modes 2 and 3 raise one edge per period") {
  const u8 control = GENERATE(u8{0x34}, u8{0x36});
  load(0, control, 11932);
  irq.rises = 0;
  host.run_until(ticks(11932 * 100) + 1);
  CHECK(irq.rises == 100);
}

TEST_CASE_METHOD(Fixture, "mode 2 reloads, mode 3 counts by two") {
  load(0, 0x34, 1000);
  host.run_until(ticks(1100));
  CHECK(latched(0) == 900);
  load(0, 0x36, 1000);
  host.run_until(host.now_ps() + ticks(100));
  CHECK(latched(0) == 800);
}

TEST_CASE_METHOD(Fixture, "a latched count stands still until both bytes are read") {
  load(0, 0x34, 50000);
  host.run_until(ticks(10));
  put(3, 0x00);
  host.run_until(ticks(5000));
  put(3, 0x00);  // ignored: one is latched already
  const u64 low = get(pit, 0);
  CHECK((low | get(pit, 0) << 8) == 49990);
  CHECK(latched(0) == 45000);
}

TEST_CASE_METHOD(Fixture, "read-back gives status, then count") {
  load(0, 0x34, 4096);
  host.run_until(ticks(96));
  put(3, 0xc2);
  CHECK(get(pit, 0) == 0xb4);  // output high, both bytes, mode 2
  CHECK(get(pit, 0) == (4000 & 0xff));
  CHECK(get(pit, 0) == (4000 >> 8));
  put(3, 0x34);
  put(3, 0xe2);  // status only, before the count is written: null count
  CHECK(get(pit, 0) == 0xf4);
}

TEST_CASE_METHOD(Fixture, "single byte access") {
  put(3, 0x14);  // low byte only, mode 2
  put(0, 200);
  host.run_until(ticks(50));
  CHECK(get(pit, 0) == 150);
}

TEST_CASE_METHOD(Fixture, "a count of zero means 65536; a count of one is not divided by") {
  load(0, 0x34, 0);
  irq.rises = 0;
  host.run_until(ticks(65536) + 1);
  CHECK(irq.rises == 1);
  load(0, 0x34, 1);
  host.run_until(host.now_ps() + ticks(100));
  load(0, 0x36, 1);
  host.run_until(host.now_ps() + ticks(100));
}

TEST_CASE_METHOD(Fixture, "channel 2 has no gate on this machine") {
  load(2, 0xb4 & 0x3f, 1000);
  host.run_until(ticks(500));
  CHECK(latched(2) == 1000);
}

TEST_CASE_METHOD(Fixture, "modes that are not modelled are refused") {
  CHECK_FALSE(pit.write(3, 1, 0x3a));  // mode 5
  CHECK_FALSE(pit.write(3, 1, 0x31));  // BCD
  u64 value = 0;
  CHECK_FALSE(pit.read(3, 1, value));
}

TEST_CASE("tick conversions agree with each other") {
  for (u64 n : {u64{0}, u64{1}, u64{65536}, u64{1} << 40})
    CHECK(ticks_in(ps_of(n, Pit8254::input_hz), Pit8254::input_hz) == n);
  CHECK(ticks_in(ps_per_second, Pit8254::input_hz) == Pit8254::input_hz);
  CHECK(ticks_in(ps_of(1, Pit8254::input_hz) - 1, Pit8254::input_hz) == 0);
}
