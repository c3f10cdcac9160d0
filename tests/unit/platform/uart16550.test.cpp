#include "sim/platform/device/uart16550.h"

#include <catch2/catch.hpp>

#include "tests/unit/platform/fake_host.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::platform::test;

namespace {
struct Fixture {
  FakeHost host;
  Wire irq;
  TextSink sink;
  Uart16550 uart{host, irq.line()};
  Fixture() { uart.set_sink(&sink); }
  void put(u64 offset, u8 value) { REQUIRE(uart.write(offset, 1, value)); }
  u64 in(u64 offset) { return get(uart, offset); }
};
}  // namespace

TEST_CASE_METHOD(Fixture, "transmits at once and stays ready") {
  for (char c : std::string("hi\n")) put(0, static_cast<u8>(c));
  CHECK(sink.text == "hi\n");
  CHECK(in(5) == 0x60);
  CHECK_FALSE(irq.level);
}

TEST_CASE_METHOD(Fixture, "the divisor latch hides data and interrupt enable") {
  put(3, 0x83);
  put(0, 1);
  put(1, 2);
  CHECK(in(0) == 1);
  CHECK(in(1) == 2);
  put(3, 0x03);
  CHECK(sink.text.empty());
  CHECK(in(1) == 0);
}

TEST_CASE_METHOD(Fixture, "enabling the transmitter interrupt raises it; reading IIR takes it back") {
  put(1, 2);
  CHECK(irq.level);
  CHECK(in(2) == 0x02);
  CHECK_FALSE(irq.level);
  CHECK(in(2) == 0x01);
  put(0, 'x');
  CHECK(irq.level);
  put(1, 0);
  CHECK_FALSE(irq.level);
}

TEST_CASE_METHOD(Fixture, "without FIFOs each character interrupts and the next waits for it") {
  put(1, 1);
  uart.receive("ab");
  CHECK(in(2) == 0x04);
  CHECK((in(5) & 1) == 1);
  CHECK(in(0) == 'a');
  CHECK(irq.level);
  CHECK(in(0) == 'b');
  CHECK_FALSE(irq.level);
  CHECK((in(5) & 1) == 0);
}

TEST_CASE_METHOD(Fixture, "below the trigger level the interrupt comes after four character times") {
  put(3, 0x80);
  put(0, 1);  // 115200 baud: 8.68 us a bit
  put(1, 0);
  put(3, 0x03);
  put(1, 1);
  put(2, 0x81);  // FIFOs on, trigger at 8
  uart.receive("abc");
  CHECK_FALSE(irq.level);
  host.run_until(4 * 10 * 8'600'000ull);
  CHECK_FALSE(irq.level);
  host.run_until(4 * 10 * 8'700'000ull);
  CHECK(irq.level);
  CHECK(in(2) == 0xcc);
  CHECK(in(0) == 'a');
  CHECK_FALSE(irq.level);
}

TEST_CASE_METHOD(Fixture, "at the trigger level the interrupt comes at once and drops below it") {
  put(2, 0x81);
  put(1, 1);
  uart.receive("12345678");
  CHECK(irq.level);
  CHECK(in(2) == 0xc4);
  CHECK(in(0) == '1');
  CHECK_FALSE(irq.level);
}

TEST_CASE_METHOD(Fixture, "input beyond the FIFO waits on the line; nothing is lost") {
  put(2, 0x01);
  std::string all, sent(100, '?');
  for (unsigned i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(' ' + i % 64);
  uart.receive(sent);
  while (in(5) & 1) all += static_cast<char>(in(0));
  CHECK(all == sent);
}

TEST_CASE_METHOD(Fixture, "clearing the receive FIFO drops what it holds") {
  put(2, 0x01);
  uart.receive("abc");
  put(2, 0x03);
  CHECK((in(5) & 1) == 0);
}

TEST_CASE_METHOD(Fixture, "loopback returns characters and modem lines without transmitting") {
  put(4, 0x1f);
  CHECK(in(6) == 0xf0);
  put(0, 0x5a);
  CHECK(in(0) == 0x5a);
  CHECK(sink.text.empty());
  put(0, 1);
  put(0, 2);  // no FIFO: overrun
  CHECK((in(5) & 2) == 2);
  CHECK((in(5) & 2) == 0);
}

TEST_CASE_METHOD(Fixture, "scratch register keeps its byte") {
  put(7, 0xa5);
  CHECK(in(7) == 0xa5);
}
