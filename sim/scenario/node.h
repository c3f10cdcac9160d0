// A value of the expanded document together with the place it came from, for typed reading.
#pragma once
#include <string>
#include <vector>

#include "sim/scenario/json_source.h"

namespace xs::scenario {

/// Reading a value of the wrong type fails with the position in the file: a parameter may have any type, so
/// the schema alone cannot promise one.
class Node {
 public:
  /// `pointer` locates the value in the file: origin + path below it.
  Node(const JsonSource& source, const Json& value, const std::string& origin, const std::string& path)
      : source_(source), value_(value), pointer_(origin + path) {}

  bool has(const char* key) const { return value_.is_object() && value_.contains(key); }
  Node at(const char* key) const { return {source_, value_.at(key), child_pointer(pointer_, key), ""}; }
  std::vector<Node> items() const;
  bool is_string() const { return value_.is_string(); }

  std::string text() const;
  u64 integer() const;
  double number() const;
  bool boolean() const;
  /// number() times `unit`, rounded.
  u64 picoseconds(u64 unit) const;

  std::string text_or(const char* key, const std::string& otherwise) const;
  u64 integer_or(const char* key, u64 otherwise) const;
  bool boolean_or(const char* key, bool otherwise) const;

  const Json& json() const { return value_; }
  const std::string& pointer() const { return pointer_; }
  Position position() const { return source_.position(pointer_); }
  [[noreturn]] void fail(const std::string& what) const { source_.fail(pointer_, what); }

 private:
  const JsonSource& source_;
  const Json& value_;
  std::string pointer_;
};

}  // namespace xs::scenario
