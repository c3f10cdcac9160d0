// Runs a scenario text on a fake target.
#pragma once
#include "sim/scenario/runner.h"
#include "tests/unit/scenario/fake_target.h"

namespace xs::scenario {

inline RunResult run_fake(FakeTarget& target, const std::string& steps, const std::string& more = "",
                          const std::atomic<int>* interrupted = nullptr) {
  const Scenario s = load_scenario(
      JsonSource::parse("f.json",
                        R"({"name":"t","limits":{"simulated_s":20},"domains":[{"name":"web","memory":64},
        {"name":"tough","memory":8,"on_crash":"preserve"},{"name":"gone","memory":8,"on_crash":"destroy"}],"steps":[)" +
                            steps + "]" + more + "}"),
      {}, "x86_64");
  Runner runner(s, target, nullptr, interrupted);
  return runner.run();
}

}  // namespace xs::scenario
