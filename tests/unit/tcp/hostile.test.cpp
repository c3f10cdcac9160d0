// Segments of somebody who is not the other side, or who is and means ill.
#include <catch2/catch.hpp>

#include "tests/unit/tcp/pair.h"

using namespace tcp;
using namespace tcp_test;

namespace {
constexpr u64 a_moment = 3'000'000;

struct Attacked : Pair {
  Attacked() : Pair(Settings{}, 10'000, 10'000) { establish(1000, 5000); }
  /// To the server, as if of the client.
  Segment forged(u32 sequence, u8 flags, u32 acknowledged = 5001) {
    Segment s;
    s.from = 40000, s.to = 8002;
    s.sequence = sequence, s.acknowledged = acknowledged;
    s.flags = flags;
    s.window = 1000;
    return s;
  }
  size_t answers(const Segment& s, const std::string& contents = "") {
    const size_t before = server.sent.size();
    put(server, s, contents);
    return server.sent.size() - before;
  }
  bool lives() { return server.connection.state() == State::established; }
};
}  // namespace

TEST_CASE("a reset counts with exactly the number that is awaited: RFC 5961, 3.2") {
  Attacked a;
  CHECK(a.answers(a.forged(1002, rst)) == 1);  // within the window: challenged
  CHECK(a.server.last().flags == ack);
  CHECK(a.server.last().acknowledged == 1001);
  CHECK(a.lives());
  CHECK(a.answers(a.forged(1000, rst)) == 0);
  CHECK(a.answers(a.forged(1001 + 10'000, rst)) == 0);
  CHECK(a.answers(a.forged(0x80000000, rst)) == 0);
  CHECK(a.lives());
  CHECK(a.answers(a.forged(1001, rst)) == 0);
  CHECK(a.server.connection.state() == State::closed);
  CHECK(a.server.connection.error() == Error::reset);
}

TEST_CASE("a SYN in the middle: RFC 5961, 4.2") {
  Attacked a;
  CHECK(a.answers(a.forged(1001, syn)) == 1);
  CHECK(a.server.last().flags == ack);
  CHECK(a.answers(a.forged(77, syn)) == 1);
  CHECK(a.server.last().flags == ack);
  CHECK(a.lives());
}

TEST_CASE("data with acknowledgments of what was never sent, or long ago: RFC 5961, 5.2") {
  Attacked a;
  CHECK(a.answers(a.forged(1001, ack, 5002), "forged") == 1);
  CHECK(a.answers(a.forged(1001, ack, 0x90000000), "forged") == 1);
  CHECK(a.answers(a.forged(1001, ack, 5001 - 1000'000), "forged") == 1);
  CHECK(a.server.connection.readable() == 0);
  CHECK(a.answers(a.forged(1001, 0), "no acknowledgment at all") == 0);
  CHECK(a.server.connection.readable() == 0);
  CHECK(a.lives());
}

TEST_CASE("challenges are few") {
  Attacked a;
  size_t answered = 0;
  for (u32 i = 0; i < 1000; i++) answered += a.answers(a.forged(1002 + i, rst));
  CHECK(answered == 10);
  a.run(200 * ns_per_ms);
  CHECK(a.answers(a.forged(1002, rst)) == 1);
}

TEST_CASE("two who disagree do not answer each other for ever") {
  Attacked a;
  // The client hears of a number that it has never sent, and the server of one that is beyond its window.
  Segment s = a.forged(900'000, ack);
  a.put(a.server, s);
  const u64 before = a.carried;
  a.run(a_moment);
  CHECK(a.carried - before < 5);
}

TEST_CASE("what lies beyond the window is not taken, what lies partly within it is") {
  Attacked a;
  CHECK(a.answers(a.forged(1001 + 10'000, ack), "beyond") == 1);
  CHECK(a.answers(a.forged(1001 + 9'998, ack), "beyond") == 1);  // not in turn
  CHECK(a.server.connection.readable() == 0);
  CHECK(a.answers(a.forged(999, ack), "..12345") == 1);  // two old bytes
  CHECK(a.server.read_all(a.now) == "12345");
  CHECK(a.answers(a.forged(1001, ack), "12345") == 1);  // all old
  CHECK(a.server.connection.readable() == 0);
  const std::string much(1400, 'x');
  for (u32 at = 1006; at < 1006 + 9800; at += 1400) a.answers(a.forged(at, ack), much);
  CHECK(a.server.connection.readable() == 9800);
  a.answers(a.forged(1006 + 9800, ack), much);
  CHECK(a.server.connection.readable() == 10'000);
  CHECK(a.server.last().acknowledged == 1006 + 10'000);
  CHECK(a.server.last().window == 0);
}

TEST_CASE("data behind a FIN, a second FIN, a FIN ahead of data") {
  Attacked a;
  a.answers(a.forged(1003, ack | fin), "cd");
  CHECK(a.lives());
  CHECK(a.server.connection.readable() == 0);
  a.answers(a.forged(1001, ack | fin), "ab");
  CHECK(a.server.connection.state() == State::close_wait);
  CHECK(a.server.last().acknowledged == 1004);
  CHECK(a.answers(a.forged(1003, ack | fin)) == 1);
  a.answers(a.forged(1004, ack), "more");
  CHECK(a.server.read_all(a.now) == "ab");
  CHECK(a.server.connection.state() == State::close_wait);
}

TEST_CASE("a FIN in a window that has no room for what precedes it") {
  Pair p(Settings{}, 4, 100);
  p.establish(1000, 5000);
  Segment s;
  s.from = 40000, s.to = 8002, s.sequence = 1001, s.acknowledged = 5001, s.flags = ack | fin;
  p.put(p.server, s, "abcdef");
  CHECK(p.server.connection.state() == State::established);
  CHECK(p.server.read_all(p.now) == "abcd");
  s.sequence = 1005;
  p.put(p.server, s, "ef");
  CHECK(p.server.connection.state() == State::close_wait);
  CHECK(p.server.read_all(p.now) == "ef");
}

TEST_CASE("a forged answer to a SYN") {
  Pair p;
  p.channel.lost = 1000;
  p.client.connection.connect(40000, 8002, 1000, p.now);
  Segment s;
  s.from = 8002, s.to = 40000;
  s.flags = syn | ack, s.sequence = 1, s.acknowledged = 999;
  p.put(p.client, s);
  CHECK(p.client.connection.state() == State::syn_sent);
  CHECK(p.client.last().flags == rst);
  CHECK(p.client.last().sequence == 999);
  s.flags = rst | ack;
  p.put(p.client, s);
  s.flags = rst, s.acknowledged = 0;
  p.put(p.client, s);
  s.flags = ack, s.acknowledged = 1001;
  p.put(p.client, s);
  CHECK(p.client.connection.state() == State::syn_sent);
  s.flags = rst | ack;
  p.put(p.client, s);
  CHECK(p.client.connection.error() == Error::refused);
}

TEST_CASE("a forged end of the hand-shake") {
  Pair p;
  p.channel.lost = 1000;
  Segment s;
  s.from = 40000, s.to = 8002, s.flags = syn, s.sequence = 1000, s.window = 100;
  p.server.connection.accept(s, 5000, p.now);
  s.flags = ack, s.sequence = 1001;
  for (const u32 number : {0u, 5000u, 5002u, 0x80005001u}) {
    s.acknowledged = number;
    p.put(p.server, s);
    CHECK(p.server.connection.state() == State::syn_received);
    CHECK(p.server.last().flags == rst);
    CHECK(p.server.last().sequence == number);
  }
  s.acknowledged = 5001;
  p.put(p.server, s);
  CHECK(p.server.connection.state() == State::established);
}

TEST_CASE("a hand-shake that nobody ends does not last") {
  Pair p;
  p.channel.lost = 1000;
  Segment s;
  s.from = 40000, s.to = 8002, s.flags = syn, s.sequence = 1000;
  p.server.connection.accept(s, 5000, p.now);
  p.run(6 * ns_per_s);
  CHECK(p.server.connection.state() == State::closed);
}

TEST_CASE("a window that shrinks below what is under way") {
  Attacked a;
  const std::string data = pattern(3000);
  a.channel.lost = 1000;
  a.server.connection.write(data.data(), 3000, a.now);
  a.run(100'000);
  Segment s = a.forged(1001, ack, 5001);
  s.window = 0;
  a.put(a.server, s);
  a.channel.lost = 0;
  a.run(1 * ns_per_s);
  CHECK((a.client.read_all(a.now) == data));
}

TEST_CASE("acknowledgments of single bytes do not make the congestion window grow by whole segments") {
  Congestion c;
  c.begin(1000);
  const u32 before = c.window;
  for (int i = 0; i < 100; i++) c.acknowledged(1, 1000);
  CHECK(c.window == before + 100);
}
