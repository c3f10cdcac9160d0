#include "sim/scenario/expand.h"

#include <fmt/format.h>

namespace xs::scenario {
namespace {

using Environment = std::map<std::string, Json>;

/// A setting's text as JSON when it is a number, true or false; else a string.
Json setting_value(const std::string& text) {
  Json v = Json::parse(text, nullptr, false);
  if (v.is_number() || v.is_boolean()) return v;
  return text;
}

// Every scenario has these: the memory models of domains and of dom0 where they do not name one, how a P2M is
// shown to who may read it, whether P2Ms keep superpages, which object of its disks' driver
// dom0 uses, and whether the machine has an IOMMU.
constexpr const char* model_parameter = "model";
constexpr const char* dom0_model_parameter = "dom0_model";
constexpr const char* pmt_parameter = "pmt";
constexpr const char* superpages_parameter = "superpages";
constexpr const char* driver_parameter = "driver";
constexpr const char* iommu_parameter = "iommu";

void give_models(Json& head, const Environment& env) {
  if (const auto domains = head.find("domains"); domains != head.end())
    for (Json& domain : *domains)
      if (!domain.contains("model")) domain["model"] = env.at(model_parameter);
  if (!head["dom0"].contains("model")) head["dom0"]["model"] = env.at(dom0_model_parameter);
  for (const char* name : {pmt_parameter, superpages_parameter, driver_parameter})
    if (!head["dom0"].contains(name)) head["dom0"][name] = env.at(name);
  if (env.at(iommu_parameter) != false && !head["machine"].contains("iommu"))
    head["machine"]["iommu"] = env.at(iommu_parameter);
}

/// Values that hold on this architecture only, for parameters that the scenario has.
void apply_arch_parameters(const JsonSource& source, const std::string& arch, Environment& env) {
  const Json::json_pointer at("/arch_parameters/" + arch);
  if (!source.dom().contains(at)) return;
  for (const auto& [name, value] : source.dom()[at].items()) {
    const auto it = env.find(name);
    const std::string pointer = child_pointer(at.to_string(), name);
    if (it == env.end()) source.fail(pointer, fmt::format("has no default among \"parameters\""));
    if (value.type_name() != std::string_view(it->second.type_name()))
      source.fail(pointer,
                  fmt::format("must be a {}, as the parameter's default is", it->second.type_name()));
    it->second = value;
  }
}

Environment parameters(const JsonSource& source, const Settings& settings, const std::string& arch) {
  Environment env = {{model_parameter, "direct"},          {dom0_model_parameter, "direct"},
                     {pmt_parameter, "linear,attributes"}, {superpages_parameter, "yes"},
                     {driver_parameter, "transparent"},    {iommu_parameter, false}};
  const Json& dom = source.dom();
  if (const auto it = dom.find("parameters"); it != dom.end())
    for (const auto& [name, value] : it->items()) env[name] = value;
  apply_arch_parameters(source, arch, env);
  for (const auto& [name, text] : settings) {
    const auto it = env.find(name);
    if (it == env.end())
      source.fail("/parameters", fmt::format("has no parameter \"{}\" to be set on the command line", name));
    Json value = setting_value(text);
    if (value.type_name() != std::string_view(it->second.type_name())) {
      if (!it->second.is_string())
        source.fail(child_pointer("/parameters", name),
                    fmt::format("--set {}={}: must be a {}, as the parameter's default is", name, text,
                                it->second.type_name()));
      value = text;  // a text that looks like a number is a text
    }
    it->second = std::move(value);
  }
  return env;
}

class Expander {
 public:
  explicit Expander(const JsonSource& source) : source_(source) {}

  Json substitute(const Json& v, const std::string& pointer, const Environment& env) const {
    if (v.is_string()) return substitute_text(v.get_ref<const std::string&>(), pointer, env);
    if (v.is_array()) {
      Json out = Json::array();
      for (std::size_t i = 0; i < v.size(); ++i)
        out.push_back(substitute(v[i], child_pointer(pointer, i), env));
      return out;
    }
    if (!v.is_object()) return v;
    Json out = Json::object();
    for (const auto& [key, value] : v.items()) out[key] = substitute(value, child_pointer(pointer, key), env);
    return out;
  }

  void steps(const Json& list, const std::string& pointer, const Environment& env,
             std::vector<ExpandedStep>& out) const {
    for (std::size_t i = 0; i < list.size(); ++i) step(list[i], child_pointer(pointer, i), env, out);
  }

 private:
  Json substitute_text(const std::string& s, const std::string& pointer, const Environment& env) const {
    std::string out;
    for (std::size_t at = 0;;) {
      const auto open = s.find("${", at);
      if (open == std::string::npos) return out + s.substr(at);
      const auto close = s.find('}', open);
      if (close == std::string::npos) source_.fail(pointer, "\"${\" without \"}\"");
      const std::string name = s.substr(open + 2, close - open - 2);
      const auto it = env.find(name);
      if (it == env.end()) source_.fail(pointer, fmt::format("no parameter \"{}\"", name));
      if (open == 0 && close + 1 == s.size()) return it->second;  // keeps its type
      out += s.substr(at, open - at);
      out += it->second.is_string() ? it->second.get<std::string>()
                                    : it->second.dump(-1, ' ', false, Json::error_handler_t::replace);
      if (out.size() > 4096) source_.fail(pointer, "longer than 4096 bytes after substitution");
      at = close + 1;
    }
  }

  void step(const Json& s, const std::string& pointer, const Environment& env,
            std::vector<ExpandedStep>& out) const {
    if (s.contains("repeat")) return repeat(s["repeat"], pointer + "/repeat", env, out);
    if (s.contains("for")) return for_each(s["for"], pointer + "/for", env, out);
    if (out.size() >= max_steps)
      source_.fail(pointer, fmt::format("more than {} steps after unrolling the loops", max_steps));
    out.push_back({substitute(s, pointer, env), pointer});
  }

  void repeat(const Json& loop, const std::string& pointer, const Environment& env,
              std::vector<ExpandedStep>& out) const {
    const Json times = substitute(loop["times"], pointer + "/times", env);
    if (!times.is_number_integer() || times.get<double>() < 0 || times.get<double>() > double(max_steps))
      source_.fail(pointer + "/times", fmt::format("must be an integer from 0 to {}", max_steps));
    if (loop["steps"].empty()) return;
    Environment inner = env;
    for (u64 i = 0; i < times.get<u64>(); ++i) {
      inner["iteration"] = i + 1;
      steps(loop["steps"], pointer + "/steps", inner, out);
    }
  }

  void for_each(const Json& loop, const std::string& pointer, const Environment& env,
                std::vector<ExpandedStep>& out) const {
    const Json values = substitute(loop["in"], pointer + "/in", env);
    Environment inner = env;
    for (const Json& v : values) {
      inner[loop["parameter"].get<std::string>()] = v;
      steps(loop["steps"], pointer + "/steps", inner, out);
    }
  }

  const JsonSource& source_;
};

}  // namespace

Expanded expand(const JsonSource& source, const Settings& settings, const std::string& arch) {
  const Environment env = parameters(source, settings, arch);
  const Expander expander(source);
  const Json& dom = source.dom();
  Expanded out;
  out.head = Json::object();
  for (const auto& [key, value] : dom.items())
    if (key != "steps" && key != "parameters" && key != "arch_parameters" && key != "name" &&
        key != "description")
      out.head[key] = expander.substitute(value, child_pointer("", key), env);
    else if (key != "steps")
      out.head[key] = value;
  give_models(out.head, env);
  if (dom.contains("steps")) expander.steps(dom["steps"], "/steps", env, out.steps);
  return out;
}

}  // namespace xs::scenario
