#include <fmt/format.h>

#include <charconv>

#include "sim/scenario/report.h"

namespace xs::scenario {
namespace {

constexpr int result_version = 1;

std::string hex(u64 v) { return fmt::format("{:016x}", v); }

u64 from_hex(const std::string& s) {
  u64 v = 0;
  std::from_chars(s.data(), s.data() + s.size(), v, 16);
  return v;
}

Json ownership_to_json(const observe::OwnershipTable& table) {
  Json rows = Json::array();
  for (const auto& row : table.rows)
    rows.push_back(
        {{"owner", row.owner}, {"frames", row.frames}, {"pinned", row.pinned}, {"by_type", row.by_type}});
  return {{"time_ps", table.time_ps}, {"total_frames", table.total_frames}, {"rows", std::move(rows)}};
}

observe::OwnershipTable ownership_from_json(const Json& j) {
  observe::OwnershipTable table;
  table.time_ps = j.at("time_ps");
  table.total_frames = j.at("total_frames");
  for (const Json& r : j.at("rows")) {
    observe::OwnershipRow row;
    row.owner = r.at("owner");
    row.frames = r.at("frames");
    row.pinned = r.at("pinned");
    row.by_type = r.at("by_type");
    table.rows.push_back(row);
  }
  return table;
}

Json shapes_to_json(const std::vector<observe::P2mShape>& shapes) {
  Json all = Json::array();
  for (const auto& s : shapes)
    all.push_back({{"domain", s.domid},
                   {"held", s.held},
                   {"own_pages", s.own_pages},
                   {"entries", s.entries},
                   {"same", s.same},
                   {"read_only", s.read_only},
                   {"foreign", s.foreign},
                   {"granted", s.granted},
                   {"shared", s.shared},
                   {"superpages", s.superpages}});
  return all;
}

std::vector<observe::P2mShape> shapes_from_json(const Json& all) {
  std::vector<observe::P2mShape> shapes;
  for (const Json& j : all)
    shapes.push_back({j.at("domain"), j.at("held"), j.at("own_pages"), j.at("entries"), j.at("same"),
                      j.at("read_only"), j.at("foreign"), j.at("granted"), j.at("shared"),
                      j.at("superpages")});
  return shapes;
}

Json exposed_to_json(const std::vector<observe::Exposure>& exposed) {
  Json all = Json::array();
  for (const auto& e : exposed)
    all.push_back({{"domain", e.domid},
                   {"words", e.words},
                   {"own", e.own},
                   {"others", e.others},
                   {"frames", e.frames}});
  return all;
}

std::vector<observe::Exposure> exposed_from_json(const Json& all) {
  std::vector<observe::Exposure> exposed;
  for (const Json& j : all)
    exposed.push_back({j.at("domain"), j.at("words"), j.at("own"), j.at("others"), j.at("frames")});
  return exposed;
}

Json step_to_json(const StepResult& s) {
  Json j = {{"name", s.name},         {"path", s.pointer},        {"line", s.line},
            {"passed", s.passed},     {"timed_out", s.timed_out}, {"begin_ps", s.begin_ps},
            {"end_ps", s.end_ps},     {"command", s.command},     {"answer", s.answer},
            {"problems", s.problems}, {"skipped", s.skipped}};
  if (s.observed) j["ownership"] = ownership_to_json(s.ownership);
  if (s.observed) j["p2m"] = shapes_to_json(s.p2m);
  if (!s.exposed.empty()) j["exposed"] = exposed_to_json(s.exposed);
  return j;
}

StepResult step_from_json(const Json& j) {
  StepResult s;
  s.name = j.at("name");
  s.pointer = j.at("path");
  s.line = j.at("line");
  s.passed = j.at("passed");
  s.timed_out = j.at("timed_out");
  s.begin_ps = j.at("begin_ps");
  s.end_ps = j.at("end_ps");
  s.command = j.at("command");
  s.answer = j.at("answer").get<std::vector<std::string>>();
  s.problems = j.at("problems").get<std::vector<std::string>>();
  s.skipped = j.at("skipped").get<std::vector<std::string>>();
  if ((s.observed = j.contains("ownership"))) s.ownership = ownership_from_json(j.at("ownership"));
  if (s.observed) s.p2m = shapes_from_json(j.at("p2m"));
  if (j.contains("exposed")) s.exposed = exposed_from_json(j.at("exposed"));
  return s;
}

RunResult decode(const Json& j) {
  if (j.at("version") != result_version) throw Error("result of another version of xenoscope");
  RunResult r;
  r.scenario = j.at("scenario");
  r.description = j.at("description");
  r.file = j.at("file");
  r.arch = j.at("arch");
  r.seed = j.at("seed");
  r.exit_code = j.at("exit_code");
  r.message = j.at("message");
  for (const Json& s : j.at("steps")) r.steps.push_back(step_from_json(s));
  for (const Json& c : j.at("console")) r.console.push_back({c.at("source"), c.at("text"), c.at("time_ps")});
  r.backtrace = j.at("backtrace").get<std::vector<std::string>>();
  r.counters = j.at("counters").get<std::map<std::string, u64>>();
  for (const auto& [id, name] : j.at("domains").items())
    r.domain_names[static_cast<u32>(std::strtoul(id.c_str(), nullptr, 10))] = name;
  r.simulated_ps = j.at("simulated_ps");
  r.wall_s = j.at("wall_s");
  r.execution_hash = from_hex(j.at("execution_hash"));
  r.observed = j.contains("trace_hash");
  if (r.observed) r.trace_hash = from_hex(j.at("trace_hash"));
  return r;
}

}  // namespace

Json to_json(const RunResult& r) {
  Json steps = Json::array(), console = Json::array(), domains = Json::object();
  for (const StepResult& s : r.steps) steps.push_back(step_to_json(s));
  for (const ConsoleLine& c : r.console)
    console.push_back({{"source", c.source}, {"text", c.text}, {"time_ps", c.time_ps}});
  for (const auto& [id, name] : r.domain_names) domains[std::to_string(id)] = name;
  Json j = {{"version", result_version},
            {"scenario", r.scenario},
            {"description", r.description},
            {"file", r.file},
            {"arch", r.arch},
            {"seed", r.seed},
            {"exit_code", r.exit_code},
            {"verdict", verdict_name(r.exit_code)},
            {"message", r.message},
            {"steps", std::move(steps)},
            {"console", std::move(console)},
            {"backtrace", r.backtrace},
            {"counters", r.counters},
            {"domains", std::move(domains)},
            {"simulated_ps", r.simulated_ps},
            {"wall_s", r.wall_s},
            {"execution_hash", hex(r.execution_hash)}};
  if (r.observed) j["trace_hash"] = hex(r.trace_hash);
  return j;
}

std::string json_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

RunResult from_json(const Json& json) {
  try {
    return decode(json);
  } catch (const Json::exception& e) {
    throw Error(fmt::format("not a result: {}", e.what()));
  }
}

}  // namespace xs::scenario
