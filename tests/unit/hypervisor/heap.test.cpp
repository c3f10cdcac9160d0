// The buddy allocator: alignment, ownership, joining, limits, and that a freed frame is neither readable nor
// writable by its former owner once it is given out again.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <random>

#include "hypervisor/common/tlb_epoch.h"
#include "machine.h"

using namespace hvtest;

TEST_CASE("frames come aligned, owned, highest region first") {
  boot();
  const u64 before = heap_free_frames();
  for (unsigned order = 0; order <= 9; order++) {
    const Mfn mfn = heap_alloc(order, XS_OWNER_XEN);
    REQUIRE(mfn != kInvalidMfn);
    CHECK(mfn % (1ull << order) == 0);
    CHECK(mfn >= kHighFirst);
    CHECK(frame_owner(mfn + (1ull << order) - 1) == XS_OWNER_XEN);
    heap_free(mfn, order);
  }
  CHECK(heap_free_frames() == before);
  CHECK(broken_invariant() == "");
}

TEST_CASE("an address limit is kept, or the request is refused") {
  boot();
  const Mfn low = heap_alloc(0, XS_OWNER_XEN, 32);
  REQUIRE(low != kInvalidMfn);
  CHECK(low < kLowFrames);
  heap_free(low, 0);
  CHECK(heap_alloc(0, XS_OWNER_XEN, 20) == kInvalidMfn);
  CHECK(heap_alloc(0, XS_OWNER_XEN, kPageShift) == kInvalidMfn);
  CHECK(heap_alloc(kMaxHeapOrder + 1, XS_OWNER_XEN) == kInvalidMfn);
}

TEST_CASE("everything can be taken once, and joins again") {
  boot();
  const u64 before = heap_free_frames();
  std::vector<Mfn> taken;
  for (Mfn mfn; (mfn = heap_alloc(0, 5)) != kInvalidMfn;) taken.push_back(mfn);
  CHECK(taken.size() == before);
  CHECK(heap_free_frames() == 0);
  std::shuffle(taken.begin(), taken.end(), std::mt19937(7));
  for (const Mfn mfn : taken) heap_free(mfn, 0);
  CHECK(broken_invariant() == "");
  const Mfn large = heap_alloc(11, XS_OWNER_XEN);  // only joined buddies can serve this
  REQUIRE(large != kInvalidMfn);
  heap_free(large, 11);
}

TEST_CASE("the next owner gets a flushed, cleared frame") {
  boot();
  const Mfn mfn = heap_alloc(0, 5);
  memset(words(mfn), 0xaa, kPageSize);
  heap_free(mfn, 0);
  const unsigned flushed = flushes;
  memset(words(mfn), 0xbb, kPageSize);  // a stale translation still wrote
  REQUIRE(heap_alloc(0, 6) == mfn);     // most recently freed first
  CHECK(flushes == flushed + 1);
  CHECK(words(mfn)[0] == 0);
  heap_free(mfn, 0);
  tlb_flush_everywhere();
  const unsigned after = flushes;
  REQUIRE(heap_alloc(0, 6) == mfn);
  CHECK(flushes == after);  // a flush since the free is enough
  heap_free(mfn, 0);
}

TEST_CASE("objects are zeroed, and their pages go back") {
  boot();
  const u64 before = heap_free_frames();
  std::vector<void*> objects;
  for (size_t bytes : {1u, 64u, 65u, 1000u, 1024u, 1025u, 4096u, 65536u})
    for (int i = 0; i < 70; i++) {
      auto* object = static_cast<unsigned char*>(allocate(bytes));
      REQUIRE(object != nullptr);
      CHECK(object[0] == 0);
      CHECK(object[bytes - 1] == 0);
      memset(object, 0xcc, bytes);
      objects.push_back(object);
    }
  for (void* object : objects) release(object);
  CHECK(heap_free_frames() == before);
  CHECK(broken_invariant() == "");
}
