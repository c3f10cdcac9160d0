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

void decode_head(const JsonSource& source, const Json& head, Scenario& s) {
  const Node top(source, head, "", "");
  s.name = top.at("name").text();
  s.description = top.text_or("description", "");
  s.seed = top.integer_or("seed", 1);
  if (top.has("machine")) s.machine_json = head["machine"].dump();
  s.machine_position = source.position("/machine");
  if (top.has("machine")) s.cpus = top.at("machine").integer_or("cpus", 1);
  if (top.has("hypervisor")) {
    s.hypervisor_kernel = top.at("hypervisor").text_or("kernel", s.hypervisor_kernel);
    s.hypervisor_cmdline = top.at("hypervisor").text_or("cmdline", "");
  }
  if (top.has("dom0")) {
    s.dom0.kernel = top.at("dom0").text_or("kernel", s.dom0.kernel);
    s.dom0.model = top.at("dom0").text_or("model", s.dom0.model);
    s.dom0.pmt = top.at("dom0").text_or("pmt", "");
    s.dom0.superpages = top.at("dom0").text_or("superpages", "");
    s.dom0.driver = top.at("dom0").text_or("driver", "");
    s.dom0.cmdline = top.at("dom0").text_or("cmdline", "");
    s.dom0.memory_mib = top.at("dom0").integer_or("memory", 0);
    s.dom0.autoballoon = top.at("dom0").text_or("autoballoon", s.dom0.autoballoon);
    if (top.at("dom0").has("disk")) decode_disk(top.at("dom0").at("disk"), s.dom0);
  }
  if (top.has("limits")) {
    const Node limits = top.at("limits");
    if (limits.has("simulated_s")) s.limits.simulated_ps = limits.at("simulated_s").picoseconds(ps_per_s);
    if (limits.has("wall_s")) s.limits.wall_s = static_cast<u64>(std::ceil(limits.at("wall_s").number()));
  }
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
