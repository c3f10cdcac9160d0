// Transport of the recording and of the simulation, and how it all looks: one line.
#include <fmt/format.h>
#include <imgui.h>

#include "sim/observe/inspect.h"
#include "viz/model/timeline.h"
#include "viz/views/view.h"

namespace xs::viz {
namespace {

bool button(const char* label, const char* help) {
  const bool pressed = ImGui::Button(label);
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", help);
  ImGui::SameLine();
  return pressed;
}

void draw_run(RunControl& run, bool& restart) {
  const RunStatus status = run.status();
  if (status.state == RunState::running) {
    if (button("Pause", "stop all cores (F5)")) run.pause();
  } else if (status.state == RunState::paused) {
    if (button("Run", "let the simulation go on (F5)")) run.run(0);
    if (button("Slow", "a thousandth of real time")) run.run(1e-3);
    if (button("+1 instruction", "one instruction of the core that is stopped (F10)"))
      run.step(RunStep::instruction);
    if (button("+1 hypercall", "up to where the next hypercall begins or ends (F9)"))
      run.step(RunStep::hypercall);
    if (button("+1 change", "up to the next change of a frame (F8)")) run.step(RunStep::change);
  }
  if (button("Restart", "the same run from its beginning (Ctrl R)")) restart = true;
}

void draw_transport(Transport& t) {
  if (button("|<", "to the step before")) t.stride(Stride::step, false);
  if (button("<", "to the change before")) t.stride(Stride::change, false);
  if (t.playing() ? button("||", "stand here (space)") : button("Play", "play from here (space)"))
    t.playing() ? t.stand() : t.play();
  if (button(">", "to the next change")) t.stride(Stride::change, true);
  if (button(">|", "to the next step")) t.stride(Stride::step, true);
  ImGui::SetNextItemWidth(ImGui::GetFontSize() * 7);
  float speed = float(t.speed());
  if (ImGui::SliderFloat("##speed", &speed, float(Transport::least_speed), float(Transport::greatest_speed),
                         "%.2g x", ImGuiSliderFlags_Logarithmic))
    t.set_speed(double(speed));
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("simulated seconds a second while playing");
  ImGui::SameLine();
  if (!t.following() && button("Newest", "follow the newest event (End)")) t.follow();
}

const char* state_text(RunState state) {
  static constexpr const char* names[] = {"replay", "running", "paused", "ended"};
  return names[static_cast<unsigned>(state)];
}

std::string step_text(const MachineTab& m) {
  std::string text;
  for (const StepSpan& s : m.recording.steps())
    if (s.first_event < m.transport.moment()) text = s.name;
  return text;
}

}  // namespace

void draw_toolbar(Ui& ui) {
  MachineTab& m = ui.workspace.machine();
  Choice& choice = ui.workspace.choice;
  if (m.run) draw_run(*m.run, choice.restart);
  draw_transport(m.transport);
  if (button(choice.look.dark ? "Light" : "Dark", "the other theme (F2)"))
    choice.look.dark = !choice.look.dark;
  if (button("A-", "smaller text (Ctrl -)")) choice.font_scale /= 1.1;
  if (button("A+", "larger text (Ctrl +)")) choice.font_scale *= 1.1;
  ImGui::AlignTextToFramePadding();
  const RunStatus status = m.run ? m.run->status() : RunStatus{};
  std::string text = fmt::format("{}  {}", observe::time_text(m.scene.time_ps()), state_text(status.state));
  if (!status.text.empty()) text += ": " + status.text;
  if (const std::string step = step_text(m); !step.empty()) text += "  ·  " + step;
  const bool cut = ImGui::CalcTextSize(text.c_str()).x > ImGui::GetContentRegionAvail().x;
  ImGui::TextUnformatted(text.c_str());
  if (cut && ImGui::IsItemHovered()) ImGui::SetTooltip("%s", text.c_str());
}

}  // namespace xs::viz
