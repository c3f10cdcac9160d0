// Requests between an asker and a server, over a network that loses, repeats and delays: each is done once,
// and when it is not, the asker's own count tells.
#include "guests/kernel/net/asking.h"

#include <catch2/catch.hpp>

#include <deque>
#include <random>
#include <set>

namespace {
u64 payload_of(u64 number) { return number * 77 + 5; }

struct Server {
  AskRecord record;
  AskState answer;
  std::set<u64> done_once;

  // True: there is an answer.
  bool take(u64 series, u64 number, AskVerdict& verdict) {
    verdict = record.judge(series, number);
    if (verdict == AskVerdict::begin) record = {series, {}, false}, done_once.clear();
    if (verdict == AskVerdict::begin || verdict == AskVerdict::execute) {
      CHECK(done_once.insert(number).second);
      record.state.execute(payload_of(number));
      answer = record.state;
    }
    return verdict != AskVerdict::late && verdict != AskVerdict::ahead;
  }
};

bool same(const AskState& a, const AskState& b) {
  return a.done == b.done && a.counter == b.counter && a.hash == b.hash;
}
}  // namespace

TEST_CASE("a series in order: done, repeated, late, ahead, ended") {
  AskRecord r;
  CHECK(r.judge(10, 2) == AskVerdict::ahead);  // what was before is not known here
  REQUIRE(r.judge(10, 1) == AskVerdict::begin);
  r.series = 10;
  r.state.execute(1);
  CHECK(r.judge(10, 0) == AskVerdict::late);
  CHECK(r.judge(10, 1) == AskVerdict::repeat);
  REQUIRE(r.judge(10, 2) == AskVerdict::execute);
  r.state.execute(2);
  CHECK(r.judge(10, 1) == AskVerdict::late);
  CHECK(r.judge(10, 2) == AskVerdict::repeat);
  CHECK(r.judge(10, 4) == AskVerdict::ahead);
  CHECK(r.judge(9, 1) == AskVerdict::late);  // of a series before
  r.ended = true;                            // request 3 was the end
  CHECK(r.judge(10, 3) == AskVerdict::repeat);
  CHECK(r.judge(10, 2) == AskVerdict::late);
  CHECK(r.judge(10, 4) == AskVerdict::ahead);
  CHECK(r.judge(11, 1) == AskVerdict::begin);
}

TEST_CASE("a network that loses, repeats and delays changes nothing") {
  std::mt19937 random(GENERATE(1, 2, 3, 4));
  Server server;
  AskState expected;
  std::deque<u64> on_its_way;
  for (u64 series : {100, 101}) {
    expected = {};
    for (u64 number = 1; number <= 200; number++) {
      expected.execute(payload_of(number));
      for (bool answered = false; !answered;) {
        for (u64 n = random() % 3; n != 0; n--) on_its_way.push_back(series << 32 | number);
        if (on_its_way.size() > 12) on_its_way.clear();
        if (on_its_way.empty()) continue;
        const u64 sent = on_its_way.front();
        on_its_way.pop_front();
        if (random() % 4 == 0) on_its_way.push_back(sent);
        AskVerdict verdict;
        const bool told = server.take(sent >> 32, sent & 0xffffffff, verdict);
        REQUIRE(verdict != AskVerdict::ahead);
        if (told && server.answer.done == number && random() % 3 != 0) {
          REQUIRE(same(server.answer, expected));
          answered = true;
        }
      }
    }
    CHECK(server.record.state.done == 200);
  }
}

TEST_CASE("what a lost or doubled request makes of the state is no state of the asker's") {
  AskState right, lost, doubled, other;
  for (u64 number = 1; number <= 50; number++) {
    right.execute(payload_of(number));
    if (number != 20) lost.execute(payload_of(number));
    doubled.execute(payload_of(number));
    if (number == 20) doubled.execute(payload_of(number));
    other.execute(payload_of(number == 20 ? 21 : number));
  }
  CHECK(right.counter != lost.counter);
  CHECK(right.counter != doubled.counter);
  CHECK(right.hash != lost.hash);
  CHECK(right.hash != doubled.hash);
  CHECK(right.hash != other.hash);
  CHECK(right.counter == other.counter);
}

TEST_CASE("a server that is taken back to an earlier time is noticed") {
  Server server, earlier;
  AskVerdict verdict;
  for (u64 number = 1; number <= 10; number++) {
    if (number == 6) earlier = server;
    REQUIRE(server.take(3, number, verdict));
  }
  CHECK_FALSE(earlier.take(3, 11, verdict));
  CHECK(verdict == AskVerdict::ahead);
}

TEST_CASE("patience grows to its end; gaps are between answers") {
  AskPatience patience;
  CHECK(patience.next() == 20 * ns_per_ms);
  CHECK(patience.next() == 40 * ns_per_ms);
  for (unsigned i = 0; i < 9; i++) patience.next();
  CHECK(patience.next() == 200 * ns_per_ms);
  AskGap gap;
  for (u64 at : {100, 140, 190, 200}) gap.answered(at);
  CHECK(gap.longest_ns == 50);
}

TEST_CASE("messages are big-endian, and pages of different requests differ everywhere") {
  AskMessage m{ask_magic, 1, 2, 3, 4, 5};
  m.swap();
  const auto* bytes = reinterpret_cast<const u8*>(&m);
  CHECK(bytes[0] == 0x78);
  CHECK(bytes[7] == 1);
  CHECK(bytes[15] == 2);
  CHECK(sizeof m == 40);
  const u64 a = ask_page_seed(9, 1, 0), b = ask_page_seed(9, 2, 0), c = ask_page_seed(9, 1, 1);
  for (u64 i = 0; i < 512; i++) {
    CHECK(ask_word(a, i) != ask_word(b, i));
    CHECK(ask_word(a, i) != ask_word(c, i));
  }
}
