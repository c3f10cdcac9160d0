// From one expanded step to the runner's Step.
#pragma once
#include "sim/scenario/node.h"
#include "sim/scenario/scenario.h"

namespace xs::scenario {

/// "caption" and "view" of a step, or of the scenario for its boot.
Guide decode_guide(const Node& n, const Scenario& scenario);
Step decode_step(const Node& n, const Scenario& scenario);
/// The top-level "expect" list as one step.
Step decode_final_expect(const Node& list, const Scenario& scenario);

}  // namespace xs::scenario
