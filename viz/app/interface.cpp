#include "viz/app/interface.h"

#include <imgui.h>

#include <algorithm>

#include "viz/draw/keys.h"

namespace xs::viz {

Interface::Interface(Workspace& workspace, Canvas& canvas, const View* panel)
    : workspace_(workspace), canvas_(canvas), panel_(panel) {}

// What the machine itself is asked for: as little as the views show.
void Interface::wish() {
  MachineTab& m = workspace_.machine();
  if (!m.run) return;
  ImageWish wish;
  wish.cpus = true;
  if (workspace_.choice.frame) wish.frame = m.scene.state().ram().mfn(*workspace_.choice.frame);
  m.run->wish(wish);
}

void Interface::shortcuts() {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.WantTextInput) return;
  MachineTab& m = workspace_.machine();
  Choice& choice = workspace_.choice;
  const auto pressed = [](int key) { return ImGui::IsKeyPressed(key); };
  if (io.KeyCtrl && (pressed('-') || pressed(key::keypad_minus))) choice.font_scale /= 1.1;
  if (io.KeyCtrl && (pressed('=') || pressed(key::keypad_plus))) choice.font_scale *= 1.1;
  if (pressed(key::f1 + 1)) choice.look.dark = !choice.look.dark;
  if (pressed(' ')) m.transport.playing() ? m.transport.stand() : m.transport.play();
  if (pressed(key::end)) m.transport.follow();
  if (pressed(key::home)) m.transport.go(0);
  const Stride stride = io.KeyCtrl ? Stride::step : io.KeyShift ? Stride::hypercall : Stride::change;
  if (pressed(key::right)) m.transport.stride(stride, true);
  if (pressed(key::left)) m.transport.stride(stride, false);
  if (!m.run) return;
  const RunState state = m.run->status().state;
  if (pressed(key::f1 + 4)) state == RunState::paused ? m.run->run(0) : m.run->pause();
  if (state != RunState::paused) return;
  if (pressed(key::f1 + 7)) m.run->step(RunStep::change);
  if (pressed(key::f1 + 8)) m.run->step(RunStep::hypercall);
  if (pressed(key::f1 + 9)) m.run->step(RunStep::instruction);
}

bool Interface::frame(double seconds) {
  workspace_.advance(seconds);
  wish();
  Choice& choice = workspace_.choice;
  choice.font_scale =
      std::clamp(choice.font_scale, double(Style::least_scale), double(Style::greatest_scale));
  style_.set_theme(choice.look.dark ? Theme::dark : Theme::light);
  style_.set_scale(float(choice.font_scale));
  style_.refresh();
  if (!canvas_.begin()) return false;
  shortcuts();
  bool maps_changed = false;
  Ui ui{workspace_, style_, [&](MachineTab& m) {
          RasterTexture& texture = textures_[&m];
          maps_changed |= texture.update(m.map.raster());
          return texture.id();
        }};
  draw_workspace(ui, panel_);
  canvas_.end(maps_changed);
  return true;
}

}  // namespace xs::viz
