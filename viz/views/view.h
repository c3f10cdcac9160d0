// A view draws one aspect of the workspace into the space that it is given. Views know the model and ImGui,
// not each other and not the simulator; what the user does goes into the workspace.
#pragma once
#include <functional>
#include <span>
#include <string>

#include "viz/draw/style.h"
#include "viz/model/workspace.h"

namespace xs::viz {

struct Ui {
  Workspace& workspace;
  Style& style;
  std::function<ImTextureID(MachineTab&)> map_texture;  ///< of the machine's map, up to date
};

struct View {
  const char* name;   ///< for --panel
  const char* title;  ///< of its tab
  void (*draw)(Ui&);
};

/// In the order of their tabs.
std::span<const View> views();
/// Null: none of that name.
const View* find_view(const std::string& name);

void draw_map(Ui& ui);
void draw_timeline(Ui& ui);
void draw_domains(Ui& ui);
void draw_p2m(Ui& ui);
void draw_links(Ui& ui);
void draw_frame(Ui& ui);
void draw_cpus(Ui& ui);
void draw_translation(Ui& ui);
void draw_consoles(Ui& ui);
void draw_dashboards(Ui& ui);
void draw_breakpoints(Ui& ui);
/// What the step that is shown says about itself; nothing when it says nothing.
void draw_caption(Ui& ui);
/// Transport, speed, steps, theme: one line.
void draw_toolbar(Ui& ui);

/// ImGui's name of the window that holds everything.
inline constexpr const char* main_window = "xenoscope";
/// All of them: toolbar, map, the others in tabs, timeline. With `panel`, only that view, filling everything.
void draw_workspace(Ui& ui, const View* panel = nullptr);

}  // namespace xs::viz
