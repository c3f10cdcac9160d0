#include "sim/platform/virtio/virtio_block.h"

#include <cstdlib>
#include <fstream>
#include <random>

#include "sim/core/error.h"
#include "tests/unit/platform/temporary_file.h"
#include "tests/unit/platform/virtio_driver.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::platform::test;

namespace {

std::string pattern(size_t bytes) {
  std::string s(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) s[i] = static_cast<char>(i * 31 + i / 512);
  return s;
}

constexpr u64 header_pa = 0x40000, data_pa = 0x80000, status_pa = 0x50000;

struct Fixture : VirtioFixture {
  TemporaryFile file{pattern(64 * 512 + 100)};
  std::unique_ptr<VirtioBlock> disk;
  explicit Fixture(bool read_only = false) {
    disk =
        std::make_unique<VirtioBlock>(host, file.name(), read_only, DiskTiming{50'000, 500'000'000}, "disk0");
    slot.attach(*disk);
    start(1);
  }
  /// Queues header, data, status; returns nothing until time passes.
  void request(u32 type, u64 sector, u32 bytes, u16 head = 0) {
    store(header_pa, type);
    store(header_pa + 8, sector);
    store<u8>(status_pa, 0xee);
    const u64 t = ring(0).desc;
    descriptor(t, head, header_pa, 16, 1, static_cast<u16>(head + 1));
    descriptor(t, static_cast<u16>(head + 1), data_pa, bytes, type == 1 ? 1 : 3, static_cast<u16>(head + 2));
    descriptor(t, static_cast<u16>(head + 2), status_pa, 1, 2);
    offer(0, head);
  }
  u8 finish() {
    host.run_until(host.now_ps() + 1'000'000'000);
    return load<u8>(status_pa);
  }
};
struct ReadOnly : Fixture {
  ReadOnly() : Fixture(true) {}
};

}  // namespace

TEST_CASE_METHOD(Fixture, "capacity counts whole sectors") {
  CHECK(get(slot, 0x100, 4) == 65);
  CHECK(get(slot, 0x104, 4) == 0);
  CHECK(get(slot, 0x114, 4) == 512);
}

TEST_CASE_METHOD(Fixture, "reads sectors after latency plus size over bandwidth") {
  request(0, 2, 1024);
  CHECK(disk->busy());
  host.run_until(52'000'000);  // 50 us + (16 + 1024 + 1) bytes at 500 MB/s = 52.082 us
  CHECK(used_count(0) == 0);
  host.run_until(52'100'000);
  CHECK(used_count(0) == 1);
  CHECK(irq.level);
  CHECK(load<u8>(status_pa) == 0);
  CHECK(used_length(0, 0) == 1025);
  CHECK(std::memcmp(dram.host(data_pa), pattern(4096).data() + 1024, 1024) == 0);
  CHECK_FALSE(disk->busy());
}

TEST_CASE_METHOD(Fixture, "the last sector is padded with zeros") {
  request(0, 64, 512);
  CHECK(finish() == 0);
  CHECK(load<u8>(data_pa + 99) == static_cast<u8>(pattern(64 * 512 + 100).back()));
  CHECK(load<u8>(data_pa + 100) == 0);
}

TEST_CASE_METHOD(Fixture, "writes reach the file") {
  std::memset(dram.host(data_pa), 'w', 512);
  request(1, 3, 512);
  CHECK(finish() == 0);
  CHECK(file.contents().substr(3 * 512, 512) == std::string(512, 'w'));
  CHECK(file.contents().substr(0, 3 * 512) == pattern(3 * 512));
  request(4, 0, 0);
  CHECK(finish() == 0);
}

TEST_CASE_METHOD(ReadOnly, "a read-only disk refuses writes and says so in its features") {
  out(0x14, 0);
  CHECK((in(0x10) & 1 << 5) != 0);
  request(1, 3, 512);
  CHECK(finish() == 1);
  CHECK(file.contents() == pattern(64 * 512 + 100));
  request(4, 0, 0);
  CHECK(finish() == 0);
}

TEST_CASE_METHOD(Fixture, "identification string and unknown requests") {
  request(8, 0, 20);
  CHECK(finish() == 0);
  CHECK(std::memcmp(dram.host(data_pa), "disk0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20) == 0);
  CHECK(used_length(0, 0) == 21);
  request(77, 0, 512);
  CHECK(finish() == 2);
}

TEST_CASE_METHOD(Fixture, "requests outside the disk or of odd size fail") {
  const auto [sector, bytes] = GENERATE(
      table<u64, u32>({{65, 512}, {64, 1024}, {~u64{0}, 512}, {u64{1} << 55, 512}, {0, 511}, {0, 513}}));
  request(0, sector, bytes);
  CHECK(finish() == 1);
  CHECK(used_length(0, 0) == 1);
  CHECK_FALSE(broken());
}

TEST_CASE_METHOD(Fixture, "requests are served one after the other") {
  request(0, 0, 512, 0);
  request(0, 1, 512, 3);
  host.run_until(60'000'000);
  CHECK(used_count(0) == 1);
  host.run_until(110'000'000);
  CHECK(used_count(0) == 2);
}

TEST_CASE_METHOD(Fixture, "reset drops what is in flight") {
  request(0, 0, 512);
  out(0x70, 0);
  CHECK_FALSE(disk->busy());
  finish();
  CHECK(load<u8>(status_pa) == 0xee);
}

TEST_CASE_METHOD(Fixture, "offering the same request again and again asks for a reset") {
  request(0, 0, 512);
  for (unsigned i = 0; i < 8; ++i) offer(0, 0);
  CHECK(broken());
  CHECK_FALSE(disk->busy());
}

TEST_CASE_METHOD(Fixture, "a request without room for a status asks for a reset") {
  descriptor(ring(0).desc, 0, header_pa, 16, 0);
  offer(0, 0);
  finish();
  CHECK(broken());
}

TEST_CASE_METHOD(Fixture, "a header too short fails") {
  descriptor(ring(0).desc, 0, header_pa, 8, 1, 1);
  descriptor(ring(0).desc, 1, status_pa, 1, 2);
  offer(0, 0);
  CHECK(finish() == 1);
}

TEST_CASE_METHOD(Fixture, "random descriptor tables never hurt the host") {
  std::mt19937_64 random(7);
  for (unsigned round = 0; round < 4000; ++round) {
    avail_index[0] = 0;
    store<u16>(ring(0).avail + 2, 0);
    start(1, virtio_f_version_1 | virtio_f_indirect_desc);
    for (u16 i = 0; i < 8; ++i) {
      const u64 where = random() % 4 ? 0x40000 + random() % 0x1000 : random();
      descriptor(ring(0).desc, i, where, static_cast<u32>(random() % 3 ? random() % 2048 : random()),
                 static_cast<u16>(random() % 8), static_cast<u16>(random() % 9));
    }
    for (u64 pa = 0x40000; pa < 0x41000; pa += 64) store(pa, random() % 16 < 9 ? random() % 9 : random());
    for (u16 i = 0; i < 4; ++i) offer(0, static_cast<u16>(random() % 8));
    host.run_until(host.now_ps() + 100'000'000'000);
  }
  SUCCEED();
}

TEST_CASE("disks that cannot be opened are one clear error") {
  FakeHost host;
  Dram dram{{1 << 20, 0, 0}};
  auto open = [&](const std::string& name) { VirtioBlock(host, name, true, {0, 1}, "x"); };
  CHECK_THROWS_WITH(open("/nonexistent/disk"), Catch::StartsWith("/nonexistent/disk: "));
  CHECK_THROWS_WITH(open("/tmp"), Catch::Contains("not a regular file"));
}

TEST_CASE_METHOD(Fixture, "data that an IOMMU refuses is an I/O error, and the next request is served") {
  refused = {data_pa >> frame_shift};
  const u32 type = GENERATE(0u, 1u);
  request(type, 2, 1024);
  CHECK(finish() == 1);
  CHECK(used_count(0) == 1);
  CHECK_FALSE(broken());
  CHECK(load<u64>(data_pa) == 0);
  refused.clear();
  request(0, 2, 1024);
  CHECK(finish() == 0);
  CHECK(load<u8>(data_pa + 1) ==
        static_cast<u8>(pattern(2048)[1025]));  // what a refused write has left alone
}

TEST_CASE_METHOD(Fixture, "a ring or a status that an IOMMU refuses stops the block device") {
  const u64 places[] = {status_pa, ring(0).desc, ring(0).avail, ring(0).used};
  refused = {places[GENERATE(0, 1, 2, 3)] >> frame_shift};
  request(0, 2, 512);
  finish();
  CHECK(broken());
  CHECK(used_count(0) == 0);
}
