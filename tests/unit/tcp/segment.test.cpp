#include "guests/lib/tcp/segment.h"

#include <catch2/catch.hpp>
#include <vector>

#include "guests/lib/tcp/estimate.h"
#include "guests/lib/tcp/ring.h"

using namespace tcp;

namespace {
std::vector<u8> with_options(const std::vector<u8>& options, u8 flags = syn) {
  std::vector<u8> bytes = {0x9c, 0x40, 0x1f, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 0, flags, 0x12, 0x34, 0, 0, 0, 0};
  bytes.insert(bytes.end(), options.begin(), options.end());
  bytes[12] = static_cast<u8>(bytes.size() / 4 << 4);
  return bytes;
}
bool parsed(const std::vector<u8>& bytes, Segment& s) {
  u32 header;
  const std::vector<u8> exact(bytes.begin(), bytes.end());
  return parse(exact.data(), static_cast<u32>(exact.size()), s, header);
}
}  // namespace

TEST_CASE("a header, byte for byte") {
  Segment s;
  s.from = 40000, s.to = 8002;
  s.sequence = 0x01020304, s.acknowledged = 0x05060708;
  s.flags = syn | ack;
  s.window = 0x1234;
  s.mss = 1460, s.shift = 3;
  u8 bytes[own_header_most];
  REQUIRE(build(s, bytes) == 28);
  const std::vector<u8> expected = {0x9c, 0x40, 0x1f, 0x42, 1, 2, 3, 4, 5, 6,    7, 8, 0x70, 0x12,
                                    0x12, 0x34, 0,    0,    0, 0, 2, 4, 5, 0xb4, 1, 3, 3,    3};
  CHECK(std::vector<u8>(bytes, bytes + 28) == expected);
  Segment back;
  REQUIRE(parsed(expected, back));
  CHECK(back.from == 40000);
  CHECK(back.to == 8002);
  CHECK(back.sequence == s.sequence);
  CHECK(back.acknowledged == s.acknowledged);
  CHECK(back.flags == s.flags);
  CHECK(back.window == s.window);
  CHECK(back.mss == 1460);
  CHECK(back.shift == 3);
  CHECK(back.span() == 1);
}

TEST_CASE("options: known, unknown, too long, of no length") {
  Segment s;
  CHECK(parsed(with_options({2, 4, 0x10, 0}), s));
  CHECK(s.mss == 0x1000);
  CHECK(s.shift == no_shift);
  CHECK(parsed(with_options({3, 3, 200, 0}), s));
  CHECK(s.shift == shift_most);
  CHECK(parsed(with_options({8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1}), s));
  CHECK(s.mss == 0);
  CHECK(parsed(with_options({2, 4, 0x10, 0}, ack), s));
  CHECK(s.mss == 0);  // it is of a SYN
  CHECK(parsed(with_options({2, 3, 9, 0}), s));
  CHECK(s.mss == 0);
  CHECK(parsed(with_options({0, 2, 4, 9}), s));
  CHECK(s.mss == 0);  // behind the end
  CHECK_FALSE(parsed(with_options({2, 0, 0, 0}), s));
  CHECK_FALSE(parsed(with_options({2, 1, 0, 0}), s));
  CHECK_FALSE(parsed(with_options({2, 5, 0, 0}), s));
  CHECK_FALSE(parsed(with_options({1, 1, 1, 2}), s));
}

TEST_CASE("headers that make no sense") {
  Segment s;
  const std::vector<u8> good = with_options({});
  CHECK(parsed(good, s));
  CHECK_FALSE(parsed({good.begin(), good.end() - 1}, s));
  CHECK_FALSE(parsed({}, s));
  std::vector<u8> bad = good;
  bad[12] = 0x40;
  CHECK_FALSE(parsed(bad, s));
  bad[12] = 0x60;
  CHECK_FALSE(parsed(bad, s));
  bad = good;
  bad[0] = bad[1] = 0;
  CHECK_FALSE(parsed(bad, s));
  bad = good;
  bad[2] = bad[3] = 0;
  CHECK_FALSE(parsed(bad, s));
}

TEST_CASE("sequence numbers go round") {
  CHECK(before(0xfffffff0, 5));
  CHECK_FALSE(before(5, 0xfffffff0));
  CHECK(not_after(5, 5));
  CHECK(later_of(0xfffffff0, 5) == 5);
}

TEST_CASE("what answers a segment that nobody wants") {
  Segment s, a;
  s.from = 1, s.to = 2;
  s.flags = rst;
  CHECK_FALSE(reset_for(s, a));
  s.flags = syn, s.sequence = 77;
  REQUIRE(reset_for(s, a));
  CHECK(a.flags == (rst | ack));
  CHECK(a.acknowledged == 78);
  CHECK(a.from == 2);
  CHECK(a.to == 1);
  s.flags = ack, s.acknowledged = 99;
  REQUIRE(reset_for(s, a));
  CHECK(a.flags == rst);
  CHECK(a.sequence == 99);
}

TEST_CASE("a ring goes round its end") {
  u8 memory[10], out[10];
  Ring r(memory, sizeof memory);
  CHECK(r.put("abcdefg", 7) == 7);
  CHECK(r.take(out, 5) == 5);
  CHECK(r.put("hijklmnopq", 10) == 8);
  CHECK(r.room() == 0);
  const Pieces p = r.pieces(1, 8);
  CHECK(std::string(reinterpret_cast<const char*>(p.first.at), p.first.length) +
            std::string(reinterpret_cast<const char*>(p.second.at), p.second.length) ==
        "ghijklmn");
  CHECK(r.take(out, 10) == 10);
  CHECK(std::string(out, out + 10) == "fghijklmno");
  CHECK(r.take(out, 10) == 0);
}

TEST_CASE("the time to wait: RFC 6298, 2") {
  RetransmissionTime t(200, 20, 5000);
  CHECK(t.after(0) == 200);
  CHECK(t.after(3) == 1600);
  CHECK(t.after(30) == 5000);
  t.sample(80);
  CHECK(t.after(0) == 80 + 4 * 40);
  t.sample(80);
  CHECK(t.after(0) == 80 + 4 * 30);
  for (int i = 0; i < 50; i++) t.sample(4);
  CHECK(t.after(0) >= 20);
  CHECK(t.after(0) < 60);
  t.sample(1'000'000);
  CHECK(t.after(0) == 5000);
}

TEST_CASE("the congestion window: RFC 5681, 3.1") {
  Congestion c;
  c.begin(1000);
  CHECK(c.window == 4000);
  c.begin(1460);
  CHECK(c.window == 4380);
  c.begin(4042);
  CHECK(c.window == 8084);
  c.acknowledged(4042, 4042);
  CHECK(c.window == 12126);
  c.lost(100000, 4042);
  CHECK(c.window == 50000);
  for (int i = 0; i < 12; i++) c.acknowledged(4042, 4042);
  CHECK(c.window == 50000);
  c.acknowledged(4042, 4042);
  CHECK(c.window == 54042);
  c.timed_out(1000, 4042);
  CHECK(c.window == 4042);
  CHECK(c.threshold == 8084);
}
