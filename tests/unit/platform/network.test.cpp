#include <catch2/catch.hpp>

#include "sim/platform/network/network_link.h"
#include "sim/platform/network/station.h"
#include "tests/unit/platform/fake_host.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::platform::test;

namespace {

struct Receiver : NetworkPort {
  explicit Receiver(DeviceHost& h) : host(h) {}
  void frame_arrived(const NetworkFrame& frame) override {
    frames.push_back(frame);
    times.push_back(host.now_ps());
  }
  DeviceHost& host;
  std::vector<NetworkFrame> frames;
  std::vector<u64> times;
};

/// Sixteen-bit words in hexadecimal, as they lie on the wire.
NetworkFrame bytes(const std::string& text) {
  NetworkFrame out;
  std::string digits;
  for (char c : text)
    if (c != ' ') digits += c;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out.push_back(static_cast<u8>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  return out;
}

const std::string station_mac = "00163efffffe", asker_mac = "00163e000003";
const std::string to_station = station_mac + asker_mac, to_asker = asker_mac + station_mac;

struct StationFixture {
  FakeHost host;
  Receiver heard{host};
  LocalLink wire{host, {0, 1'000'000'000, 0}, heard};
  Station station{StationSettings{}};
  StationFixture() { station.connect(wire); }
  /// What it answers, or nothing.
  NetworkFrame ask(const NetworkFrame& frame) {
    const std::size_t before = heard.frames.size();
    station.frame_arrived(frame);
    host.run_until(host.now_ps() + 1'000'000'000);
    return heard.frames.size() > before ? heard.frames.back() : NetworkFrame();
  }
};

/// Echo request 10.0.0.4 -> 10.0.255.254, identifier 0x1234, sequence 7, "abcd"; checksums by hand.
const std::string echo_ip = "0800 4500 0020 0000 0000 4001 66db 0a000004 0a00fffe";
const std::string echo = to_station + echo_ip + "0800 20fe 1234 0007 61626364";

void put32(NetworkFrame& f, std::size_t at, u32 value) {
  for (int i = 0; i < 4; ++i) f[at + static_cast<std::size_t>(i)] = static_cast<u8>(value >> (24 - 8 * i));
}

u16 folded(const NetworkFrame& f, std::size_t from, std::size_t to, u32 sum = 0) {
  for (std::size_t i = from; i < to; ++i) sum += (i - from) % 2 ? f[i] : u32{f[i]} << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<u16>(sum);
}

/// Datagram `number` of `count` of a stream, 40 bytes of payload.
NetworkFrame datagram(u32 number, u32 count, bool spoilt = false) {
  NetworkFrame f =
      bytes(to_station + "0800 4500 0044 0000 0000 4011 66a7 0a000004 0a00fffe 0009 0009 0030 0000");
  const std::size_t udp = 34, body = 42;
  f.resize(body + 40);
  put32(f, body, number);
  put32(f, body + 4, count);
  put32(f, body + 8, 40);
  for (u32 i = 12; i < 40; ++i) f[body + i] = static_cast<u8>(number * 31 + i * 7 + (spoilt && i == 20));
  const u16 sum = static_cast<u16>(~folded(f, udp, f.size(), 17u + 48u + folded(f, 26, 34)));
  f[udp + 6] = static_cast<u8>(sum >> 8), f[udp + 7] = static_cast<u8>(sum);
  return f;
}

}  // namespace

TEST_CASE("a wire takes bandwidth and latency") {
  FakeHost host;
  Receiver end{host};
  LocalLink wire{host, {5'000, 1'000'000, 0}, end};  // 5 us, 1 byte a microsecond
  const u64 us = 1'000'000;
  CHECK(wire.send(NetworkFrame(1000)) == 1024 * us);
  CHECK(wire.send(NetworkFrame(10)) == (1024 + 84) * us);  // behind it; no frame is shorter than 60 bytes
  CHECK(wire.busy());
  host.run_until(1029 * us - 1);
  CHECK(end.frames.empty());
  host.run_until(10'000 * us);
  REQUIRE(end.frames.size() == 2);
  CHECK(end.times == std::vector<u64>{1029 * us, (1024 + 84 + 5) * us});
  CHECK(end.frames[1].size() == 10);
  CHECK_FALSE(wire.busy());
  CHECK(wire.send(NetworkFrame(60)) == (10'000 + 84) * us);
}

TEST_CASE("a wire loses what it is told to") {
  FakeHost host;
  Receiver end{host};
  LocalLink wire{host, {0, 1'000'000'000, 3}, end};
  for (u8 i = 1; i <= 7; ++i) wire.send(NetworkFrame(60, i));
  host.run_until(1'000'000'000'000);
  REQUIRE(end.frames.size() == 5);
  CHECK(end.frames[2][0] == 4);
  CHECK(wire.lost() == 2);
}

TEST_CASE_METHOD(StationFixture, "a station answers ARP for its address") {
  const std::string who = "0806 0001 0800 06 04 0001" + asker_mac + "0a000004 000000000000";
  CHECK(ask(bytes("ffffffffffff" + asker_mac + who + "0a00fffe")) ==
        bytes(to_asker + "0806 0001 0800 06 04 0002" + station_mac + "0a00fffe" + asker_mac + "0a000004"));
  CHECK(station.counters().arp == 1);
  CHECK(ask(bytes("ffffffffffff" + asker_mac + who + "0a00fffd")).empty());
  CHECK(ask(bytes("ffffffffffff" + asker_mac + who)).empty());  // cut off
  CHECK(station.counters().ignored == 2);
}

TEST_CASE_METHOD(StationFixture, "a station answers echo requests") {
  CHECK(ask(bytes(echo)) == bytes(to_asker + "0800 4500 0020 0000 0000 4001 66db 0a00fffe 0a000004" +
                                  "0000 28fe 1234 0007 61626364"));
  CHECK(ask(bytes(echo + "0000")).size() == 46);  // behind the datagram's end: padding
  CHECK(station.counters().echoes == 2);
}

TEST_CASE_METHOD(StationFixture, "a station answers to nothing else") {
  NetworkFrame f = bytes(echo);
  SECTION("for another station") { f[5] = 1; }
  SECTION("for another address") { f[33] = 1, f[24] = 0x67, f[25] = 0xd8; }
  SECTION("with a wrong header checksum") { f[25] ^= 1; }
  SECTION("with a wrong checksum") { f[41] ^= 1; }
  SECTION("a reply") { f[34] = 0, f[36] = 0x28; }
  SECTION("a fragment") { f[20] = 0x20, f[24] = 0x46; }
  SECTION("with options") { f[14] = 0x46, f[24] = 0x65; }
  SECTION("longer than its frame") { f[17] = 0x30, f[25] = 0xcb; }
  SECTION("shorter than its header") { f[17] = 0x10, f[25] = 0xeb; }
  SECTION("another protocol") { f[23] = 6, f[25] = 0xd6; }
  SECTION("cut off") { f.resize(GENERATE(0u, 5u, 13u, 14u, 33u, 37u)); }
  CHECK(ask(f).empty());
  CHECK(station.counters().ignored == 1);
}

TEST_CASE_METHOD(StationFixture, "a station verifies a stream and confirms it") {
  for (u32 i = 0; i < 20; ++i) {
    const NetworkFrame answer = ask(datagram(i, 20));
    REQUIRE(answer.empty() == (i != 15 && i != 19));
    if (answer.empty()) continue;
    REQUIRE(answer.size() == 54);
    CHECK(folded(answer, 14, 34) == 0xffff);
    CHECK(folded(answer, 34, 54, 17u + 20u + folded(answer, 26, 34)) == 0xffff);
    CHECK(NetworkFrame(answer.begin() + 42, answer.end()) ==
          bytes((i == 15 ? "00000010" : "00000014") + std::string("00000000 00000028")));
  }
  CHECK(station.counters().datagrams == 20);
  CHECK(station.counters().bytes == 800);
  CHECK(station.counters().missing + station.counters().corrupt == 0);
}

TEST_CASE_METHOD(StationFixture,
                 "a station asks whose station it shall send to, sends, and waits for confirmations") {
  const auto pass = [&] { host.run_until(host.now_ps() + 1'000'000'000); };
  station.send_stream({0x0a000004, 40, 40});
  pass();
  REQUIRE(heard.frames.size() == 1);
  CHECK(heard.frames[0] == bytes("ffffffffffff" + station_mac + "0806 0001 0800 06 04 0001" + station_mac +
                                 "0a00fffe 000000000000 0a000004"));
  const std::string reply = "0806 0001 0800 06 04 0002" + asker_mac, to_us = station_mac + "0a00fffe";
  ask(bytes(to_station + reply + "0a000005" + to_us));  // somebody else
  CHECK(heard.frames.size() == 1);
  ask(bytes(to_station + reply + "0a000004" + to_us));
  REQUIRE(heard.frames.size() == 1 + 32);
  for (u32 i : {0u, 31u}) {
    NetworkFrame expected = datagram(i, 40);
    NetworkFrame got = heard.frames[1 + i];
    CHECK(folded(got, 14, 34) == 0xffff);
    CHECK(folded(got, 34, got.size(), 17u + 48u + folded(got, 26, 34)) == 0xffff);
    CHECK(NetworkFrame(got.begin(), got.begin() + 12) == bytes(to_asker));
    CHECK(std::equal(got.begin() + 42, got.end(), expected.begin() + 42, expected.end()));
  }
  NetworkFrame confirmation = datagram(16, 0);
  ask(confirmation);
  CHECK(heard.frames.size() == 1 + 40);
  ask(confirmation);     // again
  ask(datagram(41, 0));  // more than were sent
  CHECK(station.counters().confirmed == 16);
  ask(datagram(40, 0));
  CHECK(station.counters().confirmed == 40);
  CHECK(station.counters().sent == 40);
  CHECK(station.counters().datagrams == 0);
  CHECK(heard.frames.size() == 1 + 40);
}

TEST_CASE_METHOD(StationFixture, "a station counts what a stream lacks, and what is not as it was sent") {
  ask(datagram(0, 9));
  ask(datagram(3, 9));
  CHECK(station.counters().missing == 2);
  ask(datagram(4, 9, true));
  CHECK(station.counters().corrupt == 1);
  NetworkFrame f = datagram(5, 9);
  f.back() ^= 1;  // checksum
  ask(f);
  CHECK(station.counters().corrupt == 2);
  CHECK(station.counters().datagrams == 3);
  ask(datagram(9, 9));  // no such number
  CHECK(station.counters().datagrams == 3);
}
