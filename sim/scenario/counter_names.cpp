#include "sim/scenario/counter_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "sim/observe/hypervisor_counters.h"
#include "sim/observe/names.h"

namespace xs::scenario {
namespace {

using M = platform::MachineCounters;
using O = observe::ObserverCounters;

template <xs_shattered cause>
u64 shattered(const M&, const O& o) {
  return o.superpages_shattered[cause];
}

constexpr struct {
  const char* name;
  u64 (*read)(const M&, const O&);
} fixed[] = {
    {"machine.instructions", [](const M& m, const O&) { return m.instructions; }},
    {"machine.cycles", [](const M& m, const O&) { return m.cycles; }},
    {"machine.idle_cycles", [](const M& m, const O&) { return m.idle_cycles; }},
    {"machine.exceptions", [](const M& m, const O&) { return m.exceptions; }},
    {"machine.interrupts", [](const M& m, const O&) { return m.interrupts; }},
    {"machine.port_accesses", [](const M& m, const O&) { return m.port_accesses; }},
    {"machine.mmio_accesses", [](const M& m, const O&) { return m.mmio_accesses; }},
    {"machine.unmodelled", [](const M& m, const O&) { return m.unmodelled; }},
    {"machine.quanta", [](const M& m, const O&) { return m.quanta; }},
    {"machine.single_steps", [](const M& m, const O&) { return m.single_steps; }},
    {"machine.syscalls", [](const M& m, const O&) { return m.syscalls; }},
    {"machine.irets", [](const M& m, const O&) { return m.irets; }},
    {"mmu.accesses", [](const M& m, const O&) { return m.mmu.accesses; }},
    {"mmu.l1_hits", [](const M& m, const O&) { return m.mmu.l1_hits; }},
    {"mmu.l2_hits", [](const M& m, const O&) { return m.mmu.l2_hits; }},
    {"mmu.misses", [](const M& m, const O&) { return m.mmu.misses; }},
    {"mmu.walks", [](const M& m, const O&) { return m.mmu.walks; }},
    {"mmu.walk_reads", [](const M& m, const O&) { return m.mmu.walk_reads; }},
    {"mmu.walk_cache_hits", [](const M& m, const O&) { return m.mmu.walk_cache_hits; }},
    {"mmu.ad_updates", [](const M& m, const O&) { return m.mmu.ad_updates; }},
    {"mmu.faults", [](const M& m, const O&) { return m.mmu.faults; }},
    {"mmu.flush_all", [](const M& m, const O&) { return m.mmu.flush_all; }},
    {"mmu.flush_nonglobal", [](const M& m, const O&) { return m.mmu.flush_nonglobal; }},
    {"mmu.flush_page", [](const M& m, const O&) { return m.mmu.flush_page; }},
    {"network.sent", [](const M& m, const O&) { return m.network.sent; }},
    {"network.sent_bytes", [](const M& m, const O&) { return m.network.sent_bytes; }},
    {"network.received", [](const M& m, const O&) { return m.network.received; }},
    {"network.received_bytes", [](const M& m, const O&) { return m.network.received_bytes; }},
    {"network.dropped", [](const M& m, const O&) { return m.network.dropped; }},
    {"network.lost", [](const M& m, const O&) { return m.network.lost; }},
    {"station.arp", [](const M& m, const O&) { return m.station.arp; }},
    {"station.echoes", [](const M& m, const O&) { return m.station.echoes; }},
    {"station.datagrams", [](const M& m, const O&) { return m.station.datagrams; }},
    {"station.bytes", [](const M& m, const O&) { return m.station.bytes; }},
    {"station.sent", [](const M& m, const O&) { return m.station.sent; }},
    {"station.confirmed", [](const M& m, const O&) { return m.station.confirmed; }},
    {"station.missing", [](const M& m, const O&) { return m.station.missing; }},
    {"station.corrupt", [](const M& m, const O&) { return m.station.corrupt; }},
    {"station.ignored", [](const M& m, const O&) { return m.station.ignored; }},
    {"observer.taps", [](const M&, const O& o) { return o.taps; }},
    {"observer.owner_changes", [](const M&, const O& o) { return o.owner_changes; }},
    {"observer.type_changes", [](const M&, const O& o) { return o.type_changes; }},
    {"observer.m2p_changes", [](const M&, const O& o) { return o.m2p_changes; }},
    {"observer.p2m_changes", [](const M&, const O& o) { return o.p2m_changes; }},
    {"p2m.superpages", [](const M&, const O& o) { return o.superpages; }},
    {"p2m.superpages_made", [](const M&, const O& o) { return o.superpages_made; }},
    {"p2m.shattered.balloon", shattered<XS_SHATTERED_BALLOON>},
    {"p2m.shattered.flip", shattered<XS_SHATTERED_FLIP>},
    {"p2m.shattered.grant", shattered<XS_SHATTERED_GRANT>},
    {"p2m.shattered.exposed", shattered<XS_SHATTERED_EXPOSED>},
    {"p2m.shattered.other", shattered<XS_SHATTERED_OTHER>},
    {"observer.stores_outside", [](const M&, const O& o) { return o.stores_outside; }},
    {"observer.operations", [](const M&, const O& o) { return o.operations; }},
    {"observer.switches", [](const M&, const O& o) { return o.switches; }},
    {"observer.events_sent", [](const M&, const O& o) { return o.events_sent; }},
    {"observer.bounces", [](const M&, const O& o) { return o.bounces; }},
    {"observer.tlb_flushes", [](const M&, const O& o) { return o.tlb_flushes; }},
    {"observer.tlb_fills", [](const M&, const O& o) { return o.tlb_fills; }},
    {"observer.tlb_fills_user", [](const M&, const O& o) { return o.tlb_fills_user; }},
    {"observer.page_faults", [](const M&, const O& o) { return o.page_faults; }},
    {"observer.trace_events", [](const M&, const O& o) { return o.trace_events; }},
    {"log_dirty.reports", [](const M&, const O& o) { return o.log_dirty_reports; }},
    {"log_dirty.pages", [](const M&, const O& o) { return o.log_dirty_pages; }},
    {"log_dirty.changed", [](const M&, const O& o) { return o.log_dirty_changed; }},
    {"dma.reads", [](const M&, const O& o) { return o.dma_reads; }},
    {"dma.writes", [](const M&, const O& o) { return o.dma_writes; }},
    {"dma.foreign", [](const M&, const O& o) { return o.dma_foreign; }},
    {"iommu.maps", [](const M&, const O& o) { return o.iommu_maps; }},
    {"iommu.unmaps", [](const M&, const O& o) { return o.iommu_unmaps; }},
    {"iommu.flushes", [](const M& m, const O&) { return m.iommu.flushes; }},
    {"iommu.refused", [](const M& m, const O&) { return m.iommu.refused; }},
    {"iommu.lookups", [](const M& m, const O&) { return m.iommu.lookups; }},
    {"iommu.hits", [](const M& m, const O&) { return m.iommu.hits; }},
    {"grant.maps", [](const M&, const O& o) { return o.grant_maps; }},
    {"grant.unmaps", [](const M&, const O& o) { return o.grant_unmaps; }},
    {"grant.copies", [](const M&, const O& o) { return o.grant_copies; }},
    {"grant.transfers", [](const M&, const O& o) { return o.grant_transfers; }},
    {"grant.exchanged", [](const M&, const O& o) { return o.grant_exchanged; }},
    {"grant.active", [](const M&, const O& o) { return o.grant_active; }},
    {"grant.unjudged", [](const M&, const O& o) { return o.grant_unjudged; }},
    {"shadow.faults", [](const M&, const O& o) { return o.shadow_fills + o.shadow_reflected; }},
    {"shadow.fills", [](const M&, const O& o) { return o.shadow_fills; }},
    {"shadow.guest_faults", [](const M&, const O& o) { return o.shadow_reflected; }},
    {"shadow.flushes", [](const M&, const O& o) { return o.shadow_drops; }},
    {"shadow.page_flushes", [](const M&, const O& o) { return o.shadow_page_drops; }},
    {"shadow.evictions", [](const M&, const O& o) { return o.shadow_evictions; }},
    {"shadow.entry_stores", [](const M&, const O& o) { return o.stores_shadow; }},
};

constexpr struct {
  const char* name;
  u64 (*read)(const observe::Exposure&);
} exposed_fields[] = {{"words", [](const observe::Exposure& e) { return e.words; }},
                      {"own", [](const observe::Exposure& e) { return e.own; }},
                      {"others", [](const observe::Exposure& e) { return e.others; }},
                      {"frames", [](const observe::Exposure& e) { return e.frames; }}};

constexpr std::string_view hypercall = "hypercall.", exposed = "exposed.";
constexpr u64 most_domains = 64;  // whose counters a file may name
constexpr u64 most_cores = 64;    // more than a machine may have; what a file says is not yet checked here

std::string core_counter(std::size_t cpu) { return fmt::format("cpu{}.instructions", cpu); }

std::vector<std::string> all_names(u64 cpus) {
  std::vector<std::string> names;
  for (const auto& f : fixed) names.emplace_back(f.name);
  for (u64 cpu = 0; cpu < std::min(cpus, most_cores); ++cpu) names.push_back(core_counter(cpu));
  std::vector<observe::Exposure> domains(most_domains);
  for (u32 i = 0; i < domains.size(); ++i) domains[i].domid = i;
  for (const auto& [name, value] : exposure_counters(domains)) names.push_back(name);
  for (std::string& name : observe::hypervisor_counter_names()) names.push_back(std::move(name));
  for (const std::string& operation : observe::operation_names())
    names.push_back(std::string(hypercall) + operation);
  return names;
}

/// Levenshtein's distance: insertions, deletions and replacements of one character.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row[b.size()];
}

}  // namespace

std::map<std::string, u64> machine_counters(const M& machine, const O& observer) {
  std::map<std::string, u64> out;
  for (const auto& f : fixed) out[f.name] = f.read(machine, observer);
  for (std::size_t cpu = 0; cpu < machine.instructions_per_cpu.size(); ++cpu)
    out[core_counter(cpu)] = machine.instructions_per_cpu[cpu];
  return out;
}

std::map<std::string, u64> exposure_counters(const std::vector<observe::Exposure>& exposures) {
  std::map<std::string, u64> out;
  for (const auto& field : exposed_fields)
    for (const observe::Exposure& e : exposures) {
      out[fmt::format("{}dom{}.{}", exposed, e.domid, field.name)] = field.read(e);
      out[fmt::format("{}{}", exposed, field.name)] += field.read(e);
    }
  return out;
}

bool is_exposure_counter(const std::string& name) { return name.starts_with(exposed); }

std::optional<std::string> unknown_counter(const std::string& name, u64 cpus) {
  const std::vector<std::string> names = all_names(cpus);
  if (std::find(names.begin(), names.end(), name) != names.end()) return std::nullopt;
  if (name.starts_with(hypercall) &&
      observe::is_operation_name(std::string_view(name).substr(hypercall.size())))
    return std::nullopt;
  const auto nearest = std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) {
    return distance(name, a) < distance(name, b);
  });
  return fmt::format("no counter \"{}\"; the nearest name is \"{}\"", name, *nearest);
}

}  // namespace xs::scenario
