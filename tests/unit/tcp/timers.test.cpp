// Retransmission, windows, and silence.
#include <catch2/catch.hpp>

#include "tests/unit/tcp/pair.h"

using namespace tcp;
using namespace tcp_test;

namespace {
void say(End& e, const std::string& text, u64 now) {
  REQUIRE(e.connection.write(text.data(), static_cast<u32>(text.size()), now) == text.size());
}
constexpr u64 a_moment = 3'000'000;
}  // namespace

TEST_CASE("a SYN is sent again, later and later, and then no more") {
  Pair p;
  p.channel.lost = 1000;
  p.client.connection.connect(40000, 8002, 1, p.now);
  std::vector<u64> times{p.now};
  const u64 begin = p.now;
  while (p.client.connection.state() != State::closed && p.step())
    if (p.client.sent.size() > times.size()) times.push_back(p.now);
  CHECK(p.client.connection.error() == Error::timed_out);
  CHECK(p.now - begin == 5 * ns_per_s);
  REQUIRE(times.size() >= 5);
  CHECK(times[1] - times[0] == 200 * ns_per_ms);
  CHECK(times[2] - times[1] == 400 * ns_per_ms);
  CHECK(times[3] - times[2] == 800 * ns_per_ms);
  for (const Segment& s : p.client.sent) CHECK(s.flags == syn);
}

TEST_CASE("a link that is down is noticed: user time-out") {
  Pair p;
  p.establish();
  say(p.client, "hello", p.now);
  p.run(a_moment);
  p.channel.lost = 1000;
  const u64 begin = p.now;
  say(p.client, "is anybody there?", p.now);
  p.run_until([&] { return p.client.connection.state() == State::closed; }, 20 * ns_per_s);
  CHECK(p.client.connection.error() == Error::timed_out);
  CHECK(p.now - begin == 5 * ns_per_s);
  CHECK(p.client.connection.totals().retransmitted >= 5);
  // And whoever only reads notices, too.
  p.run(20 * ns_per_s);
  CHECK(p.server.connection.state() == State::closed);
  CHECK(p.server.connection.error() == Error::timed_out);
}

TEST_CASE("a link that comes back in time") {
  Pair p;
  p.establish();
  p.channel.lost = 1000;
  const std::string data = pattern(30'000);
  say(p.client, data, p.now);
  p.run(3 * ns_per_s);
  p.channel.lost = 0;
  p.run(3 * ns_per_s);
  CHECK(p.client.connection.state() == State::established);
  CHECK((p.server.read_all(p.now) == data));
}

TEST_CASE("who is idle is asked whether he lives, and does not mind") {
  Pair p;
  p.establish();
  const size_t before = p.client.sent.size() + p.server.sent.size();
  p.run(4 * ns_per_s);
  CHECK(p.client.sent.size() + p.server.sent.size() == before);
  p.run(26 * ns_per_s);
  CHECK(p.client.connection.state() == State::established);
  CHECK(p.server.connection.state() == State::established);
  CHECK(p.client.sent.size() + p.server.sent.size() > before + 8);
  for (const Segment& s : p.client.sent) CHECK(s.length == 0);
}

TEST_CASE("without keep-alive an idle connection sends nothing") {
  Settings s;
  s.keep_alive_idle = never;
  Pair p(s);
  p.establish();
  CHECK(p.client.connection.next_deadline() == never);
  CHECK(p.server.connection.next_deadline() == never);
}

TEST_CASE("no room: the other side asks again and again, without giving up, and goes on when there is") {
  Pair p({}, 4000, 65536);
  p.establish();
  const std::string data = pattern(20'000);
  say(p.client, data, p.now);
  p.run(30 * ns_per_s);
  CHECK(p.client.connection.state() == State::established);
  CHECK(p.server.connection.readable() == 4000);
  CHECK(p.server.last().window == 0);
  CHECK(p.client.sent.size() < 60);  // patiently
  std::string got;
  p.run_until(
      [&] {
        got += p.server.read_all(p.now);
        return got.size() == data.size();
      },
      1 * ns_per_s);
  CHECK((got == data));
}

TEST_CASE("the news that there is room is lost") {
  Pair p({}, 4000, 65536);
  p.establish();
  const std::string data = pattern(6'000);
  say(p.client, data, p.now);
  p.run(100 * ns_per_ms);
  p.channel.lost = 1000;
  std::string got = p.server.read_all(p.now);
  p.run(a_moment);
  p.channel.lost = 0;
  p.run(4 * ns_per_s);
  got += p.server.read_all(p.now);
  CHECK((got == data));
}

TEST_CASE("no small windows are told, and no small segments sent") {
  Pair p({}, 20'000, 65536);
  p.establish();
  say(p.client, pattern(60'000), p.now);
  p.run(100 * ns_per_ms);
  const size_t before = p.server.sent.size();
  char byte;
  for (int i = 0; i < 1000; i++) p.server.connection.read(&byte, 1, p.now);
  CHECK(p.server.sent.size() == before);
  u64 small = 0;
  while (p.server.connection.readable() && p.step()) p.server.read_all(p.now);
  for (const Segment& s : p.client.sent) small += s.length > 0 && s.length < 1460;
  CHECK(small < 8);
}

TEST_CASE("the second of two full segments is acknowledged at once, a single one after 1 ms") {
  Pair p;
  p.establish();
  say(p.client, std::string(1460, 'x'), p.now);
  const size_t before = p.server.sent.size();
  p.run(900'000);
  CHECK(p.server.sent.size() == before);
  p.run(300'000);
  CHECK(p.server.sent.size() == before + 1);
  say(p.client, std::string(2920, 'x'), p.now);
  p.run(120'000);
  CHECK(p.server.sent.size() == before + 2);
  p.run(a_moment);
  CHECK(p.server.sent.size() == before + 2);
}

TEST_CASE("small pieces wait while one is under way (Nagle)") {
  Pair p;
  p.establish();
  const size_t before = p.client.sent.size();
  for (int i = 0; i < 10; i++) say(p.client, "x", p.now);
  CHECK(p.client.sent.size() == before + 1);
  p.run(a_moment);
  REQUIRE(p.client.sent.size() == before + 2);
  CHECK(p.client.last().length == 9);
  CHECK(p.client.last().has(psh));
}

TEST_CASE("three duplicates: sent again before the time is over") {
  Pair p({}, 262144, 262144);
  p.establish();
  say(p.client, pattern(100'000), p.now);
  p.run(a_moment);
  p.server.read_all(p.now);
  say(p.client, pattern(20'000), p.now);
  const u64 begin = p.now;
  p.channel.lost = 1000;
  // The first of what follows is lost, and nothing of the rest.
  const size_t size = p.client.sent.size();
  say(p.client, pattern(1460), p.now);
  CHECK(p.client.sent.size() >= size);
  p.channel.lost = 0;
  say(p.client, pattern(30'000, 2), p.now);
  p.run_until([&] { return !p.client.connection.unacknowledged(); }, 10 * ns_per_s);
  CHECK(p.client.connection.totals().retransmitted > 0);
  CHECK(p.server.connection.totals().out_of_order >= 3);
  CHECK(p.now - begin < 15 * ns_per_ms);  // the least time-out is 20 ms
}

TEST_CASE("answers to what was sent again for nothing are not taken for losses") {
  Pair p({}, 262144, 262144);
  p.establish();
  const std::string data = pattern(1'000'000);
  size_t written = 0, read = 0;
  const auto move = [&](size_t until) {
    while (read < until) {
      written +=
          p.client.connection.write(data.data() + written, static_cast<u32>(data.size() - written), p.now);
      if (!p.step()) break;
      read += p.server.read_all(p.now).size();
    }
  };
  move(300'000);
  CHECK(p.client.connection.totals().retransmitted == 0);
  // For a moment everything takes longer than the time-out.
  p.channel.delay = 40 * ns_per_ms;
  const size_t under_way = p.client.connection.unacknowledged() / 1460 + 1;
  while (!p.client.connection.totals().retransmitted && p.step()) read += p.server.read_all(p.now).size();
  p.channel.delay = 50'000;
  move(data.size());
  CHECK(p.client.connection.totals().retransmitted > 0);
  CHECK(p.client.connection.totals().retransmitted <= under_way);
}

TEST_CASE("a lost FIN is sent again, and its lost acknowledgment, too") {
  Pair p;
  p.establish();
  p.channel.lost = 1000;
  p.client.connection.shutdown(p.now);
  p.run(100'000);
  p.channel.lost = 0;
  p.run(500 * ns_per_ms);
  CHECK(p.client.connection.state() == State::fin_wait_2);
  p.server.connection.shutdown(p.now);
  p.run_until([&] { return p.client.connection.state() == State::time_wait; }, a_moment);
  p.channel.lost = 1000;
  p.run(30'000);
  p.channel.lost = 0;
  p.run(2 * ns_per_s);
  CHECK(p.server.connection.state() == State::closed);
  CHECK(p.server.connection.error() == Error::none);
}
