// Events as bytes: every kind both ways, and hostile bytes.
#include <catch2/catch.hpp>
#include <random>

#include "sim/observe/event_codec.h"
#include "sim/observe/trace_state.h"

using namespace xs;
using namespace xs::observe;

TEST_CASE("every kind of event survives encoding, with extreme values") {
  std::mt19937_64 random(7);
  std::vector<u8> buffer(1 << 20);
  std::vector<Event> events;
  std::vector<std::string> texts;
  for (unsigned kind = 0; kind < event_kinds; ++kind) texts.emplace_back(kind * 7, 'x');
  for (unsigned round = 0; round < 20; ++round)
    for (unsigned kind = 1; kind < event_kinds; ++kind) {
      const auto number = [&] {
        const u64 choice = random();
        return choice % 4 == 0 ? ~u64{0} : choice % 4 == 1 ? 0 : random() >> random() % 64;
      };
      Event e{static_cast<EventKind>(kind), static_cast<u8>(random()), number(), 0, 0, 0, 0, {}};
      u64* fields[] = {&e.a, &e.b, &e.c, &e.d};
      unsigned used = 0;
      for (const char* f = event_shapes[kind].fields; *f; ++f)
        if (*f == 't')
          e.text = texts[kind];
        else
          *fields[used++] = number();
      events.push_back(e);
    }
  CodecState state;
  u8* at = buffer.data();
  for (const Event& e : events) {
    u8* const start = at;
    at = encode_event(e, e.fields(), e.text, state, at);
    CHECK(static_cast<std::size_t>(at - start) <= max_event_head + e.text.size());
  }
  state = {};
  ByteReader in({buffer.data(), at});
  for (const Event& e : events) {
    Event back;
    decode_event(in, state, back);
    CHECK((back.kind == e.kind && back.cpu == e.cpu && back.time_ps == e.time_ps));
    CHECK((back.a == e.a && back.b == e.b && back.c == e.c && back.d == e.d));
    CHECK(back.text == e.text);
  }
  CHECK(in.done());
}

TEST_CASE("a long text is cut at the limit") {
  const std::string text(max_event_text + 100, 'y');
  std::vector<u8> buffer(max_event_head + max_event_text);
  CodecState state;
  Event e{EventKind::console, 0, 0, 0, 0, 0, 0, text};
  u8* end = encode_event(e, e.fields(), e.text, state, buffer.data());
  state = {};
  ByteReader in({buffer.data(), end});
  decode_event(in, state, e);
  CHECK(e.text.size() == max_event_text);
}

TEST_CASE("malformed bytes give errors, never harm") {
  const auto decode = [](std::vector<u8> bytes) {
    ByteReader in(bytes);
    CodecState state;
    Event e;
    decode_event(in, state, e);
  };
  // kind, CPU, changed fields, time, fields
  CHECK_THROWS_WITH(decode({0, 0, 0, 1}), "trace: unknown kind of event");
  CHECK_THROWS_WITH(decode({200, 0, 0, 1}), "trace: unknown kind of event");
  CHECK_THROWS_WITH(decode({2, 0, 8, 1, 1}), "trace: an event has more fields than its kind");
  CHECK_THROWS_WITH(decode({2, 0, 7, 1, 3}), "trace: an event ends beyond its chunk");
  CHECK_THROWS_WITH(decode({2, 0, 7, 0, 255, 255}), "trace: an event ends beyond its chunk");
  CHECK_THROWS_WITH(decode({2, 0, 7, 128, 255}), "trace: an event ends beyond its chunk");
  CHECK_THROWS_WITH(decode({20, 0, 1, 1, 1, 0xfe, 0xff}), "trace: a text is too long");
  CHECK_THROWS_WITH(decode({20, 0, 1, 1, 1, 11, 'a'}), "trace: a text ends beyond its chunk");
}

TEST_CASE("random bytes as events and as keyframes never crash") {
  std::mt19937_64 random(3);
  RamMap ram;
  ram.add(0, 64);
  ram.add(u64{1} << 32, 64);
  unsigned applied = 0;
  for (unsigned round = 0; round < 9000; ++round) {
    std::vector<u8> bytes(1 + random() % 200);
    // Small values are what looks like structure.
    for (u8& b : bytes)
      b = static_cast<u8>(random() % 4 == 0 ? random() : random() % (random() % 2 ? event_kinds : 2));
    TraceState state(ram);
    try {
      ByteReader in(bytes);
      CodecState codec;
      Event e;
      while (!in.done()) {
        decode_event(in, codec, e);
        state.apply(e);
        ++applied;
      }
    } catch (const Error&) {
    }
    try {
      state.load(bytes);
    } catch (const Error&) {
    }
  }
  CHECK(applied > 1000);
}

TEST_CASE("RAM ranges must be ascending, disjoint and of sane size") {
  RamMap ram;
  ram.add(16, 16);
  CHECK_THROWS_AS(ram.add(31, 1), Error);
  CHECK_THROWS_AS(ram.add(64, 0), Error);
  CHECK_THROWS_AS(ram.add(64, u64{1} << 40), Error);
  CHECK_THROWS_AS(ram.add(~u64{0} - 1, 5), Error);
  ram.add(32, 4);
  CHECK(ram.index(35) == 19);
  CHECK(ram.mfn(19) == 35);
  CHECK(ram.index(15) == RamMap::none);
  CHECK(ram.index(36) == RamMap::none);
}
