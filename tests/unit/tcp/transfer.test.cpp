// Whatever the channel does short of cutting all: what arrives is what was sent, and it ends.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/unit/tcp/pair.h"

using namespace tcp;
using namespace tcp_test;

namespace {
/// One direction: writes by random pieces, reads by others, and closes at the end.
struct Flow {
  Flow(End& sender, End& receiver, size_t bytes, u32 seed)
      : from(&sender), to(&receiver), data(pattern(bytes, seed)) {}
  void move(u64 now, Rng& rng) {
    while (written < data.size() && rng() % 8) {
      const u32 n = from->connection.write(
          data.data() + written, static_cast<u32>(std::min<size_t>(data.size() - written, 1 + rng() % 9000)),
          now);
      if (!n) break;
      written += n;
    }
    if (written == data.size()) from->connection.shutdown(now);
    std::vector<char> piece(1 + rng() % 20000);
    if (rng() % 3)
      if (const u32 n = to->connection.read(piece.data(), static_cast<u32>(piece.size()), now))
        read.append(piece.data(), n);
  }

  End *from, *to;
  std::string data, read;
  size_t written = 0;
};

Settings patient() {
  Settings s;
  s.user_timeout = 600 * ns_per_s;
  s.keep_alive_idle = never;
  return s;
}

bool both_closed(const Pair& p) {
  return p.client.connection.state() == State::closed && p.server.connection.state() == State::closed;
}

void transfer(Pair& p, size_t there, size_t back, u32 seed) {
  p.server.first = p.rng();
  p.client.connection.connect(40000, 9, p.rng(), p.now);
  Flow a(p.client, p.server, there, seed), b(p.server, p.client, back, seed + 1);
  u64 steps = 0;
  while (!both_closed(p) && ++steps < 3'000'000) {
    if (p.client.connection.is_open()) a.move(p.now, p.rng);
    if (p.server.connection.is_open()) b.move(p.now, p.rng);
    // Somebody may be waiting for a reader that has just not been in the mood.
    if (!p.step()) p.now += 1'000'000;
  }
  a.read += p.server.read_all(p.now);
  b.read += p.client.read_all(p.now);
  REQUIRE(both_closed(p));
  CHECK(p.client.connection.error() == Error::none);
  // Whoever acknowledges last may never hear that he was heard; he has got all.
  CHECK((a.read == a.data));
  CHECK((b.read == b.data));
}
}  // namespace

TEST_CASE("over a good channel nothing is sent twice") {
  Settings s = patient();
  s.mss = 4042;
  Pair p(s, 262144, 262144);
  transfer(p, 2'000'000, 0, 1);
  CHECK(p.client.connection.totals().retransmitted == 0);
  CHECK(p.server.connection.totals().out_of_order == 0);
  // At least every second full segment is acknowledged, and not many more.
  CHECK(p.server.connection.totals().sent < 500);
  CHECK(p.client.connection.totals().sent < 700);
}

TEST_CASE("over a channel that loses") {
  for (u32 seed = 1; seed <= 12; seed++) {
    Pair p(patient(), 65536, 65536, seed);
    p.channel.lost = seed * 15;
    transfer(p, 300'000, 0, seed);
    CHECK(p.client.connection.totals().retransmitted > 0);
  }
}

TEST_CASE("over a channel that loses, doubles, damages and mixes, both ways at once") {
  for (u32 seed = 1; seed <= 40; seed++) {
    Rng rng(seed);
    Settings s = patient();
    s.mss = 100 + rng() % 4000;
    Pair p(s, 2000 + rng() % 300'000, 2000 + rng() % 300'000, seed);
    p.channel = {rng() % 120, rng() % 120, rng() % 60, 1 + rng() % 2'000'000, rng() % 3'000'000, ~0u};
    transfer(p, rng() % 120'000, rng() % 120'000, seed * 2);
  }
}

TEST_CASE("over a channel that only mixes") {
  for (u32 seed = 1; seed <= 5; seed++) {
    Pair p(patient(), 65536, 65536, seed);
    p.channel.jitter = 200'000;
    transfer(p, 200'000, 200'000, seed);
  }
}

TEST_CASE("segments that are too large for the way become smaller") {
  Settings s = patient();
  s.mss = 4042;
  Pair p(s, 262144, 262144);
  p.channel.most = 1480;
  transfer(p, 300'000, 5000, 3);
  CHECK(p.client.connection.mss() == 1460);
}

TEST_CASE("small buffers, of one byte even") {
  for (const u32 size : {1u, 2u, 7u, 100u}) {
    Pair p(patient(), size, size);
    p.channel.lost = 20;
    transfer(p, 300, 300, size);
  }
}
