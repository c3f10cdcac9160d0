#include <catch2/catch.hpp>

#include "sim/platform/device/iosapic.h"
#include "tests/unit/platform/fake_host.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::platform::test;

namespace {

struct IosapicFixture {
  std::vector<ia64::SapicMessage> sent;
  Iosapic iosapic{[this](const ia64::SapicMessage& m) { sent.push_back(m); }};
  void put(u8 index, u32 value) {
    iosapic.write(0, 4, index);
    iosapic.write(0x10, 4, value);
  }
  u64 in(u8 index) {
    iosapic.write(0, 4, index);
    return get(iosapic, 0x10, 4);
  }
  void route(unsigned pin, u32 low, u32 high = 0) {
    put(static_cast<u8>(0x11 + 2 * pin), high);
    put(static_cast<u8>(0x10 + 2 * pin), low);
  }
};

}  // namespace

TEST_CASE_METHOD(IosapicFixture, "the I/O SAPIC tells its version and 48 masked entries") {
  CHECK(in(1) == 0x002f0021);
  for (unsigned pin = 0; pin < Iosapic::pin_count; ++pin)
    CHECK(in(static_cast<u8>(0x10 + 2 * pin)) == 0x10000);
  CHECK(in(0x10 + 2 * Iosapic::pin_count) == 0);
}

TEST_CASE_METHOD(IosapicFixture, "a message goes to id and eid of its entry") {
  route(47, 0x000d0 /* edge, vector 0xd0 */, 0x03070000);
  iosapic.set_pin(47, true);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].id == 3);
  CHECK(sent[0].eid == 7);
  CHECK(sent[0].vector == 0xd0);
  CHECK(sent[0].delivery == ia64::SapicMessage::Delivery::interrupt);
}

TEST_CASE_METHOD(IosapicFixture, "delivery modes pass; the redirectable one is an interrupt") {
  using Delivery = ia64::SapicMessage::Delivery;
  const auto [mode, expected] = GENERATE(table<u32, Delivery>({{0, Delivery::interrupt},
                                                               {1, Delivery::interrupt},
                                                               {2, Delivery::pmi},
                                                               {4, Delivery::nmi},
                                                               {5, Delivery::init},
                                                               {7, Delivery::extint}}));
  route(0, mode << 8 | 0x40);
  iosapic.set_pin(0, true);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].delivery == expected);
}

TEST_CASE_METHOD(IosapicFixture, "a level is repeated after a write to the EOI register, and not before") {
  route(30, 0x8051);
  iosapic.set_pin(30, true);
  iosapic.set_pin(30, true);
  CHECK(sent.size() == 1);
  iosapic.write(0x40, 4, 0x50);  // another vector
  CHECK(sent.size() == 1);
  iosapic.write(0x40, 4, 0x51);
  CHECK(sent.size() == 2);
  iosapic.set_pin(30, false);
  iosapic.write(0x40, 4, 0x51);
  CHECK(sent.size() == 2);
}
