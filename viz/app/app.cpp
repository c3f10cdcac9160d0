#include "viz/app/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "sim/observe/inspect.h"
#include "viz/app/interface.h"
#include "viz/live/simulation.h"

namespace xs::viz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_digits = 9;           ///< of a step's number
constexpr std::string_view first_step = "boot";  ///< before those of the scenario

/// "12.5ms", or a step: its number from 1, or a part of its name.
u64 moment_of(const Recording& recording, const std::string& text) {
  const auto& steps = recording.steps();
  const bool number = !text.empty() && std::all_of(text.begin(), text.end(), ::isdigit);
  if (number && text.size() < most_digits) {
    const std::size_t n = std::stoul(text);
    if (n == 0 || n > steps.size())
      throw Error(fmt::format("there is no step {}: there are {}", text, steps.size()));
    return steps[n - 1].last_event + u64{1};
  }
  if (const auto time = observe::parse_time_ps(text); time && !number) return recording.moment_at(*time);
  for (const StepSpan& s : steps)
    if (s.name.find(text) != std::string::npos) return s.last_event + u64{1};
  throw Error(fmt::format("\"{}\" is neither a time nor a step's number or name", text));
}

TranslationWish translation_wish(const AppOptions& o) {
  TranslationWish wish;
  if (o.subject) wish.subject = *o.subject;
  if (o.va) wish.va = *o.va, wish.use = o.use, wish.place.reset();
  return wish;
}

void choose(Workspace& workspace, const AppOptions& o) {
  Choice& choice = workspace.choice;
  choice.translation = translation_wish(o);
  choice.look.dark = o.dark;
  if (o.colouring) choice.look.colouring = *o.colouring;
  choice.font_scale = o.scale;
  choice.domid = o.domid.value_or(0);
  choice.tab = o.tab;
  choice.guided = o.tab.empty() && o.panel.empty() && !o.colouring;
  const Recording& recording = workspace.machine().recording;
  if (o.mfn) {
    const u32 frame = recording.newest().ram().index(*o.mfn);
    if (frame == observe::RamMap::none) throw Error(fmt::format("frame {:#x} is no RAM", *o.mfn));
    choice.frame = frame;
  }
}

/// What can be found only when the recording has got there.
void choose_moments(Workspace& workspace, const AppOptions& o) {
  MachineTab& m = workspace.machine();
  if (o.domid && !m.recording.newest().domains().contains(*o.domid))
    throw Error(fmt::format("--domain {}: there is no such domain in {}", *o.domid, m.title));
  if (!o.since.empty()) {
    const u64 moment = moment_of(m.recording, o.since);
    workspace.choice.reference = {moment, m.recording.time_at(moment)};
  }
  if (!o.at.empty())
    for (const auto& machine : workspace.machines())
      machine->transport.go(moment_of(machine->recording, o.at));
}

const View* panel_of(const AppOptions& o) {
  const auto known = [](const std::string& name) {
    const View* view = find_view(name);
    if (view) return view;
    std::string names;
    for (const View& v : views()) names += fmt::format("{}{}", names.empty() ? "" : ", ", v.name);
    throw Error(fmt::format("there is no view \"{}\"; there are {}", name, names));
  };
  if (!o.tab.empty()) known(o.tab);
  return o.panel.empty() ? nullptr : known(o.panel);
}

/// Some frames until everything has found its place, then the picture.
void settle(Interface& interface) {
  constexpr int frames = 3;
  for (int i = 0; i < frames; ++i) interface.frame(0);
}

void take_screenshot(Workspace& workspace, Canvas& canvas, const AppOptions& o) {
  Interface interface(workspace, canvas, panel_of(o));
  settle(interface);
  save_png(o.screenshot, canvas.picture());
}

void take_record(Workspace& workspace, Canvas& canvas, const AppOptions& o) {
  std::error_code error;
  fs::create_directories(o.record, error);
  if (error) throw Error(fmt::format("{}: cannot be made: {}", o.record, error.message()));
  Interface interface(workspace, canvas, panel_of(o));
  const unsigned pictures = std::max(1u, static_cast<unsigned>(o.record_s * o.record_fps));
  for (unsigned i = 0; i < pictures; ++i) {
    for (const auto& m : workspace.machines())
      m->transport.go_to_time(m->recording.last_ps() / pictures * (i + 1));
    interface.frame(i == 0 ? 0 : 1.0 / o.record_fps);
    if (i == 0) settle(interface);
    save_png(fmt::format("{}/{:05}.png", o.record, i), canvas.picture());
  }
}

void show_window(Workspace& workspace, const AppOptions& o) {
  const auto canvas = open_window("xenoscope: " + workspace.machine().title, o.width, o.height);
  Interface interface(workspace, *canvas, panel_of(o));
  using Clock = std::chrono::steady_clock;
  for (auto last = Clock::now();;) {
    const auto now = Clock::now();
    if (!interface.frame(std::chrono::duration<double>(now - last).count())) return;
    if (workspace.choice.restart) return;
    last = now;
  }
}

void show(Workspace& workspace, const AppOptions& o) {
  if (o.screenshot.empty() && o.record.empty()) return show_window(workspace, o);
  const auto canvas = open_offscreen(o.width, o.height);
  if (!o.screenshot.empty()) take_screenshot(workspace, *canvas, o);
  if (!o.record.empty()) take_record(workspace, *canvas, o);
}

bool has_captions(const scenario::Scenario& s) {
  return !s.boot_guide.caption.empty() ||
         std::any_of(s.steps.begin(), s.steps.end(),
                     [](const scenario::Step& step) { return !step.guide.caption.empty(); });
}

/// A breakpoint at the moment that a text means, when it can be known before the run.
std::vector<Breakpoint> breakpoint_at(const scenario::Scenario& scenario, const std::string& text) {
  Breakpoint b;
  const bool number = std::all_of(text.begin(), text.end(), ::isdigit);
  if (text.empty()) return {};
  if (number && text.size() < most_digits) {
    b.on = Breakpoint::On::step_end, b.number = std::stoull(text);
  } else if (const auto time = observe::parse_time_ps(text); time && !number) {
    b.on = Breakpoint::On::time, b.number = *time;
  } else if (first_step.find(text) != std::string_view::npos) {
    b.on = Breakpoint::On::step_end, b.number = 1;
  } else {
    const auto& steps = scenario.steps;
    const auto at = std::find_if(steps.begin(), steps.end(), [&](const scenario::Step& s) {
      return s.name.find(text) != std::string::npos;
    });
    if (at == steps.end()) return {};
    b.on = Breakpoint::On::step_end, b.number = u64(at - steps.begin()) + 2;
  }
  return {b};
}

/// Runs up to the next pause; false: to the end.
bool run_to_pause(Simulation& simulation) {
  constexpr double look_again_s = 0.01;
  while (!simulation.wait(look_again_s))
    if (simulation.status().state == RunState::paused) return true;
  return false;
}

/// To the end; what only the machine itself can tell is kept as it is at the moment of the pictures.
void run_for_pictures(Simulation& simulation, const AppOptions& o) {
  const bool dirty = o.colouring == Colouring::dirty;
  ImageWish wish;
  wish.cpus = true, wish.frame = o.mfn, wish.translation = translation_wish(o);
  if (dirty) wish.dirty = 0;
  simulation.wish(wish);
  if (dirty && !o.since.empty() && run_to_pause(simulation)) {
    wish.dirty = 1;
    simulation.wish(wish);
    while (!simulation.image().dirty || simulation.image().dirty->since != *wish.dirty)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    simulation.set_breakpoints(breakpoint_at(*o.scenario, o.at));
    simulation.run(0);
  }
  if (!run_to_pause(simulation)) return;
  simulation.keep_image();
  simulation.set_breakpoints({});
  simulation.run(0);
  run_to_pause(simulation);
}

ViewEnd view_scenario(const AppOptions& o) {
  const bool pictures = !o.screenshot.empty() || !o.record.empty();
  SimulationOptions options{o.arch, o.trace_file, o.work_directory, o.paused && !pictures, !pictures, {}};
  if (options.trace_file.empty()) options.trace_file = o.work_directory + "/run.trace";
  if (!pictures && has_captions(*o.scenario))  // a lesson waits for its reader
    options.breakpoints = {{Breakpoint::On::caption, std::nullopt, std::nullopt, true}};
  if (pictures)
    options.breakpoints =
        breakpoint_at(*o.scenario, o.colouring == Colouring::dirty && !o.since.empty() ? o.since : o.at);
  Simulation simulation(*o.scenario, options);
  if (pictures) run_for_pictures(simulation, o);
  Workspace workspace;
  workspace.open(o.scenario->name, options.trace_file);
  workspace.machine().run = &simulation;
  if (!pictures) workspace.choice.breakpoints = options.breakpoints;
  choose(workspace, o);
  if (pictures) choose_moments(workspace, o);
  show(workspace, o);
  if (workspace.choice.restart) return {0, true};
  if (!simulation.wait(0)) return {};  // the user has seen enough
  if (!simulation.result().message.empty())
    std::fprintf(stderr, "xenoscope: %s\n", simulation.result().message.c_str());
  return {simulation.result().exit_code, false};
}

}  // namespace

ViewEnd view(const AppOptions& o) {
  panel_of(o);  // its errors come before a run
  if (o.scenario) return view_scenario(o);
  Workspace workspace;
  for (const std::string& trace : o.traces) workspace.open(fs::path(trace).stem().string(), trace);
  for (const auto& m : workspace.machines()) {
    if (!m->recording.trace().complete())
      std::fprintf(stderr, "xenoscope: %s; what there is of it is shown\n",
                   m->recording.trace().damage().c_str());
    m->transport.stand();
  }
  choose(workspace, o);
  choose_moments(workspace, o);
  show(workspace, o);
  return {};
}

}  // namespace xs::viz
