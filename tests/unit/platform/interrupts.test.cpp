#include <catch2/catch.hpp>

#include "sim/platform/device/ioapic.h"
#include "sim/platform/device/pic8259.h"
#include "tests/unit/platform/fake_host.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::platform::test;

namespace {

struct IoapicFixture {
  std::vector<x86::ApicMessage> sent;
  Ioapic ioapic{[this](const x86::ApicMessage& m) { sent.push_back(m); }};
  void put(u8 index, u32 value) {
    ioapic.write(0, 4, index);
    ioapic.write(0x10, 4, value);
  }
  u64 in(u8 index) {
    ioapic.write(0, 4, index);
    return get(ioapic, 0x10, 4);
  }
  void route(unsigned pin, u32 low, u32 high = 0) {
    put(static_cast<u8>(0x11 + 2 * pin), high);
    put(static_cast<u8>(0x10 + 2 * pin), low);
  }
};

struct PicFixture {
  Wire intr;
  Pic8259 pic{intr.line()};
  void out(unsigned chip, u64 offset, u8 value) { pic.command_data(chip).write(offset, 1, value); }
  PicFixture() {
    for (unsigned chip : {0u, 1u}) {
      out(chip, 0, 0x11);
      out(chip, 1, static_cast<u8>(0x20 + 8 * chip));
      out(chip, 1, chip ? 2 : 4);
      out(chip, 1, 1);
      out(chip, 1, 0);
    }
  }
};

}  // namespace

TEST_CASE_METHOD(IoapicFixture, "identification and reset state") {
  CHECK(in(1) == 0x00170020);
  CHECK(in(0x10) == 0x10000);
  put(0, 0x05000000);
  CHECK(in(0) == 0x05000000);
  u64 value;
  CHECK_FALSE(ioapic.read(0x20, 4, value));
}

TEST_CASE_METHOD(IoapicFixture, "an edge is delivered once, with the entry's fields") {
  route(4, 0x0931 /* lowest priority, logical, vector 0x31 */, 0x03000000);
  ioapic.set_pin(4, true);
  ioapic.set_pin(4, true);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].vector == 0x31);
  CHECK(sent[0].destination == 3);
  CHECK(sent[0].logical);
  CHECK(sent[0].delivery == x86::ApicMessage::Delivery::lowest);
  CHECK_FALSE(sent[0].level);
  ioapic.set_pin(4, false);
  ioapic.set_pin(4, true);
  CHECK(sent.size() == 2);
}

TEST_CASE_METHOD(IoapicFixture, "a masked edge is lost") {
  route(4, 0x10031);
  ioapic.set_pin(4, true);
  route(4, 0x00031);
  CHECK(sent.empty());
}

TEST_CASE_METHOD(IoapicFixture, "a level is repeated after EOI while it stands") {
  route(9, 0x8040);
  ioapic.set_pin(9, true);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].level);
  CHECK((in(0x10 + 18) & 0x4000) != 0);  // remote IRR
  ioapic.set_pin(9, false);
  ioapic.set_pin(9, true);
  CHECK(sent.size() == 1);
  ioapic.on_eoi(0x41);
  CHECK(sent.size() == 1);
  ioapic.on_eoi(0x40);
  CHECK(sent.size() == 2);
  ioapic.set_pin(9, false);
  ioapic.write(0x40, 4, 0x40);  // EOI register
  CHECK(sent.size() == 2);
  CHECK((in(0x10 + 18) & 0x4000) == 0);
}

TEST_CASE_METHOD(IoapicFixture, "a level under mask is delivered when unmasked") {
  route(9, 0x18040);
  ioapic.set_pin(9, true);
  CHECK(sent.empty());
  route(9, 0x08040);
  CHECK(sent.size() == 1);
}

TEST_CASE_METHOD(IoapicFixture, "status bits cannot be written; switching to edge clears remote IRR") {
  route(9, 0x8040);
  ioapic.set_pin(9, true);
  put(0x10 + 18, 0x18040);
  CHECK((in(0x10 + 18) & 0x4000) != 0);
  put(0x10 + 18, 0x10040);
  CHECK((in(0x10 + 18) & 0x4000) == 0);
  put(0x10 + 18, 0x15040);
  CHECK(in(0x10 + 18) == 0x10040);
}

TEST_CASE_METHOD(PicFixture, "vectors, priority and end of interrupt") {
  pic.set_irq(4, true);
  pic.set_irq(1, true);
  CHECK(intr.level);
  CHECK(pic.acknowledge() == 0x21);
  CHECK_FALSE(intr.level);  // IRQ 4 waits for IRQ 1's EOI
  out(0, 0, 0x20);
  CHECK(intr.level);
  CHECK(pic.acknowledge() == 0x24);
  out(0, 0, 0x64);  // specific EOI
  CHECK_FALSE(intr.level);
  CHECK(pic.acknowledge() == 0x27);  // spurious
}

TEST_CASE_METHOD(PicFixture, "the slave hangs on the master's line 2") {
  pic.set_irq(12, true);
  CHECK(intr.level);
  CHECK(pic.acknowledge() == 0x2c);
  out(1, 0, 0x0b);
  CHECK(get(pic.command_data(1), 0) == 0x10);  // ISR
  out(1, 0, 0x20);
  out(0, 0, 0x20);
  CHECK_FALSE(intr.level);
}

TEST_CASE_METHOD(PicFixture, "masking") {
  out(0, 1, 0x10);
  CHECK(pic.masked(4));
  pic.set_irq(4, true);
  CHECK_FALSE(intr.level);
  CHECK(get(pic.command_data(0), 0) == 0x10);  // IRR
  out(0, 1, 0);
  CHECK(intr.level);
}

TEST_CASE_METHOD(PicFixture, "level lines stay requested, and only some lines may be level") {
  pic.trigger_control().write(0, 1, 0xff);
  pic.trigger_control().write(1, 1, 0xff);
  CHECK(get(pic.trigger_control(), 0) == 0xf8);
  CHECK(get(pic.trigger_control(), 1) == 0xde);
  pic.set_irq(5, true);
  CHECK(pic.acknowledge() == 0x25);
  out(0, 0, 0x20);
  CHECK(intr.level);
  pic.set_irq(5, false);
  CHECK_FALSE(intr.level);
}

TEST_CASE_METHOD(PicFixture, "rotation makes the served line the least urgent") {
  pic.set_irq(3, true);
  CHECK(pic.acknowledge() == 0x23);
  out(0, 0, 0xa0);  // rotate on non-specific EOI
  pic.set_irq(3, false);
  pic.set_irq(3, true);
  pic.set_irq(6, true);
  CHECK(pic.acknowledge() == 0x26);
}
