#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/scenario/report.h"

namespace xs::scenario {
namespace {

std::string milliseconds(u64 ps) { return fmt::format("{:.3f}", static_cast<double>(ps) / 1e9); }

std::string owner_label(const RunResult& r, u32 owner) {
  if (owner == XS_OWNER_XEN) return "xen";
  if (owner == XS_OWNER_FREE) return "free";
  if (owner == XS_OWNER_NONE) return "none";
  const auto it = r.domain_names.find(owner);
  return it == r.domain_names.end() ? fmt::format("dom{}", owner)
                                    : fmt::format("{} (dom{})", it->second, owner);
}

void add_steps(std::string& out, const RunResult& r) {
  out += "steps (simulated ms)\n";
  for (std::size_t i = 0; i < r.steps.size(); ++i) {
    const StepResult& s = r.steps[i];
    out += fmt::format("  {:>3} {:>12} {:>12}  {:<6}  {}\n", i, milliseconds(s.begin_ps),
                       "+" + milliseconds(s.end_ps - s.begin_ps), s.passed ? "ok" : "FAILED", s.name);
    if (!s.command.empty()) out += fmt::format("        xl> {}\n", s.command);
    for (const std::string& line : s.answer) out += fmt::format("        {}\n", line);
    for (const std::string& problem : s.problems) out += fmt::format("      ! {}\n", r.located(s, problem));
    if (!s.skipped.empty()) out += fmt::format("        not checked: {}\n", fmt::join(s.skipped, "; "));
  }
}

void add_console(std::string& out, const RunResult& r) {
  if (r.console.empty()) return;
  out += "\nconsoles (simulated ms, source)\n";
  for (const ConsoleLine& c : r.console)
    out += fmt::format("  {:>12} {:<8} | {}\n", milliseconds(c.time_ps), c.source, c.text);
}

/// Owners in the order hypervisor, free, domains by id: the columns of the ownership tables.
std::vector<u32> owners_of(const RunResult& r) {
  std::set<u32> seen;
  for (const StepResult& s : r.steps)
    for (const auto& row : s.ownership.rows) seen.insert(row.owner);
  std::vector<u32> out;
  for (const u32 special : {XS_OWNER_XEN, XS_OWNER_FREE, XS_OWNER_NONE})
    if (seen.erase(special)) out.push_back(special);
  out.insert(out.end(), seen.begin(), seen.end());
  return out;
}

void add_ownership(std::string& out, const RunResult& r) {
  const std::vector<u32> owners = owners_of(r);
  if (owners.empty()) return;
  const auto row = [&](const std::string& first, auto cell) {
    out += fmt::format("  {:<34.34}", first);
    for (const u32 owner : owners) out += fmt::format(" {:>18}", cell(owner));
    out += '\n';
  };
  out += "\nmachine frames by owner after each step: frames (MiB)\n";
  row("", [&](u32 owner) { return owner_label(r, owner); });
  for (std::size_t i = 0; i < r.steps.size(); ++i) {
    const StepResult& s = r.steps[i];
    if (!s.observed) continue;
    row(fmt::format("{:>3} {}", i, s.name), [&](u32 owner) {
      const u64 frames = frames_of(s.ownership, owner);
      return fmt::format("{} ({:.2f})", frames, static_cast<double>(frames) / 256);
    });
  }
}

constexpr struct {
  unsigned type;
  const char* name;
} shown_types[] = {{XS_FRAME_NONE, "none"},
                   {XS_FRAME_L1, "L1"},
                   {XS_FRAME_L2, "L2"},
                   {XS_FRAME_L3, "L3"},
                   {XS_FRAME_L4, "L4"},
                   {XS_FRAME_SEGDESC, "segdesc"},
                   {XS_FRAME_WRITABLE, "writable"},
                   {XS_FRAME_SHARED, "shared"},
                   {XS_FRAME_P2M, "p2m"},
                   {XS_FRAME_SHADOW, "shadow"}};

/// Frames by type at the step where most owners had frames: the last one with a guest alive.
void add_types(std::string& out, const RunResult& r) {
  const auto widest = std::max_element(r.steps.begin(), r.steps.end(), [](const auto& a, const auto& b) {
    return a.ownership.rows.size() <= b.ownership.rows.size();
  });
  if (widest == r.steps.end() || widest->ownership.rows.empty()) return;
  out += fmt::format("\nmachine frames by owner and type after \"{}\"\n  {:<20}", widest->name, "");
  for (const auto& t : shown_types) out += fmt::format(" {:>9}", t.name);
  out += '\n';
  for (const auto& row : widest->ownership.rows) {
    out += fmt::format("  {:<20}", owner_label(r, row.owner));
    for (const auto& t : shown_types) out += fmt::format(" {:>9}", row.by_type[t.type]);
    out += '\n';
  }
}

/// Where it was asked for, and at the end.
void add_exposed(std::string& out, const RunResult& r) {
  const auto counted = [](const StepResult& s) { return !s.exposed.empty(); };
  if (std::none_of(r.steps.begin(), r.steps.end(), counted)) return;
  out += fmt::format("\nmachine numbers in domains' memory\n  {:<34} {:<18} {:>10} {:>14} {:>14} {:>12}\n",
                     "", "", "words", "of own frames", "of others'", "frames named");
  for (std::size_t i = 0; i < r.steps.size(); ++i)
    for (const observe::Exposure& e : r.steps[i].exposed)
      out += fmt::format("  {:<34.34} {:<18} {:>10} {:>14} {:>14} {:>12}\n",
                         fmt::format("{:>3} {}", i, r.steps[i].name), owner_label(r, e.domid), e.words, e.own,
                         e.others, e.frames);
}

void add_counters(std::string& out, const RunResult& r) {
  if (r.counters.empty()) return;
  out += "\ncounters\n";
  for (const auto& [name, value] : r.counters) out += fmt::format("  {:<40} {:>16}\n", name, value);
}

}  // namespace

std::string summary_line(const RunResult& r) {
  return fmt::format("{:<11} {:<24} {:>10} ms simulated, {:>6.2f} s wall{}{}\n", verdict_name(r.exit_code),
                     r.scenario, milliseconds(r.simulated_ps), r.wall_s, r.message.empty() ? "" : ": ",
                     r.message);
}

std::string text_report(const RunResult& r) {
  std::string out = fmt::format("scenario {} ({}, seed {}): {} (exit code {})\n", r.scenario, r.arch, r.seed,
                                verdict_name(r.exit_code), r.exit_code);
  if (!r.description.empty()) out += "  " + r.description + "\n";
  if (!r.message.empty()) out += "  reason: " + r.message + "\n";
  out += '\n';
  add_steps(out, r);
  if (!r.backtrace.empty()) {
    out += "\nwhere the processors stood\n";
    for (const std::string& line : r.backtrace) out += "  " + line + "\n";
  }
  add_console(out, r);
  add_ownership(out, r);
  add_types(out, r);
  add_exposed(out, r);
  add_counters(out, r);
  out += fmt::format("\nsimulated {} ms in {:.2f} s; execution hash {:016x}", milliseconds(r.simulated_ps),
                     r.wall_s, r.execution_hash);
  if (r.observed) out += fmt::format("; trace hash {:016x}", r.trace_hash);
  return out + "\n";
}

}  // namespace xs::scenario
