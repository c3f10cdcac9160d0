#include "sim/debug/packet.h"

#include <catch2/catch.hpp>

using namespace xs;
using namespace xs::debug;
using Kind = PacketEvent::Kind;

namespace {

std::vector<PacketEvent> read_all(PacketReader& reader) {
  std::vector<PacketEvent> out;
  while (auto event = reader.next()) out.push_back(std::move(*event));
  return out;
}

}  // namespace

TEST_CASE("packets are framed, summed and escaped") {
  CHECK(frame("OK") == "$OK#9a");
  CHECK(frame("") == "$#00");
  CHECK(frame("a#b") ==
        "$a}\x03"
        "b#43");
  for (const std::string text : {"g", "m1000,4", "a$b#c}d*e", ""}) {
    PacketReader reader;
    reader.feed(frame(text));
    const auto events = read_all(reader);
    REQUIRE(events.size() == 1);
    CHECK(events[0].kind == Kind::packet);
    CHECK(events[0].payload == text);
  }
}

TEST_CASE("whatever way the bytes are cut, the packets are the same") {
  const std::string stream = "+" + frame("qSupported:a;b") + "+\x03" + frame("X1000,2:}\x01#") + "-";
  for (std::size_t chunk : {1u, 2u, 3u, 7u, 100u}) {
    PacketReader reader;
    for (std::size_t at = 0; at < stream.size(); at += chunk)
      reader.feed(std::string_view(stream).substr(at, chunk));
    const auto events = read_all(reader);
    REQUIRE(events.size() == 6);
    CHECK(events[1].payload == "qSupported:a;b");
    CHECK(events[3].kind == Kind::interrupt);
    CHECK(events[4].payload == "X1000,2:}\x01#");
    CHECK(events[5].kind == Kind::resend);
  }
}

TEST_CASE("damage is noticed, and the next packet is whole") {
  PacketReader reader;
  reader.feed("noise$g#00$g#zz$half$g#67");
  const auto events = read_all(reader);
  REQUIRE(events.size() == 3);
  CHECK(events[0].kind == Kind::damaged);
  CHECK(events[1].kind == Kind::damaged);
  CHECK(events[2].kind == Kind::packet);
  CHECK(events[2].payload == "g");
}

TEST_CASE("a payload without end and a flood of packets use bounded memory") {
  PacketReader reader;
  reader.feed("$" + std::string(10 * most_payload, 'a') + "#00");
  auto events = read_all(reader);
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == Kind::damaged);
  for (int i = 0; i < 10'000; ++i) reader.feed(frame("g"));
  events = read_all(reader);
  CHECK(events.size() < 1000);
}

TEST_CASE("an interrupt is found among packets") {
  PacketReader reader;
  reader.feed("+\x03" + frame("g"));
  CHECK(reader.take_interrupt());
  CHECK_FALSE(reader.take_interrupt());
  CHECK(read_all(reader).size() == 2);
}

TEST_CASE("hexadecimal") {
  CHECK(to_hex(std::string_view("az")) == "617a");
  CHECK(from_hex("617A") == "az");
  CHECK_FALSE(from_hex("617"));
  CHECK_FALSE(from_hex("6g"));
  std::string_view text = "1fF,rest";
  CHECK(take_number(text) == 0x1ffu);
  CHECK(text == ",rest");
  CHECK_FALSE(take_number(text));
  std::string_view large = "10000000000000000";
  CHECK_FALSE(take_number(large));
  CHECK(take(text, ",re"));
  CHECK(text == "st");
}
