// `view`: the visualizer, of a scenario that runs or of traces.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "sim/cli/commands.h"
#include "sim/cli/end_on_signal.h"
#include "sim/cli/run_options.h"
#include "sim/cli/work_directory.h"
#include "sim/observe/trace_format.h"
#include "viz/app/app.h"

namespace xs::cli {
namespace {

struct ViewCommand {
  std::vector<std::string> files;
  RunOptions run;
  viz::AppOptions app;
  std::string theme = "dark", colour, size = "1280x800", use = "read", vcpu;
};

bool is_trace(const std::string& file) {
  if (file.ends_with(".trace")) return true;  // what it holds is then the trace reader's to judge
  std::ifstream in(file, std::ios::binary);
  char magic[8] = {};
  in.read(magic, sizeof magic);
  return std::memcmp(magic, observe::trace_magic, sizeof magic) == 0;
}

void set_size(const std::string& text, viz::AppOptions& app) {
  char rest = 0;
  if (std::sscanf(text.c_str(), "%ux%u%c", &app.width, &app.height, &rest) != 2 || app.width < 320 ||
      app.height < 200 || app.width > 8192 || app.height > 8192)
    throw Error("--size " + text + ": must be WIDTHxHEIGHT, from 320x200 to 8192x8192");
}

void set_translation(const ViewCommand& c, viz::AppOptions& app) {
  for (const AddressUse use : {AddressUse::fetch, AddressUse::read, AddressUse::write})
    if (c.use == viz::use_name(use)) app.use = use;
  if (c.vcpu.empty()) return;
  app.subject = viz::subject_of(c.vcpu);
  if (!app.subject) throw Error("--vcpu " + c.vcpu + ": must be a CPU (cpu0) or a VCPU (d1v0)");
}

/// This program with these arguments, in this process's place.
[[noreturn]] void run_anew() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(in, word, '\0');) words.push_back(word);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv("/proc/self/exe", arguments.data());
  throw Error(std::string("the run cannot begin anew: ") + std::strerror(errno));
}

viz::ViewEnd view(const ViewCommand& c) {
  viz::AppOptions app = c.app;
  set_size(c.size, app);
  app.dark = c.theme == "dark";
  app.arch = c.run.arch;
  app.colouring = viz::colouring_of(c.colour);
  set_translation(c, app);
  const WorkDirectory work;
  app.work_directory = work.path();
  const EndOnSignal end_on_signal(work.path());
  if (!is_trace(c.files.front())) {
    if (c.files.size() > 1) throw Error("one scenario at a time; several traces can be viewed side by side");
    app.scenario = load_with_options(c.files.front(), c.run);
  } else {
    app.traces = c.files;
  }
  return viz::view(app);
}

void add_looks(CLI::App& c, ViewCommand& o) {
  c.add_option("--size", o.size, "Of the window or the pictures")->type_name("WxH")->capture_default_str();
  c.add_option("--scale", o.app.scale, "Of the text, 0.5 to 4")
      ->check(CLI::Range(0.5, 4.0))
      ->capture_default_str();
  c.add_option("--theme", o.theme)->check(CLI::IsMember({"dark", "light"}))->capture_default_str();
  c.add_option("--panel", o.app.panel, "This view alone")->type_name("NAME");
  c.add_option("--tab", o.app.tab, "This view's tab in front")->type_name("NAME");
  c.add_option("--colour", o.colour, "Colours of the map")
      ->check(CLI::IsMember({"owner", "type", "age", "changed", "dirty"}));
  c.add_option("--frame", o.app.mfn, "Frame to be pinned")->type_name("MFN");
  c.add_option("--domain", o.app.domid, "Domain whose P2M is shown")->type_name("N");
  c.add_option("--va", o.app.va, "Address whose translation is shown, instead of the program counter")
      ->type_name("ADDRESS");
  c.add_option("--use", o.use, "What it is used for")
      ->check(CLI::IsMember({"fetch", "read", "write"}))
      ->capture_default_str();
  c.add_option("--vcpu", o.vcpu, "By whose tables: a CPU (cpu0) or a VCPU (d1v0)")->type_name("WHO");
  c.add_option("--at", o.app.at, "Moment to show: a time (12.5ms), or a step by number or name")
      ->type_name("WHEN");
  c.add_option("--since", o.app.since, "Moment to compare with")->type_name("WHEN");
}

}  // namespace

void add_view(CLI::App& app, Action& action) {
  auto o = std::make_shared<ViewCommand>();
  CLI::App* c =
      app.add_subcommand("view", "Show who owns every frame: of a scenario as it runs, or of traces");
  c->add_option("files", o->files, "A scenario, or traces side by side")->required();
  add_scenario_options(*c, o->run);
  c->add_option("--arch", o->run.arch, "Architecture of the machine")
      ->check(CLI::IsMember({"x86_64", "ia64"}))
      ->capture_default_str();
  c->add_flag("--paused", o->app.paused, "Wait before the first instruction");
  c->add_option("--trace", o->app.trace_file, "Keep the recording of a scenario")->type_name("FILE");
  add_looks(*c, *o);
  c->add_option("--screenshot", o->app.screenshot, "Write a picture instead of opening a window")
      ->type_name("FILE");
  c->add_option("--record", o->app.record, "Write numbered pictures of the whole run")->type_name("DIR");
  c->add_option("--seconds", o->app.record_s, "Length of what is recorded")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  c->add_option("--fps", o->app.record_fps, "Pictures a second")
      ->check(CLI::Range(1u, 60u))
      ->capture_default_str();
  c->footer("Example: xenoscope view scenarios/demo/balloon.json --screenshot balloon.png --at 3");
  c->callback([o, &action] {
    action = [o] {
      const viz::ViewEnd end = view(*o);
      if (end.restart) run_anew();
      return end.exit_code;
    };
  });
}

}  // namespace xs::cli
