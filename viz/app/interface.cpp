#include "viz/app/interface.h"

#include <imgui.h>

#include <algorithm>
#include <utility>

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
  if (workspace_.choice.translation_seen) wish.translation = workspace_.choice.translation;
  workspace_.choice.translation_seen = false;
  wish.counts = std::exchange(workspace_.choice.hovered, std::nullopt);
  if (workspace_.choice.look.colouring == Colouring::dirty) wish.dirty = workspace_.choice.dirty_since;
  m.run->wish(wish);
}

namespace {

bool pressed(int key) { return ImGui::IsKeyPressed(key); }

}  // namespace

void Interface::shortcuts() {
  const ImGuiIO& io = ImGui::GetIO();
  Choice& choice = workspace_.choice;
  if (io.MouseClicked[0] || io.MouseClicked[1]) choice.walking = false;
  if (io.WantTextInput) return;
  if (io.KeyCtrl && (pressed('-') || pressed(key::keypad_minus))) choice.font_scale /= 1.1;
  if (io.KeyCtrl && (pressed('=') || pressed(key::keypad_plus))) choice.font_scale *= 1.1;
  if (pressed(key::f1 + 1)) choice.look.dark = !choice.look.dark;
  if (pressed(key::f1 + 5)) choice.walking = !choice.walking;
  if (!choice.walking) through_recording();
  if (!workspace_.machine().run) return;
  if (io.KeyCtrl && pressed('R')) choice.restart = true;
  through_run(*workspace_.machine().run);
}

void Interface::through_recording() {
  const ImGuiIO& io = ImGui::GetIO();
  Transport& transport = workspace_.machine().transport;
  if (pressed(' ')) transport.playing() ? transport.stand() : transport.play();
  if (pressed(key::end)) transport.follow();
  if (pressed(key::home)) transport.go(0);
  const Stride stride = io.KeyCtrl ? Stride::step : io.KeyShift ? Stride::hypercall : Stride::change;
  if (pressed(key::right)) transport.stride(stride, true);
  if (pressed(key::left)) transport.stride(stride, false);
}

void Interface::through_run(RunControl& run) {
  const RunState state = run.status().state;
  if (pressed(key::f1 + 4)) state == RunState::paused ? run.run(0) : run.pause();
  if (state != RunState::paused) return;
  if (pressed(key::f1 + 7)) run.step(RunStep::change);
  if (pressed(key::f1 + 8)) run.step(RunStep::hypercall);
  if (pressed(key::f1 + 9)) run.step(RunStep::instruction);
}

// ImGui's own navigation takes the arrows and space; it is on only while they are not the recording's.
void Interface::lend_keys() {
  ImGuiIO& io = ImGui::GetIO();
  const bool walks = (io.ConfigFlags & ImGuiConfigFlags_NavEnableKeyboard) != 0;
  if (walks == workspace_.choice.walking) return;
  io.ConfigFlags ^= ImGuiConfigFlags_NavEnableKeyboard;
  if (!walks) ImGui::SetWindowFocus(main_window);
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
  lend_keys();
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
