#include "sim/scenario/node.h"

#include <fmt/format.h>

#include <cmath>

namespace xs::scenario {

std::vector<Node> Node::items() const {
  if (!value_.is_array()) fail("must be an array");
  std::vector<Node> out;
  for (std::size_t i = 0; i < value_.size(); ++i)
    out.emplace_back(source_, value_[i], child_pointer(pointer_, i), "");
  return out;
}

std::string Node::text() const {
  if (!value_.is_string()) fail(fmt::format("must be a string, not {}", value_.type_name()));
  return value_.get<std::string>();
}

u64 Node::integer() const {
  if (!value_.is_number_unsigned())
    fail(fmt::format("must be a whole number from 0 up, not {}", value_.dump().substr(0, 60)));
  return value_.get<u64>();
}

double Node::number() const {
  if (!value_.is_number()) fail(fmt::format("must be a number, not {}", value_.type_name()));
  return value_.get<double>();
}

bool Node::boolean() const {
  if (!value_.is_boolean()) fail(fmt::format("must be true or false, not {}", value_.type_name()));
  return value_.get<bool>();
}

u64 Node::picoseconds(u64 unit) const {
  const double v = number() * static_cast<double>(unit);
  if (!(v >= 0) || v > 9e18) fail("not a time");
  return static_cast<u64>(std::llround(v));
}

std::string Node::text_or(const char* key, const std::string& otherwise) const {
  return has(key) ? at(key).text() : otherwise;
}

u64 Node::integer_or(const char* key, u64 otherwise) const {
  return has(key) ? at(key).integer() : otherwise;
}

bool Node::boolean_or(const char* key, bool otherwise) const {
  return has(key) ? at(key).boolean() : otherwise;
}

}  // namespace xs::scenario
