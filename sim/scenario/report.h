// Reports made from results: text for people, JSON and JUnit XML for machines, files per scenario.
#pragma once
#include <string>
#include <vector>

#include "sim/scenario/result.h"
#include "sim/scenario/scenario.h"

namespace xs::scenario {

/// What happened per step, consoles interleaved, frames by owner and step, counters.
std::string text_report(const RunResult& result);
/// The part of text_report that matters when many scenarios run: one line, and the reason of a failure.
std::string summary_line(const RunResult& result);

/// Everything but P2M dumps. Hashes are hexadecimal strings, times picoseconds.
Json to_json(const RunResult& result);
/// Inverse of to_json; throws Error when `json` is not such a document.
RunResult from_json(const Json& json);

/// Bytes that are not UTF-8 (a file's name may hold any) become U+FFFD. `indent` -1: one line.
std::string json_text(const Json& json, int indent);

/// One JUnit document for all: a test case per scenario.
std::string junit_report(const std::vector<RunResult>& results);

/// report.txt, report.json, consoles/<source>.txt, p2m/<domain>.txt below `directory`, which is made.
void write_artifacts(const RunResult& result, const std::string& directory);
/// Writes all or throws Error naming the file and the reason (no such directory, disk full, ...).
void write_file(const std::string& file, std::string_view text);

}  // namespace xs::scenario
