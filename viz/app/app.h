// The visualizer as a whole: `view` of a scenario, which runs in this process, or of traces.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/scenario.h"
#include "viz/model/frame_palette.h"
#include "viz/model/translation.h"

namespace xs::viz {

struct AppOptions {
  // What is looked at: one scenario, or traces side by side.
  std::optional<scenario::Scenario> scenario;
  std::string arch = "x86_64";
  bool paused = false;     ///< a scenario waits before its first instruction
  std::string trace_file;  ///< where a scenario's recording goes; empty: into work_directory
  std::string work_directory;
  std::vector<std::string> traces;

  // How.
  u32 width = 1280, height = 800;
  double scale = 1;
  bool dark = true;
  std::string panel;                   ///< a view's name: it alone; empty: all
  std::string tab;                     ///< the view whose tab is in front
  std::optional<Colouring> colouring;  ///< none: by owner, or as a lesson's steps say
  std::optional<u64> mfn;              ///< frame to be pinned
  std::optional<u32> domid;            ///< none: dom0
  std::optional<u64> va;               ///< whose translation is shown; none: the program counter's
  AddressUse use = AddressUse::read;   ///< of `va`
  std::optional<Subject> subject;      ///< by whose tables; none: the first CPU's
  std::string since;                   ///< time or step that is compared with
  std::string at;                      ///< time or step to stand at; empty: the end

  // Pictures instead of a window.
  std::string screenshot;  ///< PNG file
  std::string record;      ///< directory of PNG files, numbered from 0
  double record_s = 10;    ///< the whole recording takes so long
  unsigned record_fps = 10;
};

struct ViewEnd {
  int exit_code = 0;     ///< of the program (docs/cli.md): a scenario's own when it ran to its end
  bool restart = false;  ///< the user wants the same again: SystemC needs a new process for that
};
/// Throws Error.
ViewEnd view(const AppOptions& options);

}  // namespace xs::viz
