// How much memory the operator wants a domain to have, from what was typed on dom0's operator channel and
// answered: the verbs are xl's (docs/scenarios.md), whoever typed them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "sim/core/types.h"

namespace xs::viz {

struct BalloonTarget {
  std::string domain;  ///< a name or a number, as typed; the number that `create` answered
  u64 frames = 0;
};

class BalloonTargets {
 public:
  /// The next line of the channel; a target when this line is the answer that made it one.
  std::optional<BalloonTarget> line(std::string_view text);

 private:
  void command(std::string_view text);

  std::optional<BalloonTarget> asked_;  ///< not yet answered
};

}  // namespace xs::viz
