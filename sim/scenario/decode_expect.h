// From an "expect" object to the runner's expectations, and the pieces it shares with waits.
#pragma once
#include "sim/scenario/node.h"
#include "sim/scenario/scenario.h"

namespace xs::scenario {

void decode_expect(const Node& n, const Scenario& scenario, Expect& out);
/// From "text" or "regex", exactly one of which must be there; a bad expression is an error of the file.
TextPattern decode_pattern(const Node& n);
/// Bounds under the keys equals, at_least, at_most with `suffix` appended ("_mib").
Range decode_range(const Node& n, const std::string& suffix = "");
EventPattern decode_event(const Node& n, const Scenario& scenario);
/// xen, operator, free (when allowed), dom<N>, or one of domains[].
std::string decode_source(const Node& n, const Scenario& scenario);
/// Name of one of domains[], or Domain-0 as xl calls it.
std::string decode_domain_name(const Node& n, const Scenario& scenario);

}  // namespace xs::scenario
