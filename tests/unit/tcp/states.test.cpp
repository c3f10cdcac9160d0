// From state to state, as in RFC 9293, 3.3.2 and its figures.
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

TEST_CASE("a hand-shake: three segments, with what each side can do") {
  Settings s;
  s.mss = 4042;
  Pair p(s, 262144, 1000);
  p.establish(100, 200);
  CHECK(p.client.connection.state() == State::established);
  CHECK(p.server.connection.state() == State::established);
  REQUIRE(p.client.sent.size() == 2);
  REQUIRE(p.server.sent.size() == 1);
  CHECK(p.client.sent[0].flags == syn);
  CHECK(p.client.sent[0].sequence == 100);
  CHECK(p.client.sent[0].mss == 4042);
  CHECK(p.client.sent[0].shift == 3);
  CHECK(p.client.sent[0].window == 65535);
  CHECK(p.server.sent[0].flags == (syn | ack));
  CHECK(p.server.sent[0].acknowledged == 101);
  CHECK(p.server.sent[0].shift == 3);
  CHECK(p.client.sent[1].flags == ack);
  CHECK(p.client.sent[1].acknowledged == 201);
  CHECK(u32{p.client.sent[1].window} << 3 == 262144);
}

TEST_CASE("the smaller of what both can take at once, and 536 unless told") {
  Pair p;
  Segment s;
  s.from = 40000, s.to = 8002, s.flags = syn, s.sequence = 7, s.window = 1000;
  SECTION("told less") {
    s.mss = 900;
    p.server.connection.accept(s, 1, p.now);
    CHECK(p.server.connection.mss() == 900);
    CHECK(p.server.last().shift == no_shift);  // only where both scale
  }
  SECTION("told nothing") {
    p.server.connection.accept(s, 1, p.now);
    CHECK(p.server.connection.mss() == 536);
  }
  SECTION("told nonsense") {
    s.mss = 1;
    p.server.connection.accept(s, 1, p.now);
    CHECK(p.server.connection.mss() == 64);
  }
}

TEST_CASE("data both ways, then one end closes after the other") {
  Pair p;
  p.establish();
  say(p.client, "question", p.now);
  p.run(a_moment);
  CHECK(p.server.read_all(p.now) == "question");
  say(p.server, "answer", p.now);
  p.client.connection.shutdown(p.now);
  CHECK(p.client.connection.state() == State::fin_wait_1);
  CHECK_FALSE(p.client.connection.may_write());
  p.run(a_moment);
  CHECK(p.client.connection.state() == State::fin_wait_2);
  CHECK(p.server.connection.state() == State::close_wait);
  CHECK(p.server.connection.is_at_end());
  CHECK_FALSE(p.client.connection.is_at_end());
  // Half closed: the other way goes on.
  say(p.server, ", and more", p.now);
  p.run(a_moment);
  CHECK(p.client.read_all(p.now) == "answer, and more");
  p.server.connection.shutdown(p.now);
  CHECK(p.server.connection.state() == State::last_ack);
  p.run(a_moment);
  CHECK(p.server.connection.state() == State::closed);
  CHECK(p.server.connection.error() == Error::none);
  CHECK(p.client.connection.state() == State::time_wait);
  CHECK(p.client.connection.is_at_end());
  p.run(200 * ns_per_ms);
  CHECK(p.client.connection.state() == State::closed);
  CHECK(p.client.connection.error() == Error::none);
}

TEST_CASE("data that is written before the hand-shake is over, and FIN behind it") {
  Pair p;
  p.client.connection.connect(40000, 8002, 1, p.now);
  say(p.client, "early", p.now);
  p.client.connection.shutdown(p.now);
  CHECK(p.client.connection.state() == State::syn_sent);
  p.run(a_moment);
  CHECK(p.client.connection.state() == State::fin_wait_2);
  CHECK(p.server.read_all(p.now) == "early");
  CHECK(p.server.connection.is_at_end());
}

TEST_CASE("both close at once") {
  Pair p;
  p.establish();
  p.client.connection.shutdown(p.now);
  p.server.connection.shutdown(p.now);
  p.run_until([&] { return p.client.connection.state() == State::closing; }, a_moment);
  CHECK(p.client.connection.state() == State::closing);
  p.run(a_moment);
  CHECK(p.client.connection.state() == State::time_wait);
  CHECK(p.server.connection.state() == State::time_wait);
  p.run(200 * ns_per_ms);
  CHECK(p.client.connection.state() == State::closed);
  CHECK(p.server.connection.state() == State::closed);
}

TEST_CASE("both open at once: RFC 9293, figure 7") {
  Pair p;
  p.client.connection.connect(40000, 8002, 100, p.now);
  p.server.connection.connect(8002, 40000, 200, p.now);
  p.run_until([&] { return p.client.connection.state() == State::syn_received; }, a_moment);
  CHECK(p.client.connection.state() == State::syn_received);
  p.run(a_moment);
  CHECK(p.client.connection.state() == State::established);
  CHECK(p.server.connection.state() == State::established);
  say(p.client, "here", p.now);
  say(p.server, "there", p.now);
  p.run(a_moment);
  CHECK(p.server.read_all(p.now) == "here");
  CHECK(p.client.read_all(p.now) == "there");
}

TEST_CASE("nobody listens") {
  Pair p;
  p.server.accepts = false;
  p.client.connection.connect(40000, 8002, 100, p.now);
  p.run(a_moment);
  CHECK(p.client.connection.state() == State::closed);
  CHECK(p.client.connection.error() == Error::refused);
}

TEST_CASE("an abort is a reset for the other one") {
  Pair p;
  p.establish();
  say(p.client, "lost?", p.now);
  p.run(a_moment);
  p.client.connection.abort(p.now);
  CHECK(p.client.connection.error() == Error::aborted);
  CHECK(p.client.connection.state() == State::closed);
  p.run(a_moment);
  CHECK(p.server.connection.state() == State::closed);
  CHECK(p.server.connection.error() == Error::reset);
  CHECK(p.server.read_all(p.now) == "lost?");  // what has come is there
  CHECK(p.server.connection.writable() == 0);
  CHECK(p.server.connection.write("x", 1, p.now) == 0);
}

TEST_CASE("closed with data that nobody read: RFC 2525, 2.17") {
  Pair p;
  p.establish();
  say(p.client, "unread", p.now);
  p.run(a_moment);
  p.server.connection.close(p.now);
  p.run(a_moment);
  CHECK(p.client.connection.error() == Error::reset);
}

TEST_CASE("data for one who reads no more") {
  Pair p;
  p.establish();
  p.server.connection.close(p.now);
  p.run(a_moment);
  CHECK(p.client.connection.state() == State::close_wait);
  say(p.client, "too late", p.now);
  p.run(a_moment);
  CHECK(p.client.connection.error() == Error::reset);
  CHECK(p.server.connection.state() == State::closed);
}

TEST_CASE("a connection that nobody holds does not wait for ever for the other side's FIN") {
  Pair p;
  p.establish();
  p.server.connection.close(p.now);
  p.run(6 * ns_per_s);
  CHECK(p.server.connection.state() == State::closed);
}

TEST_CASE("sequence numbers go round in the middle of the data") {
  for (const u32 first : {0xffffffffu, 0xfffffff0u, 0x7ffffff0u, 0xffff0000u}) {
    Pair p({}, 65536, 262144);
    p.establish(first, first + 5);
    const std::string data = pattern(200'000);
    say(p.client, data, p.now);
    p.client.connection.shutdown(p.now);
    std::string got;
    while (!p.server.connection.is_at_end() && p.step()) got += p.server.read_all(p.now);
    CHECK((got == data));
  }
}

TEST_CASE("names of states") {
  CHECK(std::string(state_name(State::closed)) == "CLOSED");
  CHECK(std::string(state_name(State::time_wait)) == "TIME-WAIT");
}
