// JUnit XML as Jenkins and GitLab read it: testsuites > testsuite > testcase > failure | error | skipped.
#include <fmt/format.h>

#include "sim/scenario/report.h"

namespace xs::scenario {
namespace {

/// Length of the UTF-8 sequence that `lead` begins.
std::size_t sequence_length(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/// XML 1.0, production [2] Char: no control characters but tab and line ends, no U+FFFE and U+FFFF.
bool allowed(std::string_view s) {
  const auto c = static_cast<unsigned char>(s[0]);
  if (s.size() == 1) return c >= 0x20 ? c < 0x7f : c == '\t' || c == '\n' || c == '\r';
  return !(s.size() == 3 && c == 0xef && s.substr(1, 1) == "\xbf" &&
           static_cast<unsigned char>(s[2]) >= 0xbe);
}

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

std::string xml_escape(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view s = text.substr(at, sequence_length(static_cast<unsigned char>(text[at])));
    at += s.size();
    if (s == "&")
      out += "&amp;";
    else if (s == "<")
      out += "&lt;";
    else if (s == ">")
      out += "&gt;";
    else if (s == "\"")
      out += "&quot;";
    else if (allowed(s))
      out += s;
    else
      out += "\xef\xbf\xbd";
  }
  return out;
}

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
