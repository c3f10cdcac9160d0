// Whatever arrives: bounded memory, bounded answers, and states that exist. In the sanitized build, too.
#include <catch2/catch.hpp>

#include "guests/lib/tcp/checksum.h"
#include "tests/unit/tcp/pair.h"

using namespace tcp;
using namespace tcp_test;

namespace {
u32 near(u32 number, Rng& rng) {
  switch (rng() % 6) {
    case 0:
      return number;
    case 1:
      return number + rng() % 5 - 2;
    case 2:
      return number + rng() % 70000;
    case 3:
      return number - rng() % 70000;
    case 4:
      return number + 0x80000000u + rng() % 3 - 1;
    default:
      return static_cast<u32>(rng());
  }
}

/// A segment that one of the two might have sent, made worse.
Segment mutant(const End& to, Rng& rng) {
  Segment s;
  const bool to_server = to.connection.own_port() == 8002;
  s.from = to_server ? 40000 : 8002, s.to = to_server ? 8002 : 40000;
  const Segment own = to.sent.empty() ? Segment{} : to.sent[rng() % to.sent.size()];
  const Segment other = to.other->sent.empty() ? Segment{} : to.other->sent[rng() % to.other->sent.size()];
  s.sequence = near(rng() % 2 ? own.acknowledged : other.sequence, rng);
  s.acknowledged = near(rng() % 2 ? own.sequence + own.span() : other.acknowledged, rng);
  constexpr u8 usual[] = {ack, ack, ack | psh, ack | fin, syn, syn | ack, rst, rst | ack, 0, 0x1f};
  s.flags = rng() % 8 ? usual[rng() % sizeof usual] : static_cast<u8>(rng() & 0x1f);
  s.window = rng() % 4 ? static_cast<u16>(rng()) : u16{0};
  if (rng() % 4 == 0) s.mss = static_cast<u16>(rng() % 3 ? rng() : rng() % 3);
  if (rng() % 4 == 0) s.shift = static_cast<u8>(rng() % 16);
  return s;
}

void use(End& e, Rng& rng, u64 now) {
  char piece[3000] = {};
  switch (rng() % 12) {
    case 0:
    case 1:
    case 2:
      e.connection.write(piece, rng() % u32{sizeof piece}, now);
      break;
    case 3:
    case 4:
    case 5:
      e.connection.read(piece, rng() % u32{sizeof piece}, now);
      break;
    case 6:
      if (rng() % 8 == 0) e.connection.shutdown(now);
      break;
    case 7:
      if (rng() % 20 == 0) e.connection.close(now);
      break;
    case 8:
      if (rng() % 50 == 0) e.connection.abort(now);
      break;
    default:
      break;
  }
}

void check(const End& e) {
  const Connection& c = e.connection;
  CHECK(c.state() <= State::time_wait);
  CHECK(c.readable() <= e.receive_memory.size());
  CHECK(c.unacknowledged() <= e.send_memory.size());
  CHECK(c.mss() >= 64);
  if (c.state() == State::closed) CHECK(c.next_deadline() == never);
}
}  // namespace

TEST_CASE("segments that nobody would send") {
  u64 ended = 0, still = 0;
  for (u32 seed = 1; seed <= 400; seed++) {
    Rng rng(seed);
    Settings settings;
    settings.mss = 64 + rng() % 4000;
    Pair p(settings, 1 + rng() % 90000, 1 + rng() % 9000, seed);
    p.server.first = rng();
    p.client.connection.connect(40000, 8002, rng(), p.now);
    for (u32 i = 0; i < 150; i++) {
      End& e = rng() % 2 ? p.client : p.server;
      use(e, rng, p.now);
      if (rng() % 3) p.step();
      const u64 before = e.sent.size();
      if (rng() % 3 == 0 && e.connection.state() != State::closed) {
        p.put(e, mutant(e, rng), pattern(rng() % 3 ? 0 : rng() % 3000, seed));
        // A window's worth of segments, and an answer.
        CHECK(e.sent.size() - before <= 9000 / 64 + 2);
      }
      if (rng() % 40 == 0) p.now += rng() % (2 * ns_per_s);
    }
    check(p.client);
    check(p.server);
    // What is left to itself comes to rest: keep-alive finds whoever is no longer there.
    for (End* e : {&p.client, &p.server}) e->connection.close(p.now);
    p.channel.lost = 1000;
    p.run(60 * ns_per_s);
    const bool over =
        p.client.connection.state() == State::closed && p.server.connection.state() == State::closed;
    ++(over ? ended : still);
  }
  CHECK(ended == 400);
  CHECK(still == 0);
}

TEST_CASE("noise as headers") {
  Rng rng(9293);
  u32 taken = 0;
  for (u32 i = 0; i < 40000; i++) {
    Frame f(rng() % 80);
    for (u8& b : f) b = static_cast<u8>(rng() % 3 ? rng() : rng() % 4);
    if (f.size() > 12 && rng() % 2) f[12] = static_cast<u8>((5 + rng() % 11) << 4);
    if (f.size() > 13 && rng() % 2) f[13] |= syn;
    const Frame exact(f.begin(), f.end());
    Segment s;
    u32 header;
    if (!parse(exact.data(), static_cast<u32>(exact.size()), s, header)) continue;
    taken++;
    CHECK(header <= exact.size());
    CHECK(s.length == exact.size() - header);
    CHECK((s.shift == no_shift || s.shift <= shift_most));
  }
  CHECK(taken > 1000);
}
