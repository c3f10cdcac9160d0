// What is read from the result of a run: one number, by a word that says where it stands.
#pragma once
#include <optional>
#include <string>

#include "sim/scenario/result.h"

namespace xs::report {

struct Measure {
  enum class From {
    counters,  ///< the report's, by name, summed: "a,b"; "x.*": all that begin with "x."
    time,      ///< simulated µs of the whole run
    step,      ///< simulated µs of the first step of that name, or whose command begins so
    lines,  ///< simulated µs between two lines of consoles: "text in the one|text in the next that has it"
    operation,  ///< simulated ns of what the kernel's verb `bench` measures: "domain:name"
    p2m,        ///< the most of all steps: "domain:field", fields in measure.cpp
    exposed,    ///< the most of all steps: "domain:field", fields as those of counters exposed.*
    frames,     ///< the most of all steps: "owner:type", "*:type"
    first_number,
    last_number,
    least_number,  ///< in console lines: what the regular expression's group matches
  };
  const char* name;
  From from;
  const char* what;
  double scale = 1;  ///< factor from the unit above to the row's
  int digits = 0;    ///< behind the point
};

/// None when the run has nothing of that name.
std::optional<double> figure_of(const Measure& measure, const scenario::RunResult& result);

/// "3.10"; no "-0".
std::string figure_text(double value, int digits);

}  // namespace xs::report
