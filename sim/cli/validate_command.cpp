#include <fmt/format.h>

#include <filesystem>

#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/run_options.h"
#include "sim/cli/scenario_files.h"

namespace xs::cli {
namespace {

int validate(const RunOptions& o) {
  int code = 0;
  for (const std::string& file : scenario_files(o.paths)) {
    std::string text;
    try {
      const scenario::Scenario s = load_with_options(file, o);
      text = fmt::format("{}: ok: {}, {} steps\n", file, s.name, s.steps.size());
    } catch (const Error& e) {
      std::fprintf(stderr, "xenoscope: %s\n", e.what());
      code = static_cast<int>(e.code());
    }
    print(text);
  }
  return code;
}

int list(const RunOptions& o) {
  for (const std::string& file : scenario_files(o.paths)) {
    if (!std::filesystem::exists(file)) throw Error(file + ": No such file or directory");
    std::string text;
    try {
      const scenario::Scenario s = load_with_options(file, o);
      text = fmt::format("{:<22} {:<44} {}\n", s.name, file, s.description);
    } catch (const Error&) {
      text = fmt::format("{:<22} {:<44} (not a valid scenario; see `xenoscope validate`)\n", "-", file);
    }
    print(text);
  }
  return 0;
}

}  // namespace

void add_validate(CLI::App& app, Action& action) {
  auto o = std::make_shared<RunOptions>();
  CLI::App* c = app.add_subcommand("validate", "Check scenario files without running them");
  c->add_option("paths", o->paths, "Scenario files and directories")->required();
  c->add_option("--set", o->settings, "Override a parameter: NAME=VALUE")->type_name("NAME=VALUE");
  c->footer("Example: xenoscope validate scenarios");
  c->callback([o, &action] { action = [o] { return validate(*o); }; });
}

void add_list(CLI::App& app, Action& action) {
  auto o = std::make_shared<RunOptions>();
  o->paths = {"scenarios"};
  CLI::App* c = app.add_subcommand("list", "List the scenarios in files and directories");
  c->add_option("paths", o->paths, "Scenario files and directories")->capture_default_str();
  c->footer("Example: xenoscope list scenarios/regression");
  c->callback([o, &action] { action = [o] { return list(*o); }; });
}

}  // namespace xs::cli
