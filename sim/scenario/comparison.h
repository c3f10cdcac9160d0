// One scenario under several settings, side by side: a column for each architecture, memory model and value
// of the parameters that are varied.
#pragma once
#include <string>
#include <vector>

#include "sim/scenario/report.h"

namespace xs::scenario {

struct Column {
  std::string arch, model;
  std::string note;                      ///< why there is nothing to compare; "": the figures count
  RunResult result;                      ///< of a column that was not run: empty
  std::vector<std::string> varied = {};  ///< "name=value" of each parameter that differs between columns
};

/// The memory models that a scenario may name.
const std::vector<std::string>& memory_models();

/// Whether a run ended because what it ran on has no such memory model; "" when not. In the system's words.
std::string model_refused(const RunResult& result, const std::string& model);

/// Groups of counters as rows. Rows that are zero everywhere are left out.
std::string comparison_text(const std::vector<Column>& columns);
Json comparison_json(const std::vector<Column>& columns);

}  // namespace xs::scenario
