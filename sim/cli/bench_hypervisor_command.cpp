// `bench hypervisor`: what requests of a kernel cost natively, as dom0 and as domU, in simulated counters.
// Each column is a process: there is one simulation in each.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "sim/bench/measure.h"
#include "sim/cli/bench_hypervisor.h"
#include "sim/cli/commands.h"
#include "sim/cli/guest_bench.h"
#include "sim/cli/output.h"
#include "sim/core/error.h"
#include "sim/scenario/report.h"

namespace xs::cli {
namespace {

using report::Count;
using report::GuestFigures;
using scenario::Json;

struct Column {
  GuestBench what;
  GuestFigures figures;
  std::string label() const { return what.model.empty() ? what.role : what.role + " " + what.model; }
};

struct Row {
  const char *name, *what;
  const char* less = "";  ///< what is taken off: the same loop without it
};
constexpr Row rows[] = {
    {"hypercall", "hypercall, there and back"},
    {"null-syscall", "system call that does nothing"},
    {"process-switch", "switch to another process (yield)"},
    {"page-fault", "page fault: first touch of a page"},
    {"forget-and-touch", "TLB miss of a process", "forget"},
    {"privileged", "privileged instruction: a read"},
    {"privileged-kr", "privileged instruction: a write"},
    {"hyperprivop-slow", "the read by hyperprivop (slow)"},
    {"hyperprivop-fast", "the write by hyperprivop (fast)"},
    {"boot", "boot, to the first command"},
};

std::vector<Column> columns_of(const std::string& arch, unsigned rounds) {
  const bool x86 = arch == "x86_64";
  std::vector<Column> all = {{{arch, "native", "", rounds}, {}}};
  for (const char* model : {x86 ? "direct" : "identity", "translated"})
    all.push_back({{arch, "dom0", model, rounds}, {}});
  if (x86) all.push_back({{arch, "domU", "direct", rounds}, {}});
  all.push_back({{arch, "domU", "translated", rounds}, {}});
  return all;
}

GuestFigures measure(const GuestBench& what) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  std::istringstream lines(bench::output_of({self, "bench-guest", what.arch, what.role, "--model", what.model,
                                             "--rounds", std::to_string(what.rounds)}));
  GuestFigures all;
  std::string name;
  Count count;
  while (lines >> name >> count.instructions >> count.cycles) all[name] = count;
  return all;
}

/// None when the guest has no such operation.
const Count* figure(const Column& column, const std::string& name) {
  const auto it = column.figures.find(name);
  return it == column.figures.end() ? nullptr : &it->second;
}

std::optional<Count> cost(const Column& column, const Row& row) {
  const Count* all = figure(column, row.name);
  if (all == nullptr) return std::nullopt;
  const Count* less = figure(column, row.less);
  if (less == nullptr) return *all;
  return Count{all->instructions - less->instructions, all->cycles - less->cycles};
}

void add_table(std::string& out, const std::string& head, const std::vector<Column>& columns,
               double Count::*figure) {
  out += fmt::format("  {:<34}", head);
  for (const Column& c : columns) out += fmt::format(" {:>16}", c.label());
  out += '\n';
  for (const Row& row : rows) {
    std::string line = fmt::format("  {:<34}", row.what);
    bool any = false;
    for (const Column& c : columns) {
      const std::optional<Count> count = cost(c, row);
      any |= count.has_value();
      line += fmt::format(" {:>16}", count ? fmt::format("{:.0f}", (*count).*figure) : "-");
    }
    if (any) out += line + '\n';
  }
}

std::string text_of(const std::string& arch, const std::vector<Column>& columns) {
  std::string out = arch + '\n';
  add_table(out, "instructions", columns, &Count::instructions);
  add_table(out, "cycles of the timing model", columns, &Count::cycles);
  return out;
}

Json json_of(const std::vector<Column>& columns) {
  Json all = Json::array();
  for (const Column& c : columns) {
    Json figures = Json::object();
    for (const Row& row : rows)
      if (const std::optional<Count> count = cost(c, row))
        figures[row.name] = {{"instructions", count->instructions}, {"cycles", count->cycles}};
    all.push_back(
        {{"arch", c.what.arch}, {"role", c.what.role}, {"model", c.what.model}, {"figures", figures}});
  }
  return all;
}

}  // namespace

int bench_hypervisor(const std::vector<std::string>& archs, unsigned rounds, const std::string& json) {
  const bool told = ::isatty(STDERR_FILENO) != 0;
  Json all = Json::array();
  if (!json.empty()) scenario::write_file(json, "");  // better now than when all has been measured
  for (const std::string& arch : archs) {
    std::vector<Column> columns = columns_of(arch, rounds);
    for (Column& c : columns) {
      if (told) std::fprintf(stderr, "\r\033[K%s %s", arch.c_str(), c.label().c_str());
      c.figures = measure(c.what);
    }
    if (told) std::fprintf(stderr, "\r\033[K");
    print(text_of(arch, columns));
    for (Json& c : json_of(columns)) all.push_back(std::move(c));
  }
  if (!json.empty())
    scenario::write_file(json,
                         scenario::json_text({{"rounds", rounds}, {"columns", std::move(all)}}, 1) + "\n");
  return 0;
}

void add_bench_guest(CLI::App& app, Action& action) {
  auto o = std::make_shared<GuestBench>();
  CLI::App* c = app.add_subcommand("bench-guest", "One column of `bench hypervisor`")->group("");
  c->add_option("arch", o->arch)->required();
  c->add_option("role", o->role)->required()->check(CLI::IsMember({"native", "dom0", "domU"}));
  c->add_option("--model", o->model);
  c->add_option("--rounds", o->rounds);
  c->callback([o, &action] {
    action = [o] {
      std::string out;
      for (const auto& [name, count] : run_guest_bench(*o))
        out += fmt::format("{} {:.3f} {:.3f}\n", name, count.instructions, count.cycles);
      print(out);
      return 0;
    };
  });
}

}  // namespace xs::cli
