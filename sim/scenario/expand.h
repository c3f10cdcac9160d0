// Parameters and loops: from the file's document to one without `${}`, `for` and `repeat`.
//
//     {"for":{"parameter":"mib","in":[32,64],"steps":[{"mem-set":{"domain":"web","memory":"${mib}"}}]}}
//       ──> {"mem-set":{..."memory":32}}, {"mem-set":{..."memory":64}}     each with its origin in the file
#pragma once
#include <map>
#include <string>
#include <vector>

#include "sim/scenario/scenario.h"

namespace xs::scenario {

inline constexpr std::size_t max_steps = 20'000;  ///< after unrolling

struct ExpandedStep {
  Json step;
  std::string origin;  ///< pointer in the file
};

struct Expanded {
  Json head;                        ///< everything but "steps", substituted
  std::vector<ExpandedStep> steps;  ///< flat
};

/// `arch` chooses among the values of "arch_parameters". Throws through source.fail: unknown parameter, bad
/// loop, too many steps.
Expanded expand(const JsonSource& source, const Settings& settings, const std::string& arch);

}  // namespace xs::scenario
