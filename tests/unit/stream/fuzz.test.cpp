// Whatever the bytes: one error, or a stream. Truncations everywhere, flipped bits, records out of order, and
// mixtures, of a fixed seed; in the sanitized build, too.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/unit/stream/mutate.h"

using namespace stream;
using namespace stream_test;

namespace {
/// The reader's whole answer, as said twice: when everything is taken in pieces, and when nothing is.
Reading judged(const Bytes& bytes, Rng& rng) {
  MemorySource source(bytes, 1 + rng() % 5000);
  const Reading taken = read_stream(source), passed = read_stream(bytes, {}, true);
  CHECK(taken.complete == passed.complete);
  CHECK(taken.line() == passed.line());
  CHECK(taken.complete == (taken.failure.fault == Fault::none));
  CHECK(taken.position <= bytes.size());
  CHECK(taken.failure.offset <= bytes.size());
  CHECK(taken.failure.fault < Fault::sink_failed);
  return taken;
}
}  // namespace

TEST_CASE("a stream cut anywhere is told to end in the middle, there") {
  for (const Bytes& whole : all_streams()) {
    for (size_t size = 0; size < whole.size();) {
      const Bytes cut = whole.substr(0, size);
      const Reading r = read_stream(cut, {}, true);
      CHECK_FALSE(r.complete);
      CHECK(r.failure.fault == Fault::truncated);
      CHECK(r.failure.offset == size);
      size += is_in_page(whole, size) ? 61 : 1;
    }
  }
}

TEST_CASE("every single byte of a small stream, cut") {
  const Bytes whole = ia64_stream();
  u64 refused = 0;
  for (size_t size = 0; size < whole.size(); size++) {
    MemorySource source(whole, ~size_t{0});
    const Bytes cut = whole.substr(0, size);
    if (read_stream(cut, {}, true).failure.fault == Fault::truncated) refused++;
  }
  CHECK(refused == whole.size());
}

TEST_CASE("flipped bits are refused, or are of contents") {
  Rng rng(20050918);
  unsigned complete = 0, refused = 0;
  for (const Bytes& whole : all_streams()) {
    for (int i = 0; i < 700; i++) {
      const Reading r = judged(flip_bits(whole, rng, 1 + rng() % 3), rng);
      ++(r.complete ? complete : refused);
    }
  }
  CHECK(refused > 1000);
  CHECK(complete > 100);
}

TEST_CASE("records moved, doubled, left out, cut, stretched and made up") {
  Rng rng(20060424);
  const std::vector<Bytes> all = all_streams();
  unsigned complete = 0, refused = 0;
  for (int i = 0; i < 6000; i++) {
    const Reading r = judged(mutate_records(all[rng() % all.size()], all, rng), rng);
    ++(r.complete ? complete : refused);
  }
  CHECK(refused > 4000);
  CHECK(complete > 20);
}

TEST_CASE("noise behind good headers") {
  Rng rng(4);
  for (int i = 0; i < 3000; i++) {
    Bytes s = all_streams()[rng() % 3].substr(0, headers);
    for (u64 n = rng() % 300; n; n--) s += static_cast<char>(rng() % 4 ? rng() % 3 : rng());
    CHECK_FALSE(judged(s, rng).complete);
  }
}

TEST_CASE("what a reader needs does not depend on what the stream says") {
  CHECK(sizeof(Reader) <= reader_bytes);
  // Records that announce the most that any may have, and come.
  Bytes s = pv_stream();
  const Bytes big = raw_record(0x80000000, Bytes(record_most, 'x'));
  s = with_before(s, rec_page_data, big);
  CHECK(read_stream(s, {}, true).complete);
}
