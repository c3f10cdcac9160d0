// When pre-copy ends: each policy, by the numbers of its rounds.
#include <catch2/catch.hpp>
#include <vector>

#include "guests/lib/stream/precopy.h"

using namespace stream;

namespace {

Precopy of(const char* name, u64 pages) {
  Precopy p{};
  p.policy = *precopy_policy(name);
  p.pages = pages;
  return p;
}

struct Ended {
  PrecopyEnd why = PrecopyEnd::none;
  unsigned rounds = 0;
};

/// A domain that dirties so many pages in each round, all of which are sent in the next one.
Ended run(Precopy p, u64 dirtied, u64 skipped = 0) {
  Ended out;
  for (u64 to_send = p.pages; out.why == PrecopyEnd::none && out.rounds < 1000; to_send = dirtied) {
    out.why = p.after({to_send - (out.rounds ? skipped : 0), out.rounds ? skipped : 0, dirtied});
    ++out.rounds;
  }
  return out;
}

}  // namespace

TEST_CASE("precopy: the policies are known by name") {
  REQUIRE(precopy_policy("xen3.0") != nullptr);
  CHECK(precopy_policy("xen3.0")->rounds == 29);
  CHECK(precopy_policy("xen3.0")->factor == 3);
  CHECK(precopy_policy("modern")->rounds == 5);
  CHECK_FALSE(of("stop-and-copy", 100).begins());
  CHECK(precopy_policy("modern ") == nullptr);
  CHECK(precopy_policy("") == nullptr);
}

TEST_CASE(
    "precopy: few pages end it, counted when they have been sent (xen3.0) or when they are dirty (modern)") {
  const Ended old = run(of("xen3.0", 4096), 49), modern = run(of("modern", 4096), 49);
  CHECK((old.why == PrecopyEnd::threshold && old.rounds == 2));
  CHECK((modern.why == PrecopyEnd::threshold && modern.rounds == 1));
  CHECK(run(of("xen3.0", 4096), 50).why == PrecopyEnd::rounds);
  CHECK(run(of("modern", 4096), 50).why == PrecopyEnd::rounds);
}

TEST_CASE("precopy: what was skipped is not few pages") {
  CHECK(run(of("xen3.0", 4096), 60, 30).why == PrecopyEnd::rounds);
  CHECK(run(of("xen3.0", 4096), 49, 30).why == PrecopyEnd::threshold);
}

TEST_CASE("precopy: the most rounds") {
  const Ended old = run(of("xen3.0", 4096), 100), modern = run(of("modern", 4096), 4000);
  CHECK((old.why == PrecopyEnd::rounds && old.rounds == 29));
  CHECK((modern.why == PrecopyEnd::rounds && modern.rounds == 5));
}

TEST_CASE("precopy: more than three times the memory") {
  const Ended ended = run(of("xen3.0", 4096), 4096);
  CHECK((ended.why == PrecopyEnd::factor && ended.rounds == 4));  // 3 times is not more than 3 times
  CHECK(run(of("xen3.0", 4096), 2048).rounds == 6);               // 1 + 5/2 > 3
}

TEST_CASE("precopy: each end has a sentence") {
  for (const PrecopyEnd end : {PrecopyEnd::threshold, PrecopyEnd::rounds, PrecopyEnd::factor})
    CHECK(std::string(precopy_end_name(end)).size() > 5);
}
