#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/scenario/decode_step.h"
#include "sim/scenario/expand.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/schema.h"

namespace xs::scenario {
namespace {

OnCrash decode_on_crash(const Node& n) {
  if (!n.has("on_crash")) return OnCrash::fail;
  return n.at("on_crash").text() == "destroy" ? OnCrash::destroy : OnCrash::preserve;
}

DomainConfig decode_domain(const Node& n) {
  DomainConfig d;
  d.name = n.at("name").text();
  if (std::all_of(d.name.begin(), d.name.end(), ::isdigit) || d.name == "xen" || d.name == "free" ||
      d.name == "operator" || d.name.rfind("dom", 0) == 0)
    n.at("name").fail("a domain's name must not be a number, xen, free, operator or begin with dom");
  d.memory_mib = n.at("memory").integer();
  d.maxmem_mib = n.integer_or("maxmem", d.memory_mib);
  if (d.maxmem_mib < d.memory_mib) n.at("maxmem").fail("smaller than memory");
  d.vcpus = n.integer_or("vcpus", 1);
  d.kernel = n.text_or("kernel", d.kernel);
  d.model = n.text_or("model", d.model);
  d.shadow_mib = n.integer_or("shadow_memory", 0);
  d.extra = n.text_or("extra", "");
  if (d.extra.find_first_of("\"\n\r") != std::string::npos)
    n.at("extra").fail("quotes and line ends cannot be passed on the operator channel");
  d.on_crash = decode_on_crash(n);
  return d;
}

void decode_domains(const Node& list, Scenario& s) {
  for (const Node& n : list.items()) {
    DomainConfig d = decode_domain(n);
    if (s.domain(d.name)) n.at("name").fail(fmt::format("a second domain named \"{}\"", d.name));
    s.domains.push_back(std::move(d));
  }
}

void decode_disk(const Node& n, Dom0Config& dom0) {
  dom0.disk_mib = n.at("mib").integer();
  dom0.disk_file = n.text_or("file", "");
  if (n.has("slot")) dom0.disk_slot = static_cast<unsigned>(n.at("slot").integer());
}

Dom0Config decode_dom0(const Node& n) {
  Dom0Config dom0;
  dom0.kernel = n.text_or("kernel", dom0.kernel);
  dom0.model = n.text_or("model", dom0.model);
  dom0.pmt = n.text_or("pmt", "");
  dom0.superpages = n.text_or("superpages", "");
  dom0.driver = n.text_or("driver", "");
  dom0.cmdline = n.text_or("cmdline", "");
  dom0.memory_mib = n.integer_or("memory", 0);
  dom0.autoballoon = n.text_or("autoballoon", dom0.autoballoon);
  if (n.has("disk")) decode_disk(n.at("disk"), dom0);
  return dom0;
}

/// `n`: the scenario, which is its only host, or one of "hosts".
HostConfig decode_host(const Node& n) {
  HostConfig host;
  if (n.has("machine")) {
    host.machine_json = n.at("machine").json().dump();
    host.machine_position = n.at("machine").position();
    host.cpus = n.at("machine").integer_or("cpus", 1);
  }
  if (n.has("hypervisor")) {
    host.hypervisor_kernel = n.at("hypervisor").text_or("kernel", host.hypervisor_kernel);
    host.hypervisor_cmdline = n.at("hypervisor").text_or("cmdline", "");
  }
  if (n.has("dom0")) host.dom0 = decode_dom0(n.at("dom0"));
  return host;
}

/// Domains are numbered from their dom0's number on: so many may a host make.
constexpr u32 numbers_each = 4096;

void decode_hosts(const Node& top, Scenario& s) {
  if (!top.has("hosts")) {
    s.hosts = {decode_host(top)};
    return;
  }
  s.hosts.clear();
  for (const Node& n : top.at("hosts").items()) {
    HostConfig host = decode_host(n);
    host.name = n.at("name").text();
    for (const HostConfig& other : s.hosts)
      if (other.name == host.name) n.at("name").fail(fmt::format("a second host named \"{}\"", host.name));
    host.number = static_cast<u32>(s.hosts.size()) * numbers_each;
    host.may_fail = n.text_or("on_panic", "") == "preserve";
    s.hosts.push_back(std::move(host));
  }
}

void decode_head(const JsonSource& source, const Json& head, Scenario& s) {
  const Node top(source, head, "", "");
  s.name = top.at("name").text();
  s.description = top.text_or("description", "");
  s.seed = top.integer_or("seed", 1);
  if (top.has("limits")) {
    const Node limits = top.at("limits");
    if (limits.has("simulated_s")) s.limits.simulated_ps = limits.at("simulated_s").picoseconds(ps_per_s);
    if (limits.has("wall_s")) s.limits.wall_s = static_cast<u64>(std::ceil(limits.at("wall_s").number()));
  }
  decode_hosts(top, s);
  if (top.has("domains")) decode_domains(top.at("domains"), s);
  s.boot_guide = decode_guide(top, s);
}

}  // namespace

bool Range::holds(double v) const {
  return (!equals || v == *equals) && (!at_least || v >= *at_least) && (!at_most || v <= *at_most);
}

std::string Range::text() const {
  std::string out;
  const auto add = [&out](const char* word, const std::optional<double>& v) {
    if (v) out += fmt::format("{}{} {}", out.empty() ? "" : " and ", word, *v);
  };
  add("exactly", equals);
  add("at least", at_least);
  add("at most", at_most);
  return out;
}

std::optional<std::size_t> Scenario::host(const std::string& wanted) const {
  for (std::size_t i = 0; i < hosts.size(); ++i)
    if (hosts[i].name == wanted) return i;
  return std::nullopt;
}

const DomainConfig* Scenario::domain(const std::string& wanted) const {
  for (const DomainConfig& d : domains)
    if (d.name == wanted) return &d;
  return nullptr;
}

Scenario load_scenario(const std::string& file, const Settings& settings, const std::string& arch) {
  return load_scenario(JsonSource::read(file), settings, arch);
}

Scenario load_scenario(const JsonSource& source, const Settings& settings, const std::string& arch) {
  check_schema(source.dom(), [&](const std::string& at, const std::string& what) { source.fail(at, what); });
  const Expanded expanded = expand(source, settings, arch);
  Json substituted = expanded.head;
  substituted["steps"] = Json::array();
  check_schema(substituted, [&](const std::string& at, const std::string& what) { source.fail(at, what); });
  Scenario s;
  s.file = source.file();
  decode_head(source, expanded.head, s);
  for (const ExpandedStep& e : expanded.steps) {
    substituted["steps"] = Json::array({e.step});
    check_schema(substituted, [&](const std::string& at, const std::string& what) {
      source.fail(e.origin + at.substr(std::min(at.size(), std::string("/steps/0").size())), what);
    });
    s.steps.push_back(decode_step(Node(source, e.step, e.origin, ""), s));
  }
  if (expanded.head.contains("expect"))
    s.steps.push_back(decode_final_expect(Node(source, expanded.head["expect"], "/expect", ""), s));
  return s;
}

}  // namespace xs::scenario
