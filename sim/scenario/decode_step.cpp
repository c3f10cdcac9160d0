#include "sim/scenario/decode_step.h"

#include <fmt/format.h>

#include <iterator>

#include "sim/platform/network/address.h"
#include "sim/scenario/decode_expect.h"
#include "sim/scenario/image_name.h"

namespace xs::scenario {
namespace {

using Decoder = void (*)(const Node&, const Scenario&, Step&);

void set_command(Step& step, std::string verb, std::string domain, std::string line) {
  if (step.name.empty()) step.name = line;
  step.action = Command{std::move(verb), std::move(domain), std::move(line)};
}

void decode_create(const Node& n, const Scenario& scenario, Step& step) {
  const Node name = n.is_string() ? n : n.at("domain");
  const DomainConfig* d = scenario.domain(name.text());
  if (!d) name.fail(fmt::format("no domain \"{}\" in domains", name.text()));
  const u64 memory = n.integer_or("memory", d->memory_mib);
  std::string line =
      fmt::format("create name={} kernel={} memory={}", d->name, archive_name(d->kernel), memory);
  if (d->maxmem_mib > memory) line += fmt::format(" maxmem={}", d->maxmem_mib);
  if (d->vcpus != 1) line += fmt::format(" vcpus={}", d->vcpus);
  if (d->model != "direct") line += " model=" + d->model;
  if (d->shadow_mib != 0) line += fmt::format(" shadow_memory={}", d->shadow_mib);
  if (n.boolean_or("paused", false)) line += " paused=1";
  if (!d->extra.empty()) line += fmt::format(" extra=\"{}\"", d->extra);
  if (step.name.empty()) step.name = "create " + d->name;
  set_command(step, "create", d->name, std::move(line));
}

template <const char* verb>
void decode_memory(const Node& n, const Scenario& scenario, Step& step) {
  const std::string domain = decode_domain_name(n.at("domain"), scenario);
  set_command(step, verb, domain, fmt::format("{} {} {}", verb, domain, n.at("memory").integer()));
}

template <const char* verb>
void decode_domain_verb(const Node& n, const Scenario& scenario, Step& step) {
  const std::string domain = decode_domain_name(n, scenario);
  set_command(step, verb, domain, fmt::format("{} {}", verb, domain));
}

template <const char* verb>
void decode_plain(const Node&, const Scenario&, Step& step) {
  set_command(step, verb, "", verb);
}

void decode_debug_keys(const Node& n, const Scenario&, Step& step) {
  const std::string key = n.text();
  if (key.size() != 1 || key[0] <= ' ' || key[0] > '~') n.fail("must be one printable character");
  set_command(step, "debug-keys", "", "debug-keys " + key);
}

void decode_log_dirty(const Node& n, const Scenario& scenario, Step& step) {
  const std::string domain = decode_domain_name(n.at("domain"), scenario);
  set_command(step, "log-dirty", domain, fmt::format("log-dirty {} {}", domain, n.at("operation").text()));
}

void decode_network_attach(const Node& n, const Scenario& scenario, Step& step) {
  const std::string domain = decode_domain_name(n.at("domain"), scenario);
  std::string line = fmt::format("network-attach {} receive={}", domain, n.text_or("receive", "copy"));
  if (n.has("backend")) line += " backend=" + decode_domain_name(n.at("backend"), scenario);
  if (n.has("batch")) line += fmt::format(" batch={}", n.at("batch").integer());
  set_command(step, "network-attach", domain, std::move(line));
}

void decode_block_attach(const Node& n, const Scenario& scenario, Step& step) {
  const std::string domain = decode_domain_name(n.at("domain"), scenario);
  std::string line = fmt::format("block-attach {} {} {} {}", domain, n.at("target").text(),
                                 n.text_or("vdev", "xvda"), n.text_or("mode", "r"));
  if (n.has("backend")) line += " backend=" + decode_domain_name(n.at("backend"), scenario);
  set_command(step, "block-attach", domain, std::move(line));
}

void decode_save(const Node& n, const Scenario& scenario, Step& step) {
  const std::string domain = decode_domain_name(n.at("domain"), scenario);
  std::string line = fmt::format("save {} {}", domain, n.text_or("to", "disk"));
  if (n.boolean_or("checkpoint", false)) line += " checkpoint=1";
  set_command(step, "save", domain, std::move(line));
}

void decode_restore(const Node& n, const Scenario& scenario, Step& step) {
  const std::string domain = decode_domain_name(n.at("domain"), scenario);
  set_command(step, "restore", domain, fmt::format("restore {} name={}", n.text_or("from", "disk"), domain));
}

template <const char* verb>
void decode_device(const Node& n, const Scenario& scenario, Step& step) {
  const std::string domain = decode_domain_name(n.at("domain"), scenario);
  set_command(step, verb, domain, fmt::format("{} {} {}", verb, domain, n.at("slot").integer()));
}

void decode_hash(const Node& n, const Scenario&, Step& step) {
  set_command(step, "hash", "", "hash " + n.text());
}

/// What dom0 sends to a domain, or to an address: `counted` of them.
template <const char* verb, const char* counted>
void decode_traffic(const Node& n, const Scenario& scenario, Step& step) {
  if (n.has("domain") == n.has("address")) n.fail("needs either \"domain\" or \"address\"");
  const std::string domain = n.has("domain") ? decode_domain_name(n.at("domain"), scenario) : "";
  std::string line = fmt::format("{} {}", verb, domain.empty() ? n.at("address").text() : domain);
  for (const char* key : {counted, "bytes"})
    if (n.has(key)) line += fmt::format(" {}={}", key, n.at(key).integer());
  set_command(step, verb, domain, std::move(line));
}

void decode_station_stream(const Node& n, const Scenario&, Step& step) {
  const std::string text = n.at("address").text();
  const auto address = platform::parse_ipv4(text);
  if (!address) n.at("address").fail("is no IPv4 address");
  const StationStream stream{*address, static_cast<u32>(n.integer_or("packets", 100)),
                             static_cast<u32>(n.integer_or("bytes", 1472))};
  if (step.name.empty()) step.name = fmt::format("the station sends {} packets to {}", stream.packets, text);
  step.action = stream;
}

std::string default_wait_name(const Wait& wait) {
  if (const auto* c = std::get_if<WaitConsole>(&wait.what))
    return fmt::format("wait for \"{}\" on {}", c->pattern.text, c->source);
  if (const auto* t = std::get_if<WaitTime>(&wait.what))
    return fmt::format("wait {} ms", static_cast<double>(t->ps) / static_cast<double>(ps_per_ms));
  if (const auto* e = std::get_if<WaitEvent>(&wait.what))
    return fmt::format("wait for {} {} {}", e->pattern.event, e->pattern.domain, e->pattern.state);
  const auto& m = std::get<WaitMemory>(wait.what);
  return fmt::format("wait until {} has {} MiB", m.domain, m.mib.text());
}

void decode_wait(const Node& n, const Scenario& scenario, Step& step) {
  Wait wait;
  if (n.has("within_s")) wait.within_ps = n.at("within_s").picoseconds(ps_per_s);
  if (n.has("console") + n.has("time_ms") + n.has("event") + n.has("memory") != 1)
    n.fail("needs exactly one of \"console\", \"time_ms\", \"event\", \"memory\"");
  if (n.has("console")) {
    wait.what = WaitConsole{decode_source(n.at("console"), scenario), decode_pattern(n)};
  } else if (n.has("text") || n.has("regex")) {
    n.fail("\"text\" and \"regex\" go with \"console\"");
  } else if (n.has("time_ms")) {
    wait.what = WaitTime{n.at("time_ms").picoseconds(ps_per_ms)};
  } else if (n.has("event")) {
    wait.what = WaitEvent{decode_event(n, scenario)};
  } else {
    const Node m = n.at("memory");
    wait.what = WaitMemory{decode_domain_name(m.at("domain"), scenario), decode_range(m, "_mib")};
  }
  if (!n.has("event") && (n.has("domain") || n.has("state")))
    n.fail("\"domain\" and \"state\" go with \"event\"");
  if (step.name.empty()) step.name = default_wait_name(wait);
  step.action = std::move(wait);
}

void decode_fault(const Node& n, const Scenario& scenario, Step& step) {
  Fault fault;
  if (n.has("operator-garbage")) {
    const std::string text = n.at("operator-garbage").text();
    if (text.find_first_of("\r\n") != std::string::npos) n.at("operator-garbage").fail("must be one line");
    fault = FaultGarbage{text};
    if (step.name.empty()) step.name = "fault: garbage on the operator channel";
  } else if (n.has("console-noise")) {
    fault = FaultNoise{n.at("console-noise").at("bytes").integer()};
    if (step.name.empty()) step.name = "fault: noise on the operator channel";
  } else if (n.has("kill")) {
    const Node kill = n.at("kill");
    const u64 after = kill.has("after_ms") ? kill.at("after_ms").picoseconds(ps_per_ms) : 0;
    fault = FaultKill{decode_domain_name(kill.at("domain"), scenario), after};
    if (step.name.empty()) step.name = "fault: kill " + std::get<FaultKill>(fault).domain;
  } else {
    fault = FaultDisk{n.at("disk-read-errors").at("count").integer()};
    if (step.name.empty()) step.name = "fault: disk read errors";
  }
  step.action = std::move(fault);
}

void decode_expect_step(const Node& n, const Scenario& scenario, Step& step) {
  Expect expect;
  decode_expect(n, scenario, expect);
  if (step.name.empty()) step.name = "expect";
  step.action = std::move(expect);
}

constexpr char mem_set[] = "mem-set", mem_max[] = "mem-max", pause_verb[] = "pause", unpause[] = "unpause",
               suspend[] = "suspend", resume[] = "resume", destroy[] = "destroy",
               shutdown_verb[] = "shutdown", list[] = "list", info[] = "info",
               shutdown_host[] = "shutdown-host", ping[] = "ping", stream[] = "stream", count[] = "count",
               packets[] = "packets", p2m[] = "p2m", device_attach[] = "device-attach",
               device_detach[] = "device-detach";

constexpr struct {
  const char* key;
  Decoder decode;
} actions[] = {
    {"create", decode_create},
    {"mem-set", decode_memory<mem_set>},
    {"mem-max", decode_memory<mem_max>},
    {"pause", decode_domain_verb<pause_verb>},
    {"unpause", decode_domain_verb<unpause>},
    {"suspend", decode_domain_verb<suspend>},
    {"resume", decode_domain_verb<resume>},
    {"save", decode_save},
    {"restore", decode_restore},
    {"destroy", decode_domain_verb<destroy>},
    {"shutdown", decode_domain_verb<shutdown_verb>},
    {"list", decode_plain<list>},
    {"info", decode_plain<info>},
    {"debug-keys", decode_debug_keys},
    {"network-attach", decode_network_attach},
    {"block-attach", decode_block_attach},
    {"device-attach", decode_device<device_attach>},
    {"device-detach", decode_device<device_detach>},
    {"hash", decode_hash},
    {"p2m", decode_domain_verb<p2m>},
    {"log-dirty", decode_log_dirty},
    {"ping", decode_traffic<ping, count>},
    {"stream", decode_traffic<stream, packets>},
    {"station-stream", decode_station_stream},
    {"shutdown-host", decode_plain<shutdown_host>},
    {"wait", decode_wait},
    {"fault", decode_fault},
    {"expect", decode_expect_step},
};

}  // namespace

Guide decode_guide(const Node& n, const Scenario& scenario) {
  Guide guide{n.text_or("caption", ""), ""};
  if (!n.has("view")) return guide;
  const Node view = n.at("view");
  for (const char* key : {"tab", "colour", "domain"}) {
    if (!view.has(key)) continue;
    const std::string word = view.at(key).text();
    if (std::string_view(key) == "domain" && word != "dom0" && !scenario.domain(word))
      view.at(key).fail(fmt::format("no domain \"{}\"", word));
    guide.view += fmt::format("{}{}={}", guide.view.empty() ? "" : " ", key, word);
  }
  if (view.has("compare") && view.at("compare").boolean())
    guide.view += guide.view.empty() ? "compare" : " compare";
  return guide;
}

Step decode_step(const Node& n, const Scenario& scenario) {
  Step step;
  step.pointer = n.pointer();
  step.position = n.position();
  step.name = n.text_or("name", "");
  step.guide = decode_guide(n, scenario);
  const char* found = nullptr;
  for (const auto& [key, decode] : actions) {
    if (!n.has(key)) continue;
    if (found) n.fail(fmt::format("has two actions, \"{}\" and \"{}\"", found, key));
    found = key;
    decode(n.at(key), scenario, step);
  }
  if (!found) n.fail("has no action");
  if (n.has("status")) {
    const bool answered = std::holds_alternative<Command>(step.action) ||
                          (std::holds_alternative<Fault>(step.action) &&
                           !std::holds_alternative<FaultDisk>(std::get<Fault>(step.action)));
    if (!answered) n.at("status").fail("goes with an operator command");
    step.status = n.at("status").text();
  }
  return step;
}

Step decode_final_expect(const Node& list, const Scenario& scenario) {
  Step step;
  step.name = "final expectations";
  step.pointer = list.pointer();
  step.position = list.position();
  Expect expect;
  for (const Node& n : list.items()) decode_expect(n, scenario, expect);
  step.action = std::move(expect);
  return step;
}

}  // namespace xs::scenario
