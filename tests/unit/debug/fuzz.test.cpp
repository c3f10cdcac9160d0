// What a hostile peer can send: any bytes, and packets that are almost right. Nothing may crash (the
// sanitized build runs this too), every packet has an answer, and the points stay few.
#include <catch2/catch.hpp>

#include "sim/debug/packet.h"
#include "sim/debug/session.h"
#include "tests/unit/debug/fake_target.h"

using namespace xs;
using namespace xs::debug;

namespace {

struct Random {
  u64 state;
  u64 operator()() {  // xorshift64*
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return state * 0x2545f4914f6cdd1d;
  }
};

constexpr const char* seeds[] = {"?",
                                 "g",
                                 "G00",
                                 "p3",
                                 "P1=0011223344556677",
                                 "m100001000,10",
                                 "M100001000,2:0102",
                                 "X100001000,2:ab",
                                 "Z0,1000,1",
                                 "Z4,1000,8",
                                 "z2,1000,8",
                                 "Hg101",
                                 "Hc-1",
                                 "T2",
                                 "vCont;s:201;c",
                                 "vCont?",
                                 "vKill;1",
                                 "qSupported:swbreak+",
                                 "qXfer:features:read:target.xml:0,ff",
                                 "qXfer:threads:read::0,ff",
                                 "qThreadExtraInfo,1",
                                 "qRcmd,7068797320313030302031",
                                 "Qqemu.PhyMemMode:1",
                                 "qfThreadInfo",
                                 "s",
                                 "c",
                                 "C05;1",
                                 "D"};

std::string mutated(Random& random) {
  std::string text = seeds[random() % std::size(seeds)];
  for (u64 n = random() % 6; n > 0; --n) {
    const std::size_t at = text.empty() ? 0 : random() % text.size();
    const char byte = static_cast<char>(random() % 3 ? "0123456789abcdef,;:=-#$}*"[random() % 25] : random());
    switch (random() % 4) {
      case 0:
        text.insert(at, 1, byte);
        break;
      case 1:
        if (!text.empty()) text[at] = byte;
        break;
      case 2:
        if (!text.empty()) text.erase(at, 1 + random() % 4);
        break;
      default:
        text += std::string(random() % 40, byte);
    }
  }
  return text;
}

}  // namespace

TEST_CASE("mutated packets are answered") {
  Random random{42};
  test::FakeDebugTarget target;
  GdbSession session(target);
  for (int i = 0; i < 60'000; ++i) {
    const Reply reply = session.handle(mutated(random));
    REQUIRE(reply.text.size() <= 2 * most_payload);
    REQUIRE(target.cores[0].points.size() <= 1024);
    if (reply.next == Reply::Next::detach) session.leave();
  }
  CHECK(session.handle("qfThreadInfo").text == "m101,2,201");
}

TEST_CASE("mutated streams are read to the end") {
  Random random{7};
  PacketReader reader;
  u64 packets = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string bytes = frame(mutated(random));
    for (u64 n = random() % 3; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    reader.feed(bytes);
    while (const auto event = reader.next()) {
      REQUIRE(event->payload.size() <= most_payload);
      packets += event->kind == PacketEvent::Kind::packet;
    }
  }
  CHECK(packets > 5'000);
  reader.feed("#00" + frame("last"));
  std::string last;
  while (const auto event = reader.next()) last = event->payload;
  CHECK(last == "last");
}
