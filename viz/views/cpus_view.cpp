// Registers and code of one core of a live run, as of the last time that it was looked at.
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "sim/observe/event.h"
#include "sim/observe/inspect.h"
#include "viz/views/view.h"

namespace xs::viz {
namespace {

void draw_choice(Ui& ui, const MachineImage& image) {
  for (u32 i = 0; i < image.cpus.size(); ++i) {
    if (i != 0) ImGui::SameLine();
    if (ImGui::RadioButton(fmt::format("CPU {}", i).c_str(), ui.workspace.choice.cpu == i))
      ui.workspace.choice.cpu = i;
  }
}

void draw_code(Ui& ui, const CpuImage& cpu, float height) {
  ImGui::BeginChild("code", {0, height}, true, ImGuiWindowFlags_HorizontalScrollbar);
  ImGui::PushFont(ui.style.mono());
  for (const CodeLine& line : cpu.code) {
    if (!line.symbol.empty())
      ImGui::TextColored(ImGui::ColorConvertU32ToFloat4(ui.style.colours().faint_text),
                         "%s:", line.symbol.c_str());
    const bool here = line.address == cpu.pc;
    if (here) ImGui::PushStyleColor(ImGuiCol_Text, ui.style.colours().accent);
    ImGui::TextUnformatted(fmt::format("{} {:x}  {}", here ? "→" : " ", line.address, line.text).c_str());
    if (here) ImGui::PopStyleColor();
  }
  ImGui::PopFont();
  ImGui::EndChild();
}

void draw_registers(Ui& ui, const CpuImage& cpu) {
  ImGui::BeginChild("registers", {0, 0}, true);
  ImGui::PushFont(ui.style.mono());
  const float wide = ImGui::CalcTextSize("gregister  0000000000000000   ").x;
  const int columns = std::max(1, static_cast<int>(ImGui::GetContentRegionAvail().x / wide));
  if (ImGui::BeginTable("all", columns)) {
    for (const RegisterValue& r : cpu.registers) {
      ImGui::TableNextColumn();
      ImGui::TextUnformatted(fmt::format("{:<9} {:016x}", r.name, r.value).c_str());
    }
    ImGui::EndTable();
  }
  ImGui::PopFont();
  ImGui::EndChild();
}

}  // namespace

void draw_cpus(Ui& ui) {
  MachineTab& m = ui.workspace.machine();
  if (!m.run) {
    ImGui::TextWrapped("A recording does not hold registers. Run the scenario live to see them.");
    return;
  }
  const MachineImage image = m.run->image();
  if (image.cpus.empty()) return;
  draw_choice(ui, image);
  const u32 index = std::min<u32>(ui.workspace.choice.cpu, static_cast<u32>(image.cpus.size() - 1));
  const CpuImage& cpu = image.cpus[index];
  const std::string who = cpu.dv == observe::idle_dv
                              ? "no VCPU"
                              : fmt::format("{} vcpu{}", m.scene.owner_label(observe::dv_domid(cpu.dv)),
                                            observe::dv_vcpu(cpu.dv));
  ImGui::TextUnformatted(fmt::format("{}, {}, at {}", who, cpu.guest ? "guest code" : "hypervisor",
                                     observe::time_text(image.time_ps))
                             .c_str());
  draw_code(ui, cpu, ImGui::GetContentRegionAvail().y * 0.5F);
  draw_registers(ui, cpu);
}

}  // namespace xs::viz
