// Numbers over time: who owned how much, and how often what happened.
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "viz/model/timeline.h"
#include "viz/views/view.h"

namespace xs::viz {
namespace {

struct Plot {
  ImVec2 at, size;
  u64 end_ps;
  float x(u64 time) const { return at.x + size.x * float(double(time) / double(end_ps)); }
  u64 time(float px) const { return u64(std::max(0.0, double((px - at.x) / size.x)) * double(end_ps)); }
};

/// Frame, title and the line of the moment; clicking goes there.
Plot begin_plot(Ui& ui, MachineTab& m, const char* title, float height) {
  ImGui::TextUnformatted(title);
  Plot plot{ImGui::GetCursorScreenPos(),
            {std::max(ImGui::GetContentRegionAvail().x, 16.0F), height},
            std::max<u64>(m.recording.last_ps(), 1000)};
  ImGui::InvisibleButton(title, plot.size);
  if (ImGui::IsItemActive()) m.transport.go_to_time(plot.time(ImGui::GetIO().MousePos.x));
  ImGui::GetWindowDrawList()->AddRect(plot.at, {plot.at.x + plot.size.x, plot.at.y + height},
                                      ui.style.colours().grid);
  return plot;
}

void end_plot(const Ui& ui, const MachineTab& m, const Plot& plot) {
  const float x = plot.x(m.scene.time_ps());
  ImGui::GetWindowDrawList()->AddLine({x, plot.at.y}, {x, plot.at.y + plot.size.y}, ui.style.colours().accent,
                                      2);
}

void draw_ownership(Ui& ui, MachineTab& m, float height) {
  const Plot plot = begin_plot(ui, m, "Frames by owner", height);
  const FramePalette palette = ui.workspace.palette();
  const double frames = double(m.recording.header().ram.frames());
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float step = 2;
  std::string under;
  for (float x = 0; x < plot.size.x; x += step) {
    const u64 time = plot.time(plot.at.x + x + step);
    double below = 0;
    for (const auto& [owner, curves] : m.recording.curves()) {
      const double part = double(curves.frames.at(time)) / frames;
      if (part <= 0) continue;
      const float y0 = plot.at.y + plot.size.y * float(1 - below), y1 = y0 - plot.size.y * float(part);
      draw->AddRectFilled({plot.at.x + x, y1}, {plot.at.x + x + step, y0},
                          palette.owner(owner, XS_FRAME_NONE));
      below += part;
      const ImVec2 mouse = ImGui::GetIO().MousePos;
      if (ImGui::IsItemHovered() && mouse.x >= plot.at.x + x && mouse.x < plot.at.x + x + step)
        under += fmt::format("\n{}: {} frames, {:.1f} MiB", m.scene.owner_label(owner),
                             curves.frames.at(time), double(curves.frames.at(time)) / 256);
    }
  }
  if (!under.empty())
    ImGui::SetTooltip("%s%s", short_time(plot.time(ImGui::GetIO().MousePos.x)).c_str(), under.c_str());
  end_plot(ui, m, plot);
}

/// How much each curve grew from column to column.
void draw_rates(Ui& ui, MachineTab& m, const char* title, Curve DomainCurves::*which, float height) {
  const Plot plot = begin_plot(ui, m, title, height);
  const FramePalette palette = ui.workspace.palette();
  constexpr float step = 4;
  const std::size_t columns = std::max<std::size_t>(std::size_t(plot.size.x / step), 1);
  std::map<u32, std::vector<u64>> rates;
  u64 most = 1;
  for (const auto& [owner, curves] : m.recording.curves()) {
    const Curve& curve = curves.*which;
    if (curve.points().empty()) continue;
    std::vector<u64>& rate = rates[owner];
    for (std::size_t c = 0; c < columns; ++c) {
      const u64 to = curve.at(plot.end_ps * (c + 1) / columns), from = curve.at(plot.end_ps * c / columns);
      rate.push_back(to - from);
      most = std::max(most, rate.back());
    }
  }
  for (const auto& [owner, rate] : rates) {
    std::vector<ImVec2> points;
    for (std::size_t c = 0; c < columns; ++c)
      points.emplace_back(plot.at.x + step * (float(c) + 0.5F),
                          plot.at.y + (plot.size.y - 2) * float(1 - double(rate[c]) / double(most)) + 1);
    ImGui::GetWindowDrawList()->AddPolyline(points.data(), static_cast<int>(points.size()),
                                            palette.owner(owner, XS_FRAME_NONE), 0, 1.5F);
  }
  const std::string scale = fmt::format("{} in {}", most, short_time(plot.end_ps / columns));
  ImGui::GetWindowDrawList()->AddText({plot.at.x + 4, plot.at.y + 2}, ui.style.colours().faint_text,
                                      scale.c_str());
  end_plot(ui, m, plot);
}

/// A line that keeps its value until the next point.
void draw_stairs(const Plot& plot, const Curve& curve, u64 most, Colour colour, float thick) {
  const auto y = [&](u64 value) {
    return plot.at.y + (plot.size.y - 3) * float(1 - double(value) / double(most)) + 2;
  };
  std::vector<ImVec2> points;
  for (const CurvePoint& p : curve.points()) {
    if (!points.empty()) points.emplace_back(plot.x(p.time_ps), points.back().y);
    points.emplace_back(plot.x(p.time_ps), y(p.value));
  }
  if (points.empty()) return;
  points.emplace_back(plot.at.x + plot.size.x, points.back().y);
  ImGui::GetWindowDrawList()->AddPolyline(points.data(), static_cast<int>(points.size()), colour, 0, thick);
}

/// Wide: what a domain owns; narrow: what the operator wants it to own.
void draw_balloons(Ui& ui, MachineTab& m, float height) {
  const Plot plot = begin_plot(ui, m, "Balloons: owned (wide) and target", height);
  const FramePalette palette = ui.workspace.palette();
  u64 most = 1;
  for (const auto& [owner, curves] : m.recording.curves())
    if (!curves.target.points().empty())
      most = std::max({most, curves.target.greatest(), curves.frames.greatest()});
  std::string under;
  const u64 at = plot.time(ImGui::GetIO().MousePos.x);
  for (const auto& [owner, curves] : m.recording.curves()) {
    if (curves.target.points().empty()) continue;
    draw_stairs(plot, curves.frames, most, palette.owner(owner, XS_FRAME_NONE), 4);
    draw_stairs(plot, curves.target, most, ui.style.colours().text, 1);
    under += fmt::format("\n{}: owns {:.1f} MiB, target {:.1f} MiB", m.scene.owner_label(owner),
                         double(curves.frames.at(at)) / 256, double(curves.target.at(at)) / 256);
  }
  ImGui::GetWindowDrawList()->AddText({plot.at.x + 4, plot.at.y + 2}, ui.style.colours().faint_text,
                                      fmt::format("{:.1f} MiB", double(most) / 256).c_str());
  if (ImGui::IsItemHovered() && !under.empty())
    ImGui::SetTooltip("%s%s", short_time(at).c_str(), under.c_str());
  end_plot(ui, m, plot);
}

}  // namespace

void draw_dashboards(Ui& ui) {
  MachineTab& m = ui.workspace.machine();
  const float text = ImGui::GetTextLineHeightWithSpacing() + ImGui::GetStyle().ItemSpacing.y;
  const float height = std::max((ImGui::GetContentRegionAvail().y - 4 * text) / 5, 40.0F);
  draw_ownership(ui, m, height * 2);
  draw_balloons(ui, m, height);
  draw_rates(ui, m, "Hypercalls", &DomainCurves::hypercalls, height);
  draw_rates(ui, m, "Faults", &DomainCurves::faults, height);
}

}  // namespace xs::viz
