#include "sim/platform/virtio/virtio_console.h"

#include "tests/unit/platform/virtio_driver.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::platform::test;

namespace {
struct Fixture : VirtioFixture {
  TextSink sink;
  VirtioConsole console{host, &sink};
  Fixture() { slot.attach(console); }

  void text(u64 pa, const std::string& s) { std::memcpy(dram.host(pa), s.data(), s.size()); }
  void send(const std::string& s, u16 head = 0) {
    text(0x40000, s);
    descriptor(ring(1).desc, head, 0x40000, static_cast<u32>(s.size()), 0);
    offer(1, head);
  }
};
}  // namespace

TEST_CASE("an empty slot says so") {
  VirtioFixture f;
  CHECK(f.in(0x00) == 0x74726976);
  CHECK(f.in(0x04) == 2);
  CHECK(f.in(0x08) == 0);
  CHECK(f.in(0x70) == 0);
}

TEST_CASE_METHOD(Fixture, "identification and features") {
  CHECK(in(0x08) == 3);
  out(0x14, 1);
  CHECK(in(0x10) == 1);  // VERSION_1
  out(0x14, 2);
  CHECK(in(0x10) == 0);
  out(0x30, 1);
  CHECK(in(0x34) == Virtqueue::max_size);
  out(0x30, 2);
  CHECK(in(0x34) == 0);
  CHECK(get(slot, 0x104, 4) == 1);  // max_nr_ports
}

TEST_CASE_METHOD(Fixture, "features without VERSION_1 or that were not offered are refused") {
  CHECK((negotiate(0) & 8) == 0);
  CHECK((negotiate(virtio_f_version_1 | 1) & 8) == 0);
  CHECK((negotiate() & 8) == 8);
}

TEST_CASE_METHOD(Fixture, "transmits chains and interrupts") {
  start(2);
  text(0x40000, "hello, ");
  text(0x50000, "world\n");
  descriptor(ring(1).desc, 0, 0x40000, 7, 1, 1);
  descriptor(ring(1).desc, 1, 0x50000, 6, 0);
  offer(1, 0);
  CHECK(sink.text == "hello, world\n");
  CHECK(used_count(1) == 1);
  CHECK(irq.level);
  CHECK(in(0x60) == 1);
  out(0x64, 1);
  CHECK_FALSE(irq.level);
}

TEST_CASE_METHOD(Fixture, "nothing happens before DRIVER_OK, and then at once") {
  negotiate();
  set_queue(1, ring(1));
  text(0x40000, "early");
  descriptor(ring(1).desc, 0, 0x40000, 5, 0);
  offer(1, 0);
  CHECK(sink.text.empty());
  out(0x70, 0x0f);
  CHECK(sink.text == "early");
}

TEST_CASE_METHOD(Fixture, "input waits for buffers, in order, split as they come") {
  console.receive("abcdef");
  start(2);
  descriptor(ring(0).desc, 0, 0x40000, 4, 2);
  descriptor(ring(0).desc, 1, 0x50000, 4, 2);
  offer(0, 0);
  CHECK(used_length(0, 0) == 4);
  CHECK(std::memcmp(dram.host(0x40000), "abcd", 4) == 0);
  offer(0, 1);
  CHECK(used_length(0, 1) == 2);
  CHECK(std::memcmp(dram.host(0x50000), "ef", 2) == 0);
  CHECK(dma_writes > 0);
}

TEST_CASE_METHOD(Fixture, "the driver can suppress interrupts by flag") {
  start(2);
  store<u16>(ring(1).avail, 1);
  send("quiet");
  CHECK(sink.text == "quiet");
  CHECK_FALSE(irq.level);
}

TEST_CASE_METHOD(Fixture, "the driver can suppress interrupts by event index") {
  start(2, virtio_f_version_1 | virtio_f_event_idx);
  store<u16>(ring(1).avail + 4 + 2 * 8, 1);  // used_event: after the second
  send("a", 0);
  CHECK_FALSE(irq.level);
  send("b", 1);
  CHECK(irq.level);
  CHECK(load<u16>(ring(1).used + 4 + 8 * 8) == 2);  // avail_event
}

TEST_CASE_METHOD(Fixture, "indirect descriptors") {
  start(2, virtio_f_version_1 | virtio_f_indirect_desc);
  text(0x40000, "in");
  text(0x50000, "direct");
  descriptor(0x60000, 0, 0x40000, 2, 1, 1);
  descriptor(0x60000, 1, 0x50000, 6, 0);
  descriptor(ring(1).desc, 3, 0x60000, 32, 4);
  offer(1, 3);
  CHECK(sink.text == "indirect");
}

TEST_CASE_METHOD(Fixture, "emergency write") {
  CHECK(slot.write(0x108, 4, '!'));
  CHECK(sink.text == "!");
}

TEST_CASE_METHOD(Fixture, "reset forgets queues, features and interrupts") {
  start(2);
  send("x");
  out(0x70, 0);
  CHECK(in(0x70) == 0);
  CHECK_FALSE(irq.level);
  out(0x30, 1);
  CHECK(in(0x44) == 0);
}

// What a hostile driver writes must break the queue, never the host.
TEST_CASE_METHOD(Fixture, "hostile chains ask for a reset") {
  start(2, virtio_f_version_1 | virtio_f_indirect_desc);
  const u64 table = ring(1).desc;
  SECTION("descriptor loop") {
    descriptor(table, 0, 0x40000, 1, 1, 1);
    descriptor(table, 1, 0x40000, 1, 1, 0);
    offer(1, 0);
  }
  SECTION("head outside the table") { offer(1, 8); }
  SECTION("next outside the table") {
    descriptor(table, 0, 0x40000, 1, 1, 999);
    offer(1, 0);
  }
  SECTION("address outside memory") {
    descriptor(table, 0, u64{1} << 60, 1, 0);
    offer(1, 0);
  }
  SECTION("length past the end of memory") {
    descriptor(table, 0, ram_bytes_total - 1, 2, 0);
    offer(1, 0);
  }
  SECTION("address that wraps") {
    descriptor(table, 0, ~u64{0}, 0xffffffff, 0);
    offer(1, 0);
  }
  SECTION("available index runs away") {
    store<u16>(ring(1).avail + 2, 100);
    out(0x50, 1);
  }
  SECTION("readable after writable") {
    descriptor(table, 0, 0x40000, 1, 3, 1);
    descriptor(table, 1, 0x40000, 1, 0);
    offer(1, 0);
  }
  SECTION("indirect table inside an indirect table") {
    descriptor(0x60000, 0, 0x60000, 16, 4);
    descriptor(table, 0, 0x60000, 16, 4);
    offer(1, 0);
  }
  SECTION("indirect table of odd or no size") {
    const u32 bytes = GENERATE(0u, 15u, 0xffffffffu);
    descriptor(table, 0, 0x60000, bytes, 4);
    offer(1, 0);
  }
  SECTION("gigabytes of text") {
    for (u16 i = 0; i < 8; ++i) descriptor(table, i, 0, 1 << 20, i < 7 ? 1 : 0, static_cast<u16>(i + 1));
    offer(1, 0);
  }
  SECTION("indirect table outside memory") {
    descriptor(table, 0, u64{1} << 50, 16, 4);
    offer(1, 0);
  }
  CHECK(broken());
  CHECK(irq.level);
  CHECK((in(0x60) & 2) == 2);
  const std::string before = sink.text;
  send("after");
  CHECK(sink.text == before);
  avail_index[1] = 0;
  store<u16>(ring(1).avail + 2, 0);
  start(2);  // a reset heals
  send("healed");
  CHECK(sink.text == before + "healed");
}

TEST_CASE_METHOD(Fixture, "a queue laid out badly asks for a reset") {
  negotiate();
  Ring r = ring(1);
  SECTION("size no power of two") { r.size = 7; }
  SECTION("size zero") { r.size = 0; }
  SECTION("size too large") { r.size = 2048; }
  SECTION("outside memory") { r.desc = u64{1} << 44; }
  SECTION("at the very end of memory") { r.used = ram_bytes_total - 8; }
  SECTION("wrapping") { r.avail = ~u64{0} - 1; }
  SECTION("misaligned") { r.desc += 8; }
  set_queue(1, r);
  CHECK(broken());
}

TEST_CASE_METHOD(Fixture, "accesses of odd size or place are refused") {
  u64 value;
  CHECK_FALSE(slot.read(0x08, 1, value));
  CHECK_FALSE(slot.read(0x09, 4, value));
  CHECK_FALSE(slot.read(0x1fc, 4, value));
  CHECK_FALSE(slot.write(0x48, 4, 0));
  CHECK(get(slot, 0xb0, 4) == ~u64{0});
}
