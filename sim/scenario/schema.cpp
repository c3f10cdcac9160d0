#include "sim/scenario/schema.h"

#include <fmt/format.h>

#include <charconv>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace xs::scenario {
namespace {

const Json& schema_document() {
  static const Json document = Json::parse(schema_text);
  return document;
}

const valijson::Schema& compiled_schema() {
  static valijson::Schema schema;
  static const bool populated = [] {
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_document()), schema);
    return true;
  }();
  (void)populated;
  return schema;
}

/// valijson's context is a list like <root> [steps] [3] [create]; ours is a JSON pointer.
std::string pointer_of(const std::vector<std::string>& context) {
  std::string out;
  for (const std::string& c : context)
    if (c.size() > 2 && c.front() == '[') out = child_pointer(out, c.substr(1, c.size() - 2));
  return out;
}

/// The rule for the value at `context`, as far as properties, items and references lead.
Json rule_of(const std::vector<std::string>& context) {
  Json rule = schema_document();
  const auto resolve = [&rule] {
    while (rule.contains("$ref")) {
      const std::string ref = rule["$ref"];
      rule = Json(schema_document().at(Json::json_pointer(ref.substr(1))));
    }
  };
  for (const std::string& c : context) {
    if (c.size() < 3 || c.front() != '[') continue;
    const std::string key = c.substr(1, c.size() - 2);
    if (rule.contains("properties") && rule["properties"].contains(key))
      rule = Json(rule["properties"][key]);
    else if (rule.contains("items"))
      rule = Json(rule["items"]);
    else if (rule.contains("additionalProperties"))
      rule = Json(rule["additionalProperties"]);
    resolve();
    if (!rule.is_object()) return Json::object();
  }
  return rule;
}

/// The name that a valijson sentence quotes at its end.
std::string quoted_name(const std::string& s) {
  const auto colon = s.find(": '");
  const auto a = colon == std::string::npos ? s.find('\'') : colon + 2, b = s.rfind('\'');
  return a >= b ? std::string() : s.substr(a + 1, b - a - 1);
}

bool is_unknown_key(const valijson::ValidationResults::Error& error) {
  return error.description.rfind("Object contains a property", 0) == 0;
}

/// valijson says what failed in terms of its constraints; keep its facts, and add what is allowed.
std::string sentence_of(const valijson::ValidationResults::Error& error) {
  const std::string& d = error.description;
  const auto starts = [&d](const char* with) { return d.rfind(with, 0) == 0; };
  if (is_unknown_key(error)) return fmt::format("unknown key \"{}\"", quoted_name(d));
  if (starts("Missing required")) return fmt::format("key \"{}\" is missing", quoted_name(d));
  const Json rule = rule_of(error.context);
  if (starts("Failed to match against any enum") && rule.contains("enum"))
    return fmt::format("must be one of {}", rule["enum"].dump());
  if (starts("Value type") && rule.contains("type"))
    return fmt::format("wrong type, must be {}", rule["type"].dump());
  if (starts("Failed to match regex") && rule.contains("pattern"))
    return fmt::format("must match {}", rule["pattern"].get<std::string>());
  if (starts("Expected number"))
    return fmt::format("out of range, must be from {} to {}", rule.value("minimum", 0.0),
                       rule.value("maximum", 1e9));
  return d;
}

}  // namespace

void check_schema(const Json& dom,
                  const std::function<void(const std::string&, const std::string&)>& report) {
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  valijson::adapters::NlohmannJsonAdapter target(dom);
  if (validator.validate(compiled_schema(), target, &results)) return;
  // The deepest violation is the cause; those above it only repeat that something below is wrong.
  valijson::ValidationResults::Error error, deepest;
  while (results.popError(error))
    if (error.context.size() > deepest.context.size() ||
        (error.context.size() == deepest.context.size() && is_unknown_key(error)))
      deepest = error;
  std::string pointer = pointer_of(deepest.context);
  if (is_unknown_key(deepest)) pointer = child_pointer(pointer, quoted_name(deepest.description));
  report(pointer, sentence_of(deepest));
}

}  // namespace xs::scenario
