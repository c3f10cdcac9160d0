#include "sim/scenario/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace xs::scenario {
namespace {

constexpr std::string_view hypercall = "hypercall.", hyperprivop = "hyperprivop.";

struct Row {
  std::string name;
  std::vector<std::string> cells;  ///< "" in a column without figures
  bool zero = true;                ///< everywhere
};

struct Group {
  const char* title;
  std::vector<Row> rows;
};

bool counts(const Column& c) { return c.note.empty(); }

std::string milliseconds(u64 ps) { return fmt::format("{:.3f}", static_cast<double>(ps) / 1e9); }

template <class Figure, class Shown>
Row row_of(const std::vector<Column>& columns, const std::string& name, Figure figure, Shown shown) {
  Row row{name, {}, true};
  for (const Column& c : columns) {
    const u64 value = counts(c) ? figure(c.result) : 0;
    row.cells.push_back(counts(c) ? shown(value) : "");
    row.zero &= value == 0;
  }
  return row;
}

u64 counter(const RunResult& r, const std::string& name) {
  const auto it = r.counters.find(name);
  return it == r.counters.end() ? 0 : it->second;
}

struct Shown {
  const char *name, *counter;
};
constexpr Shown machine_rows[] = {
    {"instructions", "machine.instructions"},
    {"cycles", "machine.cycles"},
    {"cycles in which every processor slept", "machine.idle_cycles"},
};
constexpr Shown exception_rows[] = {
    {"exceptions", "machine.exceptions"},
    {"of these: no translation, or not allowed", "observer.page_faults"},
    {"handed to a guest by the hypervisor", "observer.bounces"},
    {"interrupts", "machine.interrupts"},
    {"returns from both", "machine.irets"},
    {"switches between VCPUs", "observer.switches"},
    {"events sent", "observer.events_sent"},
    {"accesses to device registers", "machine.mmio_accesses"},
    {"accesses to ports", "machine.port_accesses"},
};
constexpr Shown translation_rows[] = {
    {"TLB misses", "mmu.misses"},
    {"walks by the processor", "mmu.walks"},
    {"reads of tables in walks", "mmu.walk_reads"},
    {"translations that entered a TLB", "observer.tlb_fills"},
    {"of these: for guests", "observer.tlb_fills_user"},
    {"flushes of a page", "mmu.flush_page"},
    {"flushes of all but global pages", "mmu.flush_nonglobal"},
    {"flushes of everything", "mmu.flush_all"},
    {"flushes that the hypervisor announced", "observer.tlb_flushes"},
};
constexpr Shown shadow_rows[] = {
    {"misses that came to the hypervisor", "shadow.faults"}, {"filled", "shadow.fills"},
    {"the guest's own faults", "shadow.guest_faults"},       {"roots dropped", "shadow.flushes"},
    {"single translations dropped", "shadow.page_flushes"},  {"pools used up", "shadow.evictions"},
    {"stores to shadow tables", "shadow.entry_stores"},
};
constexpr Shown vhpt_rows[] = {
    {"entries made", "vhpt.insertions"},
    {"in the place of another address's", "vhpt.collisions"},
    {"entries purged", "vhpt.purges"},
    {"tables emptied", "vhpt.flushes"},
};
constexpr Shown superpage_rows[] = {
    {"kept at the end", "p2m.superpages"},
    {"made", "p2m.superpages_made"},
    {"shattered by balloons", "p2m.shattered.balloon"},
    {"by frames that changed hands", "p2m.shattered.flip"},
    {"by a mapped grant's end", "p2m.shattered.grant"},
    {"for readers of the P2M", "p2m.shattered.exposed"},
    {"by anything else", "p2m.shattered.other"},
};
constexpr Shown grant_rows[] = {
    {"frames mapped", "grant.maps"},
    {"mappings ended", "grant.unmaps"},
    {"copies", "grant.copies"},
    {"frames transferred", "grant.transfers"},
    {"frames exchanged", "grant.exchanged"},
    {"mappings at the end", "grant.active"},
};
constexpr Shown device_rows[] = {
    {"transfers from memory", "dma.reads"},
    {"transfers to memory", "dma.writes"},
    {"IOMMU: frames that got a right", "iommu.maps"},
    {"IOMMU: frames that lost one", "iommu.unmaps"},
    {"IOMMU: frames looked up", "iommu.lookups"},
    {"IOMMU: frames remembered", "iommu.hits"},
    {"IOMMU: flushes", "iommu.flushes"},
    {"IOMMU: transfers refused", "iommu.refused"},
    {"frames sent to the wire", "network.sent"},
    {"frames received from it", "network.received"},
    {"frames that no buffer waited for", "network.dropped"},
};
constexpr Shown ownership_rows[] = {
    {"frames that got another owner", "observer.owner_changes"},
    {"frames that got another type", "observer.type_changes"},
    {"P2M changes", "observer.p2m_changes"},
    {"M2P changes", "observer.m2p_changes"},
};

template <std::size_t n>
Group group_of(const std::vector<Column>& columns, const char* title, const Shown (&rows)[n]) {
  Group group{title, {}};
  for (const Shown& s : rows)
    group.rows.push_back(row_of(
        columns, s.name, [&](const RunResult& r) { return counter(r, s.counter); },
        [](u64 v) { return std::to_string(v); }));
  return group;
}

/// "memory_op" of "hypercall.memory_op.populate_physmap"; "" of other counters.
std::string call_of(const std::string& name) {
  if (!name.starts_with(hypercall)) return "";
  const std::string call = name.substr(hypercall.size());
  return call.substr(0, call.find('.'));
}

/// All calls of one name; of every name when that is "".
u64 calls(const RunResult& r, const std::string& name) {
  u64 sum = 0;
  for (const auto& [counter, value] : r.counters) {
    const std::string call = call_of(counter);
    if (!call.empty() && (name.empty() || name == call)) sum += value;
  }
  return sum;
}

Group hypercalls(const std::vector<Column>& columns) {
  std::set<std::string> names = {""};  // the sum comes first
  for (const Column& c : columns)
    for (const auto& [name, value] : c.result.counters)
      if (value != 0) names.insert(call_of(name));
  Group group{"hypercalls", {}};
  for (const std::string& name : names)
    group.rows.push_back(row_of(
        columns, name.empty() ? "all" : name, [&](const RunResult& r) { return calls(r, name); },
        [](u64 v) { return std::to_string(v); }));
  return group;
}

/// Each kind by the way it was done.
Group hyperprivops(const std::vector<Column>& columns) {
  std::set<std::string> names;
  for (const Column& c : columns)
    for (const auto& [name, value] : c.result.counters)
      if (name.starts_with(hyperprivop)) names.insert(name);
  Group group{"hyperprivops", {}};
  for (const std::string& name : names)
    group.rows.push_back(row_of(
        columns, name.substr(hyperprivop.size()), [&](const RunResult& r) { return counter(r, name); },
        [](u64 v) { return std::to_string(v); }));
  return group;
}

/// How long each step took: creation, balloon, ... A column that got as far as having figures has all steps.
Group times(const std::vector<Column>& columns) {
  Group group{"simulated time (ms)", {}};
  group.rows.push_back(row_of(
      columns, "all", [](const RunResult& r) { return r.simulated_ps; }, milliseconds));
  const auto first = std::find_if(columns.begin(), columns.end(), counts);
  const std::size_t steps = first == columns.end() ? 0 : first->result.steps.size();
  for (std::size_t i = 0; i < steps; ++i)
    group.rows.push_back(row_of(
        columns, fmt::format("{:>2} {}", i, first->result.steps[i].name),
        [i](const RunResult& r) { return r.steps.at(i).end_ps - r.steps.at(i).begin_ps; }, milliseconds));
  return group;
}

std::vector<Group> groups_of(const std::vector<Column>& columns) {
  return {times(columns),
          group_of(columns, "work", machine_rows),
          group_of(columns, "exceptions, interrupts, events", exception_rows),
          hypercalls(columns),
          group_of(columns, "translation by the processor", translation_rows),
          group_of(columns, "shadow tables", shadow_rows),
          group_of(columns, "VHPT", vhpt_rows),
          group_of(columns, "superpages", superpage_rows),
          hyperprivops(columns),
          group_of(columns, "grants", grant_rows),
          group_of(columns, "devices", device_rows),
          group_of(columns, "who owns what", ownership_rows)};
}

void add_line(std::string& out, const std::string& first, const std::vector<std::string>& cells) {
  out += fmt::format("  {:<42.42}", first);
  for (const std::string& cell : cells) out += fmt::format(" {:>16}", cell.empty() ? "-" : cell);
  out += '\n';
}

void add_group(std::string& out, const Group& group) {
  if (std::all_of(group.rows.begin(), group.rows.end(), [](const Row& r) { return r.zero; })) return;
  out += '\n' + std::string(group.title) + '\n';
  for (const Row& row : group.rows)
    if (!row.zero) add_line(out, row.name, row.cells);
}

/// A row of the head: what `text` says of each column.
template <class Text>
void add_head(std::string& out, const std::string& first, const std::vector<Column>& columns, Text text) {
  std::vector<std::string> cells;
  cells.reserve(columns.size());
  for (const Column& c : columns) cells.push_back(text(c));
  add_line(out, first, cells);
}

std::string varied_text(const Column& c) {
  return c.varied.empty() ? "" : fmt::format(" {}", fmt::join(c.varied, " "));
}

}  // namespace

const std::vector<std::string>& memory_models() {
  static const std::vector<std::string> names = {"direct", "translated", "dom0_pmt", "exposed", "identity"};
  return names;
}

std::string model_refused(const RunResult& r, const std::string& model) {
  const StepResult* step = r.failed_step();
  std::string wanted = "memory model " + model + " is not available";
  if (!step || step->answer.empty() || step->answer.back() != "= EOPNOTSUPP " + wanted) return "";
  return wanted;
}

std::string comparison_text(const std::vector<Column>& columns) {
  std::string out;
  const auto ran = std::find_if(columns.begin(), columns.end(), counts);
  if (ran != columns.end())
    out += fmt::format("scenario {}, seed {}: {}\n\n", ran->result.scenario, ran->result.seed,
                       ran->result.description);
  add_head(out, "architecture", columns, [](const Column& c) { return c.arch; });
  add_head(out, "memory model of the domains", columns, [](const Column& c) { return c.model; });
  for (std::size_t i = 0; i < columns.front().varied.size(); ++i)
    add_head(out, columns.front().varied[i].substr(0, columns.front().varied[i].find('=')), columns,
             [i](const Column& c) { return c.varied[i].substr(c.varied[i].find('=') + 1); });
  add_head(out, "result", columns,
           [](const Column& c) { return c.result.arch.empty() ? "-" : verdict_name(c.result.exit_code); });
  if (ran != columns.end())
    for (const Group& group : groups_of(columns)) add_group(out, group);
  std::string notes;
  for (const Column& c : columns)
    if (!counts(c)) notes += fmt::format("  {} {}{}: {}\n", c.arch, c.model, varied_text(c), c.note);
  return notes.empty() ? out : out + "\nno figures\n" + notes;
}

Json comparison_json(const std::vector<Column>& columns) {
  Json all = Json::array();
  for (const Column& c : columns) {
    Json column = {{"arch", c.arch}, {"model", c.model}, {"figures", counts(c)}};
    if (!c.varied.empty()) column["settings"] = c.varied;
    if (!counts(c)) column["note"] = c.note;
    if (!c.result.arch.empty()) column["result"] = to_json(c.result);
    all.push_back(std::move(column));
  }
  return {{"columns", std::move(all)}};
}

}  // namespace xs::scenario
