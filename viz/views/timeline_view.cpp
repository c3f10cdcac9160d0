// What the domains did, a lane each: the wheel zooms, dragging with the right button moves, a click goes
// there.
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "viz/model/frame_detail.h"
#include "viz/model/timeline.h"
#include "viz/views/legend.h"
#include "viz/views/view.h"

namespace xs::viz {
namespace {

struct Look {
  ActivityKind kind;
  u32 colour;
};
constexpr Look marks[] = {{ActivityKind::fault, rgb(0xd55e00)},  {ActivityKind::interrupt, rgb(0x8a8f98)},
                          {ActivityKind::event, rgb(0x009e73)},  {ActivityKind::bounce, rgb(0xcc79a7)},
                          {ActivityKind::shadow, rgb(0xe69f00)}, {ActivityKind::flush, rgb(0x56b4e9)},
                          {ActivityKind::flip, rgb(0xf0e442)},   {ActivityKind::balloon, rgb(0xb07aff)},
                          {ActivityKind::life, rgb(0xf0e442)}};
constexpr u32 hypercall_colour = rgb(0x2e86c1);

struct Axis {
  float left, width;
  u64 begin, end;
  float x(u64 time) const { return left + width * float(double(i64(time - begin)) / double(end - begin)); }
  u64 time(float at) const {
    const double part = std::clamp(double((at - left) / width), 0.0, 1.0);
    return begin + u64(part * double(end - begin));
  }
};

void draw_legend() {
  draw_legend_entry("hypercall", hypercall_colour);
  for (const Look& l : marks)
    if (l.kind != ActivityKind::life) draw_legend_entry(activity_name(l.kind), l.colour);
  ImGui::NewLine();
}

/// A line where each step begins, and its name as far as the next one's leaves room.
void draw_steps(const Ui& ui, const MachineTab& m, const Axis& axis, float top, float bottom) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Palette& colours = ui.style.colours();
  const auto& steps = m.recording.steps();
  const float line = ImGui::GetTextLineHeight(), end = axis.left + axis.width;
  float next = end;
  for (auto s = steps.rbegin(); s != steps.rend(); ++s) {
    if (s->begin_ps < axis.begin || s->begin_ps >= axis.end) continue;
    const float x = axis.x(s->begin_ps);
    draw->AddLine({x, top}, {x, bottom}, s->passed || s->end_ps == 0 ? colours.good : colours.bad);
    if (next - x < ImGui::GetFontSize() * 2) continue;  // no room for a word
    draw->PushClipRect({x, top}, {next - 2, top + line}, true);
    draw->AddText({x + 3, top}, colours.text, s->name.c_str());
    draw->PopClipRect();
    next = x;
  }
}

/// Above the lanes: times, and the scenario's steps.
void draw_axis(const Ui& ui, const MachineTab& m, const Axis& axis, ImVec2 at, float bottom) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Palette& colours = ui.style.colours();
  const float line = ImGui::GetTextLineHeight();
  const u64 step = axis_step(u64(double(axis.end - axis.begin) * ImGui::GetFontSize() * 7 / axis.width));
  for (u64 t = (axis.begin + step - 1) / step * step; t < axis.end; t += step) {
    draw->AddLine({axis.x(t), at.y}, {axis.x(t), bottom}, colours.grid);
    draw->AddText({axis.x(t) + 3, at.y}, colours.faint_text, short_time(t).c_str());
  }
  draw_steps(ui, m, axis, at.y + line, bottom);
}

void draw_lane(const Ui& ui, const Lane& lane, const Axis& axis, float top, float height) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float column = axis.width / float(lane.columns.size());
  const float middle = top + height * 0.45F;
  draw->AddRectFilled({axis.left, middle - 1}, {axis.left + axis.width, middle}, ui.style.colours().grid);
  for (std::size_t c = 0; c < lane.columns.size(); ++c) {
    const LaneColumn& it = lane.columns[c];
    const float x = axis.left + column * float(c);
    if (it.in_hypercall) draw->AddRectFilled({x, top + 1}, {x + column, middle}, hypercall_colour);
    float y = middle + 1;
    for (const Look& l : marks) {
      const u32 n = it.count[static_cast<unsigned>(l.kind)];
      if (n == 0) continue;
      const float h = height * 0.12F * std::min(1.0F + std::log2(float(n)) * 0.25F, 2.0F);
      if (y + h > top + height) break;
      draw->AddRectFilled({x, y}, {x + std::max(column, 1.5F), y + h}, l.colour);
      y += h;
    }
  }
}

void zoom(const Axis& axis, u64 whole, TimeWindow& window) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.MouseWheel != 0) {
    const double t = double(axis.time(io.MousePos.x)), factor = std::pow(0.8, double(io.MouseWheel));
    const double begin = t - (t - double(axis.begin)) * factor, end = t + (double(axis.end) - t) * factor;
    window = {u64(std::max(begin, 0.0)), u64(std::max(end, begin + 1000))};
  }
  if (ImGui::IsMouseDragging(1)) {
    const double moved = -double(io.MouseDelta.x) / double(axis.width) * double(axis.end - axis.begin);
    const double begin = std::max(0.0, double(axis.begin) + moved);
    window = {u64(begin), u64(begin) + (axis.end - axis.begin)};
  }
  if (window.begin_ps == 0 && window.end_ps >= whole) window = {};
}

void describe(const MachineTab& m, const Lane* lane, u64 begin, u64 end) {
  std::string text = short_time(begin);
  if (lane) {
    text += "  " + m.scene.owner_label(lane->domid);
    for (const Activity* a : activities_in(m.recording, lane->domid, begin, end, 8))
      text += fmt::format("\n{}  {}{}", short_time(a->begin_ps), activity_text(m.recording, *a),
                          a->end_ps > a->begin_ps ? ", " + short_time(a->end_ps - a->begin_ps) : "");
  }
  ImGui::SetTooltip("%s", text.c_str());
}

/// Room for the domains' names in front of their lanes.
float width_of_names(const MachineTab& m) {
  float width = ImGui::GetFontSize() * 6;
  for (const auto& [domid, record] : m.scene.state().domains())
    width = std::max(width,
                     ImGui::CalcTextSize(m.scene.owner_label(domid).c_str()).x + ImGui::GetFontSize() * 0.5F);
  return std::min(width, ImGui::GetContentRegionAvail().x / 3);
}

}  // namespace

void draw_timeline(Ui& ui) {
  MachineTab& m = ui.workspace.machine();
  TimeWindow& window = ui.workspace.choice.window;
  const u64 whole = std::max<u64>(m.recording.last_ps(), 1000);
  draw_legend();
  const float names = width_of_names(m), line = ImGui::GetTextLineHeight();
  const ImVec2 at = ImGui::GetCursorScreenPos(), space = ImGui::GetContentRegionAvail();
  Axis axis{at.x + names, std::max(space.x - names, 16.0F), 0, whole};
  if (window.end_ps != 0) axis.begin = window.begin_ps, axis.end = window.end_ps;
  const Timeline t = timeline(m.recording, axis.begin, axis.end, u32(axis.width / 2));
  const float head = line * 2.2F, lane_height = std::max(line * 1.7F, 12.0F);
  const float bottom = std::max(at.y + head + lane_height * float(t.lanes.size()), at.y + space.y);

  ImGui::InvisibleButton("lanes", {std::max(space.x, 16.0F), std::max(bottom - at.y, 16.0F)},
                         ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool hovered = ImGui::IsItemHovered() && mouse.x >= axis.left;
  if (ImGui::IsItemActive() && ImGui::IsMouseDown(0)) m.transport.go_to_time(axis.time(mouse.x));
  draw_axis(ui, m, axis, at, bottom);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Lane* under = nullptr;
  for (std::size_t i = 0; i < t.lanes.size(); ++i) {
    const float top = at.y + head + lane_height * float(i);
    if (mouse.y >= top && mouse.y < top + lane_height) under = &t.lanes[i];
    draw->PushClipRect({at.x, top}, {axis.left - 2, top + lane_height}, true);
    draw->AddText({at.x, top + lane_height * 0.1F}, ui.style.colours().text,
                  m.scene.owner_label(t.lanes[i].domid).c_str());
    draw->PopClipRect();
    draw_lane(ui, t.lanes[i], axis, top, lane_height - 2);
  }
  const float now = axis.x(m.scene.time_ps());
  if (m.scene.time_ps() >= axis.begin && m.scene.time_ps() <= axis.end)
    draw->AddLine({now, at.y}, {now, bottom}, ui.style.colours().accent, 2);
  if (!hovered) return;
  const u64 column = (axis.end - axis.begin) / std::max<u64>(u64(axis.width), 1) + 1;
  describe(m, under, axis.time(mouse.x) - std::min(column, axis.time(mouse.x)), axis.time(mouse.x) + column);
  zoom(axis, whole, window);
}

}  // namespace xs::viz
