#include "viz/model/grants.h"

#include <fmt/format.h>

#include <algorithm>

namespace xs::viz {

using observe::GrantInUse;
using observe::GrantKey;

bool is_granted(const observe::TraceState& state, u32 frame) {
  if (state.grants().all().empty()) return false;
  const u32 owner = state.frame(frame).owner;
  bool granted = false;
  state.grants().for_frame(state.ram().mfn(frame), [&](const GrantKey& key, const GrantInUse&) {
    granted = granted || (key.granter == owner && key.user != owner);
  });
  return granted;
}

std::vector<std::string> grant_texts(const observe::TraceState& state, u64 mfn) {
  std::vector<std::string> out;
  state.grants().for_frame(mfn, [&](const GrantKey& key, const GrantInUse& grant) {
    out.push_back(fmt::format("mapped by {}, reference {} of {}: {}", state.domain_label(key.user), key.ref,
                              state.domain_label(key.granter), observe::mappings_text(grant)));
  });
  return out;
}

std::vector<GrantSeen> grants_of(const observe::TraceState& state, u32 domid) {
  std::vector<GrantSeen> out;
  for (const auto& [key, grant] : state.grants().all()) {
    if (key.granter == domid) out.push_back({true, key.user, key.ref, grant});
    if (key.user == domid) out.push_back({false, key.granter, key.ref, grant});
  }
  std::stable_partition(out.begin(), out.end(), [](const GrantSeen& g) { return g.given; });
  return out;
}

}  // namespace xs::viz
