// JUnit XML as Jenkins and GitLab read it: testsuites > testsuite > testcase > failure | error | skipped.
#include <fmt/format.h>

#include "sim/core/xml_text.h"
#include "sim/scenario/report.h"

namespace xs::scenario {
namespace {

std::string console_text(const RunResult& r) {
  std::string out;
  for (const ConsoleLine& c : r.console) out += fmt::format("{} | {}\n", c.source, c.text);
  for (const std::string& line : r.backtrace) out += line + "\n";
  return out;
}

std::string test_case(const RunResult& r) {
  std::string out =
      fmt::format("    <testcase name=\"{}\" classname=\"xenoscope.{}\" file=\"{}\" time=\"{:.3f}\">\n",
                  xml_escape(r.scenario), xml_escape(r.arch), xml_escape(r.file), r.wall_s);
  if (r.exit_code == static_cast<int>(ExitCode::skip)) {
    out += fmt::format("      <skipped message=\"{}\"/>\n", xml_escape(r.message));
  } else if (r.exit_code) {
    const char* element = r.exit_code == static_cast<int>(ExitCode::failure) ? "failure" : "error";
    std::string details;
    if (const StepResult* s = r.failed_step())
      for (const std::string& p : s->problems) details += r.located(*s, p) + "\n";
    out += fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n", element,
                       verdict_name(r.exit_code), xml_escape(r.message), xml_escape(details));
  }
  return out + "      <system-out>" + xml_escape(console_text(r)) + "</system-out>\n    </testcase>\n";
}

}  // namespace

std::string junit_report(const std::vector<RunResult>& results) {
  unsigned failures = 0, errors = 0, skipped = 0;
  double seconds = 0;
  for (const RunResult& r : results) {
    seconds += r.wall_s;
    if (r.exit_code == static_cast<int>(ExitCode::failure))
      ++failures;
    else if (r.exit_code == static_cast<int>(ExitCode::skip))
      ++skipped;
    else if (r.exit_code)
      ++errors;
  }
  const std::string sums =
      fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"", results.size(),
                  failures, errors, skipped, seconds);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " + sums +
                    ">\n  <testsuite name=\"xenoscope\" " + sums + ">\n";
  for (const RunResult& r : results) out += test_case(r);
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace xs::scenario
