// Grants as traces tell them.
#include <catch2/catch.hpp>

#include "busy_run.h"
#include "sim/observe/inspect.h"
#include "sim/observe/trace_state.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {
constexpr u32 granter = 1, user = 2, ref = 9;
}

TEST_CASE("hostile traces: grants that cannot be") {
  RamMap ram;
  ram.add(0, 64);
  TraceState state(ram);
  const auto apply = [&](EventKind kind, u64 a, u64 b, u64 c) {
    state.apply({{kind, 0, 0}, a, b, c, 0, {}});
  };
  const u64 parties = u64{granter} << 16 | user;
  const auto what = [](xs_grant_use use, u64 flags = 0) {
    return flags | u64{use} << XS_GRANT_USE_SHIFT | ref;
  };
  CHECK_THROWS_WITH(apply(EventKind::grant_table, 1, 5000, 3), "trace: a grant table has no page 5000");
  CHECK_THROWS_WITH(apply(EventKind::grant_table, 1, 0, 64), "trace: frame 0x40 is not RAM");
  CHECK_THROWS_WITH(apply(EventKind::grant, 64, parties, what(XS_GRANT_MAP)), "trace: frame 0x40 is not RAM");
  CHECK_THROWS_WITH(apply(EventKind::grant, 3, parties, ref), "trace: 0x9 is no use of a grant");
  CHECK_THROWS_WITH(apply(EventKind::grant, 3, parties, what(XS_GRANT_UNMAP)),
                    "trace: reference 9 is not mapped like that");
  apply(EventKind::grant, 3, parties, what(XS_GRANT_MAP));
  CHECK_THROWS_WITH(apply(EventKind::grant, 4, parties, what(XS_GRANT_MAP)),
                    "trace: reference 9 is another frame now");
  CHECK_THROWS_WITH(apply(EventKind::grant, 3, parties, what(XS_GRANT_UNMAP, XS_GRANT_WRITE)),
                    "trace: reference 9 is not mapped like that");
  CHECK(state.grants().mappings() == 1);
  CHECK(state.grants().of_user(user, 3, granter).all() == 1);
  TraceState back(ram);
  back.load(state.save());
  CHECK(back == state);
  CHECK(back.grants().of_user(user, 3, granter).all() == 1);
  apply(EventKind::grant, 3, parties, what(XS_GRANT_UNMAP));
  CHECK(state.grants().all().empty());
  CHECK(state.grants().of_user(user, 3, granter).all() == 0);
  CHECK_FALSE(back == state);
}

TEST_CASE("there are not more grants in use than memory for them") {
  GrantsInUse grants;
  for (u32 i = 0; i < GrantsInUse::most; ++i) grants.apply({granter, user, i, XS_GRANT_MAP, false, false, 3});
  CHECK_THROWS_WITH(grants.apply({granter, user, ~u32{0}, XS_GRANT_MAP, false, false, 3}),
                    "trace: too many grants");
  grants.apply({granter, user, 5, XS_GRANT_MAP, true, true, 3});
  CHECK(mappings_text(*grants.find({granter, 5, user})) == "1 for reading, 1 for writing (1 held)");
  grants.forget(user);
  CHECK(grants.mappings() == 0);
}

TEST_CASE("a domain's grants in use, at the end and before") {
  ScratchDir dir;
  ObserverOptions options;
  options.trace_file = dir.file("run.trace");
  FakeMachine m(options);
  busy_run(m, 3);
  m.observer->finish(m.cpus[0].now_ps);
  const TraceReader trace(options.trace_file);
  const std::string granter_text = inspect_domain(trace, 1), user_text = inspect_domain(trace, 0);
  CHECK(
      granter_text.find("            grants  reference 9 to dom0 (Domain-0), frame 0x59: 1 for writing\n") !=
      std::string::npos);
  CHECK(user_text.find(
            "              maps  reference 10 of dom1 (web), frame 0x5a: 1 for reading (1 held)\n") !=
        std::string::npos);
  CHECK(user_text.find("reference 8 ") == std::string::npos);
  const auto history = frame_events(trace, 0x59);
  REQUIRE(!history.empty());
  CHECK(history.back().text == "map for writing: dom0 (Domain-0), reference 9 of dom1 (web)");
  CHECK(inspect_domain(trace, 0, 0).find("maps") == std::string::npos);
}
