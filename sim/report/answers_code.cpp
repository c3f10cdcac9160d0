// Lines of code, one binary or several, and what there is none of yet.
#include <fmt/format.h>

#include <set>

#include "sim/report/answers.h"

namespace xs::report {
namespace {

Cell word(const std::string& text) { return {Cell::Kind::text, text, ""}; }
Cell told(const std::string& text) { return {Cell::Kind::figure, text, ""}; }
Cell count(u64 n) { return {Cell::Kind::figure, std::to_string(n), ""}; }

Row part_row(const CodePart& part, const Facts& facts) {
  u64 lines = 0;
  Words names;
  for (const char* file : part.files) {
    const auto it = facts.lines.find(file);
    if (it == facts.lines.end())
      return {part.what, {{Cell::Kind::failed, "", fmt::format("{} is not there", file)}, word("")}};
    lines += it->second;
    names.emplace_back(file);
  }
  return {part.what, {count(lines), word(fmt::format("{}", fmt::join(names, " ")))}};
}

/// A line for each side.
Commands counting() {
  Commands how{"Counted by:", {}};
  std::string side;
  for (const CodePart& part : code_parts()) {
    if (side != part.side) how.lines.emplace_back("scripts/porting-counts --of");
    side = part.side;
    for (const char* file : part.files) how.lines.back() += std::string(" ") + file;
  }
  return how;
}

constexpr std::string_view said = "kernel: ", model = ", memory model ";

/// "dom0 direct" of what a kernel says when it begins.
std::string role_of(const std::string& line) {
  const std::size_t begin = line.find(said), end = line.find(',', begin), at = line.find(model, begin);
  if (begin == std::string::npos || end == std::string::npos || at == std::string::npos) return "";
  return line.substr(begin + said.size(), end - begin - said.size()) + " " + line.substr(at + model.size());
}

/// How often the kernel began in which role, in all runs of an architecture.
std::map<std::string, u64> roles_in(const Runs& runs, const std::string& arch) {
  std::map<std::string, u64> roles;
  for (const auto& [key, result] : runs.results())
    if (key.arch == arch)
      for (const scenario::ConsoleLine& line : result.console)
        if (const std::string role = role_of(line.text); !role.empty() && line.source != "operator")
          ++roles[role];
  return roles;
}

/// What dom0 said of the file that domains are made of, in all runs in which it was asked.
std::string archive_hashes(const Runs& runs, const std::string& arch) {
  std::set<std::string> hashes;
  for (const auto& [key, result] : runs.results())
    for (const scenario::StepResult& s : result.steps)
      if (key.arch == arch && s.command == "hash kernel" && !s.answer.empty())
        hashes.insert(s.answer.front().substr(0, s.answer.front().find(' ')));
  return fmt::format("{}", fmt::join(hashes, " "));
}

}  // namespace

void add_code(const Facts& facts, Section& section) {
  Table t{"Lines of code", "what they are for", {{"", "lines"}, {"", "files"}}, {}};
  std::string side;
  for (const CodePart& part : code_parts()) {
    if (side != part.side) t.rows.push_back({side = part.side, {}});
    t.rows.push_back(facts.no_sources.empty()
                         ? part_row(part, facts)
                         : Row{part.what, {{Cell::Kind::none, "", facts.no_sources}, word("")}});
  }
  section.blocks.push_back(std::move(t));
  section.blocks.push_back(counting());
}

void add_drivers(Columns& columns, Section& section) {
  const Workload& w = workload_named("driver");
  const Measure file = {"", Measure::From::time, "", 1e-3, 2};
  Table t{"Which objects of the disk driver dom0 can use: simulated ms to read and sum its kernel's file",
          "object",
          {},
          {}};
  for (const Column& c : columns.all()) t.columns.push_back(c.head());
  for (const char* object : {"native", "paravirtual", "transparent"}) {
    t.rows.push_back(columns.row(w, file, true, {fmt::format("driver={}", object)}));
    t.rows.back().name = object;
  }
  section.blocks.push_back(folded(std::move(t)));
  section.blocks.push_back(columns.commands(w, {file}, true, {"driver=paravirtual,transparent"}));
}

void add_binary(Columns& columns, const Facts& facts, Section& section) {
  Table t{"The kernel's file, and the roles in which it ran",
          "",
          {},
          {{"hash of the file", {}}, {"hash, as dom0 reads it from the archive", {}}, {"the same file", {}}}};
  std::set<std::string> names;
  for (const Architecture& a : architectures()) {
    t.columns.push_back({"", a.title});
    const auto file = facts.kernel.find(a.name);
    const std::string own = file == facts.kernel.end() ? "" : file->second,
                      archived = archive_hashes(columns.runs(), a.name);
    t.rows[0].cells.push_back(own.empty() ? Cell{} : told(own));
    t.rows[1].cells.push_back(archived.empty() ? Cell{} : told(archived));
    t.rows[2].cells.push_back(own.empty() || archived.empty() ? Cell{}
                                                              : told(own == archived ? "yes" : "no"));
    for (const auto& [role, n] : roles_in(columns.runs(), a.name)) names.insert(role);
  }
  for (const std::string& role : names) {
    Row row{"times that it began as " + role, {}};
    for (const Architecture& a : architectures())
      row.cells.push_back(count(roles_in(columns.runs(), a.name)[role]));
    t.rows.push_back(std::move(row));
  }
  section.blocks.push_back(std::move(t));
  section.blocks.push_back(
      columns.commands(workload_named("create"), {{"", Measure::From::lines, ""}}, false));
}

void add_migration(Columns& columns, Section& section) {
  Table t{"What the toolstack answers to the verb", "verb", {}, {}};
  for (const Column& c : columns.all()) t.columns.push_back(c.head());
  for (const char* verb : later_verbs()) {
    Row row{verb, {}};
    for (const Column& c : columns.all()) {
      const std::string* answer = columns.offered_answer(c, fmt::format("verb {}", verb));
      if (const std::optional<Cell> no = columns.no_dom0(c))
        row.cells.push_back(*no);
      else
        row.cells.push_back(
            answer == nullptr ? Cell{} : word(answer->substr(std::min<std::size_t>(2, answer->size()))));
    }
    t.rows.push_back(std::move(row));
  }
  section.blocks.push_back(folded(std::move(t)));
  Commands how{"Asked by:", {}};
  for (const Column& c : columns.all())
    if (!columns.no_dom0(c)) how.lines.push_back(command_of(columns.offered_key(c)));
  section.blocks.push_back(std::move(how));
}

}  // namespace xs::report
