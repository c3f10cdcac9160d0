// The scenario schema (scenarios/schema/scenario.schema.json), compiled in.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "sim/scenario/json_source.h"

namespace xs::scenario {

extern const std::string_view schema_text;  ///< generated from the schema file at build time

/// First violation found in `dom` as (JSON pointer, sentence), handed to `report`, which throws.
void check_schema(const Json& dom, const std::function<void(const std::string&, const std::string&)>& report);

}  // namespace xs::scenario
