// From one expanded step to the runner's Step.
#pragma once
#include "sim/scenario/node.h"
#include "sim/scenario/scenario.h"

namespace xs::scenario {

Step decode_step(const Node& n, const Scenario& scenario);
/// The top-level "expect" list as one step.
Step decode_final_expect(const Node& list, const Scenario& scenario);

}  // namespace xs::scenario
