#include "sim/scenario/decode_expect.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "sim/scenario/counter_names.h"

namespace xs::scenario {
namespace {

bool is_dom_number(const std::string& s) {
  return s.size() > 3 && s.size() < 9 && s.rfind("dom", 0) == 0 &&
         std::all_of(s.begin() + 3, s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void decode_ownership(const Node& list, const Scenario& scenario, Expect& out) {
  for (const Node& n : list.items()) {
    ExpectOwnership e;
    e.owner = decode_source(n.at("owner"), scenario);
    if (e.owner == "operator") n.at("owner").fail("owns no frames");
    e.type = n.text_or("type", "");
    e.in_mib = n.has("mib");
    if (e.in_mib == n.has("frames")) n.fail("needs exactly one of \"mib\" and \"frames\"");
    e.range = decode_range(n.at(e.in_mib ? "mib" : "frames"));
    out.push_back({std::move(e), n.pointer()});
  }
}

void decode_console(const Node& list, const Scenario& scenario, Expect& out) {
  for (const Node& n : list.items()) {
    ExpectConsole e{decode_source(n.at("source"), scenario), decode_pattern(n),
                    !n.boolean_or("absent", false)};
    if (e.source == "free") n.at("source").fail("has no console");
    out.push_back({std::move(e), n.pointer()});
  }
}

void decode_events(const Node& list, const Scenario& scenario, Expect& out) {
  for (const Node& n : list.items()) {
    ExpectEvent e{decode_event(n, scenario), {}};
    if (n.has("count"))
      e.count = decode_range(n.at("count"));
    else
      e.count.at_least = 1;
    out.push_back({std::move(e), n.pointer()});
  }
}

}  // namespace

TextPattern decode_pattern(const Node& n) {
  if (n.has("text") == n.has("regex")) n.fail("needs exactly one of \"text\" and \"regex\"");
  TextPattern p{n.at(n.has("text") ? "text" : "regex").text(), n.has("regex")};
  if (p.regex) try {
      (void)std::regex(p.text);
    } catch (const std::regex_error& e) {
      n.at("regex").fail(fmt::format("not a regular expression: {}", e.what()));
    }
  return p;
}

Range decode_range(const Node& n, const std::string& suffix) {
  const auto get = [&](const char* key) {
    const std::string k = key + suffix;
    return n.has(k.c_str()) ? std::optional<double>(n.at(k.c_str()).number()) : std::nullopt;
  };
  return {get("equals"), get("at_least"), get("at_most")};
}

EventPattern decode_event(const Node& n, const Scenario& scenario) {
  EventPattern p;
  p.event = n.at("event").text();
  if (n.has("domain")) p.domain = decode_domain_name(n.at("domain"), scenario);
  p.state = n.text_or("state", "");
  if (!p.state.empty() && p.event != "domain-state") n.at("state").fail("only domain-state has a state");
  return p;
}

std::string decode_source(const Node& n, const Scenario& scenario) {
  std::string s = n.text();
  if (s == "xen" || s == "operator" || s == "free" || is_dom_number(s) || scenario.domain(s)) return s;
  n.fail(fmt::format("\"{}\" is neither xen, operator, dom<N> nor the name of one of the domains", s));
}

std::string decode_domain_name(const Node& n, const Scenario& scenario) {
  std::string s = n.text();
  if (s == "dom0" || s == "Domain-0") return "Domain-0";
  if (scenario.domain(s)) return s;
  n.fail(fmt::format("no domain \"{}\" in domains", s));
}

void decode_expect(const Node& n, const Scenario& scenario, Expect& out) {
  if (n.has("counters")) {
    const Node counters = n.at("counters");
    for (const auto& [name, unused] : counters.json().items()) {
      const Node range = counters.at(name.c_str());
      if (const auto problem = unknown_counter(name, scenario.cpus)) range.fail(*problem);
      out.push_back({ExpectCounter{name, decode_range(range)}, range.pointer()});
    }
  }
  if (n.has("ownership")) decode_ownership(n.at("ownership"), scenario, out);
  if (n.has("console")) decode_console(n.at("console"), scenario, out);
  if (n.has("events")) decode_events(n.at("events"), scenario, out);
  if (n.has("answer"))
    out.push_back({ExpectAnswer{decode_pattern(n.at("answer"))}, n.at("answer").pointer()});
}

}  // namespace xs::scenario
