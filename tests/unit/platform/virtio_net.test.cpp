#include "sim/platform/virtio/virtio_net.h"

#include <random>

#include "tests/unit/platform/virtio_driver.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::platform::test;

namespace {

constexpr u64 buffer = 0x40000, other = 0x50000;
constexpr u32 header_bytes = 12;
constexpr u64 ps_per_frame = 1'000'000;

/// A wire on which each frame takes a microsecond to leave, and which keeps what it was given.
struct SlowLink : NetworkLink {
  explicit SlowLink(DeviceHost& h) : host(h) {}
  u64 send(NetworkFrame frame) override {
    frames.push_back(std::move(frame));
    return free_at = std::max(host.now_ps(), free_at) + ps_per_frame;
  }
  bool busy() const override { return false; }
  DeviceHost& host;
  std::vector<NetworkFrame> frames;
  u64 free_at = 0;
};

NetworkFrame frame_of(std::size_t bytes) {
  NetworkFrame frame(bytes);
  for (std::size_t i = 0; i < bytes; ++i) frame[i] = static_cast<u8>(i * 7 + 1);
  return frame;
}

struct Fixture : VirtioFixture {
  SlowLink link{host};
  VirtioNet net{host, {0, 0x16, 0x3e, 1, 2, 3}};
  Fixture() {
    net.connect(link);
    slot.attach(net);
  }
  void place(u64 pa, const NetworkFrame& bytes) { std::copy(bytes.begin(), bytes.end(), dram.host(pa)); }
  /// A frame in one buffer with its header.
  void send(u32 frame_bytes, u16 head = 0) {
    place(buffer + header_bytes, frame_of(frame_bytes));
    descriptor(ring(1).desc, head, buffer, header_bytes + frame_bytes, 0);
    offer(1, head);
  }
  void offer_buffer(u32 bytes, u16 head = 0) {
    descriptor(ring(0).desc, head, other, bytes, 2);
    offer(0, head);
  }
  void pass() { host.run_until(host.now_ps() + 1'000'000'000); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "network: identification, features, configuration") {
  CHECK(in(0x08) == 1);
  CHECK((in(0x10) & (1 << 5)) != 0);         // MAC
  CHECK((in(0x10) & (1 << 16)) != 0);        // STATUS
  CHECK((in(0x10) & 0xffdf & ~0x20u) == 0);  // no offload, no mergeable buffers
  CHECK(get(slot, 0x100, 4) == 0x013e1600);
  CHECK(get(slot, 0x105, 1) == 3);
  CHECK(get(slot, 0x106, 2) == 1);  // link up
  CHECK(get(slot, 0x10c, 1) == ~u64{0});
}

TEST_CASE_METHOD(Fixture, "a frame is sent, and its buffer comes back when it has left") {
  start(2);
  send(60);
  REQUIRE(link.frames.size() == 1);
  CHECK(link.frames[0] == frame_of(60));
  CHECK(used_count(1) == 0);
  CHECK(net.busy());
  host.run_until(ps_per_frame - 1);
  CHECK(used_count(1) == 0);
  host.run_until(ps_per_frame);
  CHECK(used_count(1) == 1);
  CHECK(used_length(1, 0) == 0);
  CHECK(irq.level);
  CHECK_FALSE(net.busy());
  CHECK(net.counters().sent == 1);
  CHECK(net.counters().sent_bytes == 60);
}

TEST_CASE_METHOD(Fixture, "a frame is gathered from a chain, wherever its header ends") {
  start(2);
  const u32 first = GENERATE(1u, 12u, 20u);
  NetworkFrame whole(header_bytes);
  const NetworkFrame frame = frame_of(100);
  whole.insert(whole.end(), frame.begin(), frame.end());
  place(buffer, {whole.begin(), whole.begin() + first});
  place(other, {whole.begin() + first, whole.end()});
  descriptor(ring(1).desc, 0, buffer, first, 1, 1);
  descriptor(ring(1).desc, 1, other, 0, 1, 2);  // an empty piece
  descriptor(ring(1).desc, 2, other, header_bytes + 100 - first, 0);
  offer(1, 0);
  REQUIRE(link.frames.size() == 1);
  CHECK(link.frames[0] == frame);
}

TEST_CASE_METHOD(Fixture, "what is no Ethernet frame is dropped, in its turn") {
  start(2);
  const u32 bytes = GENERATE(0u, 13u, 1515u, 60000u);
  send(60, 0);
  descriptor(ring(1).desc, 1, buffer, header_bytes + bytes, 0);
  offer(1, 1);
  CHECK(used_count(1) == 0);
  pass();
  CHECK(used_count(1) == 2);
  CHECK(link.frames.size() == 1);
  CHECK(net.counters().dropped == 1);
  CHECK_FALSE(broken());
}

TEST_CASE_METHOD(Fixture, "a frame that arrives is written behind its header") {
  start(2);
  offer_buffer(header_bytes + 1514);
  net.frame_arrived(frame_of(1514));
  CHECK(used_count(0) == 1);
  CHECK(used_length(0, 0) == header_bytes + 1514);
  CHECK(load<u16>(other + 10) == 1);  // num_buffers
  CHECK(std::memcmp(dram.host(other + header_bytes), frame_of(1514).data(), 1514) == 0);
  CHECK(irq.level);
  CHECK(net.counters().received_bytes == 1514);
}

TEST_CASE_METHOD(Fixture, "without a buffer, or without a driver, what arrives is dropped") {
  net.frame_arrived(frame_of(60));
  CHECK(net.counters().dropped == 1);
  start(2);
  net.frame_arrived(frame_of(60));
  CHECK(net.counters().dropped == 2);
  CHECK_FALSE(irq.level);
  offer_buffer(2048);
  net.frame_arrived(frame_of(60));
  CHECK(net.counters().received == 1);
  CHECK_FALSE(broken());
}

TEST_CASE_METHOD(Fixture, "a frame that is longer than an Ethernet's is dropped, and the next one arrives") {
  start(2);
  offer_buffer(2000);
  net.frame_arrived(frame_of(1515));
  CHECK(used_count(0) == 0);
  CHECK(net.counters().dropped == 1);
  net.frame_arrived(frame_of(1514));
  CHECK(used_count(0) == 1);
}

TEST_CASE_METHOD(Fixture, "network: hostile requests to send ask for a reset") {
  start(2, virtio_f_version_1 | virtio_f_indirect_desc);
  const u64 table = ring(1).desc;
  SECTION("descriptor loop") {
    descriptor(table, 0, buffer, 100, 1, 1);
    descriptor(table, 1, buffer, 100, 1, 0);
    offer(1, 0);
  }
  SECTION("nothing to read") {
    descriptor(table, 0, buffer, 0, 0);
    offer(1, 0);
  }
  SECTION("a part of a header") { send(0), descriptor(table, 1, buffer, 11, 0), offer(1, 1); }
  SECTION("a part that the device shall write") {
    descriptor(table, 0, buffer, 100, 1, 1);
    descriptor(table, 1, buffer, 100, 2);
    offer(1, 0);
  }
  SECTION("address outside memory") {
    descriptor(table, 0, u64{1} << 60, 100, 0);
    offer(1, 0);
  }
  SECTION("length past the end of memory") {
    descriptor(table, 0, ram_bytes_total - 20, 100, 0);
    offer(1, 0);
  }
  SECTION("head outside the table") { offer(1, 8); }
  SECTION("a chain longer than the table, by an indirect one") {
    for (u16 i = 0; i < 8; ++i) descriptor(0x60000, i, buffer, 100, 1, static_cast<u16>(i + 1));
    descriptor(table, 0, 0x60000, 8 * 16, 4);
    offer(1, 0);
  }
  SECTION("the same buffer again and again before it has come back") {
    for (int i = 0; i < 9; ++i) send(60);
  }
  CHECK(broken());
  CHECK(irq.level);
  pass();
  CHECK_FALSE(net.busy());
  const std::size_t before = link.frames.size();
  send(60);
  CHECK(link.frames.size() == before);
  avail_index[1] = 0;
  store<u16>(ring(1).avail + 2, 0);
  start(2);  // a reset heals
  send(60);
  CHECK(link.frames.size() == before + 1);
}

TEST_CASE_METHOD(Fixture, "hostile buffers for what arrives ask for a reset, and nothing is written") {
  start(2);
  const u64 table = ring(0).desc;
  store<u64>(other, 0x1122334455667788);
  SECTION("too small for the frame") { offer_buffer(header_bytes + 59); }
  SECTION("without room for a header") { offer_buffer(3); }
  SECTION("empty") { offer_buffer(0); }
  SECTION("a part that the device shall read") {
    descriptor(table, 0, buffer, 16, 1, 1);
    descriptor(table, 1, other, 2048, 2);
    offer(0, 0);
  }
  SECTION("outside memory") {
    descriptor(table, 0, ram_bytes_total - 64, 2048, 2);
    offer(0, 0);
  }
  SECTION("descriptor loop") {
    descriptor(table, 0, other, 4, 3, 1);
    descriptor(table, 1, other, 4, 3, 0);
    offer(0, 0);
  }
  CHECK_FALSE(broken());  // nothing has arrived yet
  net.frame_arrived(frame_of(60));
  CHECK(broken());
  CHECK(load<u64>(other) == 0x1122334455667788);
  CHECK(net.counters().received == 0);
}

TEST_CASE_METHOD(Fixture, "network: a driver that writes anything never harms the host") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    for (unsigned q : {0u, 1u}) store<u16>(ring(q).avail + 2, avail_index[q] = 0);
    start(2, virtio_f_version_1 | virtio_f_indirect_desc);
    for (unsigned q : {0u, 1u})
      for (u16 i = 0; i < 8; ++i)
        descriptor(ring(q).desc, i, random() % 4 ? random() % ram_bytes_total : random(),
                   static_cast<u32>(random() % 3 ? random() % 2000 : random()),
                   static_cast<u16>(random() % 8), static_cast<u16>(random() % 9));
    for (u16 i = 0; i < 4; ++i) {
      offer(0, static_cast<u16>(random() % 9));
      offer(1, static_cast<u16>(random() % 9));
      net.frame_arrived(frame_of(random() % 1515));
    }
    pass();
  }
  const NetworkCounters& c = net.counters();
  CHECK(c.sent == link.frames.size());
  CHECK(c.dropped > 0);
}

TEST_CASE_METHOD(Fixture, "a frame that an IOMMU refuses to be read is dropped, and its buffer comes back") {
  start(2);
  refused = {buffer >> frame_shift};
  send(60);
  pass();
  CHECK(link.frames.empty());
  CHECK(used_count(1) == 1);
  CHECK_FALSE(broken());
  refused.clear();
  send(60, 1);
  CHECK(link.frames.size() == 1);
}

TEST_CASE_METHOD(Fixture, "a buffer that an IOMMU refuses to be written comes back empty") {
  start(2);
  refused = {other >> frame_shift};
  offer_buffer(2048);
  net.frame_arrived(frame_of(60));
  CHECK(used_count(0) == 1);
  CHECK(used_length(0, 0) == 0);
  CHECK_FALSE(broken());
  refused = {ring(0).used >> frame_shift};
  offer_buffer(2048, 1);
  net.frame_arrived(frame_of(60));
  CHECK(broken());
}
