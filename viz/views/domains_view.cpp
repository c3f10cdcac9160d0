// Domains, who runs on which CPU, and what each VCPU is in the middle of; event channels and grants of one.
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "sim/observe/names.h"
#include "viz/model/grants.h"
#include "viz/model/timeline.h"
#include "viz/views/frame_link.h"
#include "viz/views/view.h"

namespace xs::viz {
namespace {

constexpr ImGuiTableFlags table =
    ImGuiTableFlags_RowBg | ImGuiTableFlags_BordersInnerV | ImGuiTableFlags_SizingStretchProp;

void cell(const std::string& text) {
  ImGui::TableNextColumn();
  ImGui::TextUnformatted(text.c_str());
}

std::string mib(u64 frames) { return fmt::format("{:.1f}", double(frames) / 256); }

void draw_owners(Ui& ui, MachineTab& m) {
  const observe::OwnershipTable owners = m.scene.state().ownership();
  if (!ImGui::BeginTable("owners", 4, table)) return;
  for (const char* title : {"owner", "MiB", "frames", "pinned"}) ImGui::TableSetupColumn(title);
  ImGui::TableHeadersRow();
  const FramePalette palette = ui.workspace.palette();
  for (const observe::OwnershipRow& row : owners.rows) {
    ImGui::TableNextColumn();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float side = ImGui::GetTextLineHeight();
    ImGui::GetWindowDrawList()->AddRectFilled({at.x, at.y + 2}, {at.x + side - 4, at.y + side - 2},
                                              palette.owner(row.owner, XS_FRAME_NONE));
    ImGui::Dummy({side, side});
    ImGui::SameLine(0, 2);
    ImGui::TextUnformatted(m.scene.owner_label(row.owner).c_str());
    cell(mib(row.frames));
    cell(fmt::format("{}", row.frames));
    cell(fmt::format("{}", row.pinned));
  }
  ImGui::EndTable();
}

void draw_domain_rows(Ui& ui, MachineTab& m) {
  if (!ImGui::BeginTable("domains", 6, table)) return;
  for (const char* title : {"domain", "state", "model", "hypercalls", "P2M stores", "created"})
    ImGui::TableSetupColumn(title);
  ImGui::TableHeadersRow();
  for (const observe::DomainInfo& d : m.scene.domains()) {
    ImGui::TableNextColumn();
    const std::string label = m.scene.owner_label(d.domid);
    if (ImGui::Selectable(label.c_str(), ui.workspace.choice.domid == d.domid,
                          ImGuiSelectableFlags_SpanAllColumns))
      ui.workspace.choice.domid = d.domid;
    const bool over = d.state == XS_DOM_SHUTDOWN;
    cell(over ? fmt::format("shutdown ({})", observe::shutdown_reason_name(d.shutdown_reason))
              : observe::domain_state_name(d.state));
    cell(observe::memory_model_name(d.model));
    cell(fmt::format("{}", d.hypercalls));
    cell(fmt::format("{}", d.p2m_stores));
    cell(short_time(d.created_ps));
  }
  ImGui::EndTable();
}

void draw_vcpus(const MachineTab& m) {
  if (!ImGui::BeginTable("vcpus", 3, table)) return;
  for (const char* title : {"CPU", "VCPU", "in"}) ImGui::TableSetupColumn(title);
  ImGui::TableHeadersRow();
  const observe::TraceState& state = m.scene.state();
  for (unsigned cpu = 0; cpu < m.recording.header().cpus; ++cpu) {
    const u64 dv = state.running(cpu);
    cell(fmt::format("{}", cpu));
    cell(dv == observe::idle_dv
             ? "idle"
             : fmt::format("{} vcpu{}", m.scene.owner_label(observe::dv_domid(dv)), observe::dv_vcpu(dv)));
    const observe::OpenOperation* open = state.operation(cpu);
    cell(open ? observe::operation_name(open->operation) : "-");
  }
  ImGui::EndTable();
}

std::string port_peer(const MachineTab& m, const observe::EventPort& p) {
  if (p.kind != XS_PORT_INTERDOMAIN) return "-";
  return fmt::format("{} port {}", m.scene.owner_label(p.remote_domid), p.remote_port);
}

/// Of the domain that is chosen.
void draw_event_channels(const Ui& ui, const MachineTab& m) {
  const u32 domid = ui.workspace.choice.domid;
  const auto domain = m.scene.state().domains().find(domid);
  if (domain == m.scene.state().domains().end()) return;
  const auto& ports = domain->second.ports;
  ImGui::TextUnformatted(
      fmt::format("{} event channels of {}", ports.size(), m.scene.owner_label(domid)).c_str());
  if (ports.empty() || !ImGui::BeginTable("ports", 5, table)) return;
  for (const char* title : {"port", "kind", "peer", "notifies", "events"}) ImGui::TableSetupColumn(title);
  ImGui::TableHeadersRow();
  for (const auto& [number, p] : ports) {
    cell(fmt::format("{}", number));
    cell(observe::port_kind_name(p.kind));
    cell(port_peer(m, p));
    cell(fmt::format("vcpu{}", p.vcpu));
    cell(fmt::format("{}", p.received));
  }
  ImGui::EndTable();
}

void draw_grant_row(Ui& ui, const MachineTab& m, const GrantSeen& g) {
  const observe::TraceState& state = m.scene.state();
  const observe::FrameState& f = state.frame(state.ram().index(g.grant.mfn));
  cell(g.given ? "to" : "of");
  cell(m.scene.owner_label(g.other));
  cell(fmt::format("{}", g.ref));
  ImGui::TableNextColumn();
  draw_frame_link(ui, g.grant.mfn, {true, f.owner, observe::type_of_bits(f.type_bits)});
  cell(fmt::format("{}", g.grant.all() - g.grant.writers()));
  cell(fmt::format("{}", g.grant.writers()));
  cell(fmt::format("{}", g.grant.held.all()));
}

/// What the domain that is chosen lets others use, and what it uses of others.
void draw_grants(Ui& ui, const MachineTab& m) {
  const u32 domid = ui.workspace.choice.domid;
  const auto domain = m.scene.state().domains().find(domid);
  if (domain == m.scene.state().domains().end()) return;
  const std::vector<GrantSeen> all = grants_of(m.scene.state(), domid);
  const auto given = std::count_if(all.begin(), all.end(), [](const GrantSeen& g) { return g.given; });
  ImGui::TextUnformatted(
      fmt::format("grants in use of {}: {} to others, {} of others; pages of its table: {}",
                  m.scene.owner_label(domid), given, std::ssize(all) - given,
                  domain->second.grant_pages.size())
          .c_str());
  if (all.empty() || !ImGui::BeginTable("grants", 7, table)) return;
  for (const char* title : {"", "domain", "reference", "frame", "reading", "writing", "held"})
    ImGui::TableSetupColumn(title);
  ImGui::TableHeadersRow();
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(all.size()));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      ImGui::PushID(i);
      draw_grant_row(ui, m, all[static_cast<std::size_t>(i)]);
      ImGui::PopID();
    }
  ImGui::EndTable();
}

}  // namespace

void draw_domains(Ui& ui) {
  MachineTab& m = ui.workspace.machine();
  draw_owners(ui, m);
  ImGui::Separator();
  draw_domain_rows(ui, m);
  ImGui::Separator();
  draw_vcpus(m);
  ImGui::Separator();
  draw_event_channels(ui, m);
  ImGui::Separator();
  draw_grants(ui, m);
}

}  // namespace xs::viz
