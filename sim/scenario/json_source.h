// JSON text with positions: every value of the document can be named as file:line:column and by its path.
//
//     text ──SAX──> dom  {"steps":[{"create":"web"}]}
//               └─> positions  "/steps/0/create" -> 1:22        (JSON pointer, RFC 6901)
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "sim/core/error.h"
#include "sim/core/types.h"

namespace xs::scenario {

using Json = nlohmann::json;

struct Position {
  u32 line = 1;    ///< from 1
  u32 column = 1;  ///< from 1, bytes
};

struct JsonLimits {
  u64 bytes = u64{1} << 20;
  unsigned depth = 48;  ///< nested objects and arrays
  u64 string = 4096;    ///< one key or string value, bytes
};

/// A parsed document. `//` and `/* */` comments are allowed; duplicate keys, NUL bytes, bytes that are not
/// UTF-8 and anything beyond JsonLimits are errors.
class JsonSource {
 public:
  /// Throws Error("file:line:column: path: what is wrong").
  static JsonSource parse(std::string file, std::string_view text, const JsonLimits& limits = {});
  static JsonSource read(const std::string& file, const JsonLimits& limits = {});

  const Json& dom() const { return dom_; }
  const std::string& file() const { return file_; }
  /// Position of the value at `pointer`; of its nearest known parent when there is none.
  Position position(std::string pointer) const;
  /// "file:line:column: /path: what", ready to be printed.
  std::string describe(const std::string& pointer, const std::string& what) const;
  [[noreturn]] void fail(const std::string& pointer, const std::string& what) const;

 private:
  std::string file_;
  Json dom_;
  std::map<std::string, Position> positions_;
};

/// Whole file as text; throws Error naming the file (missing, directory, unreadable, longer than `limit`).
std::string read_text_file(const std::string& file, u64 limit);

/// `pointer` with one more reference token, escaped.
std::string child_pointer(const std::string& pointer, std::string_view key);
std::string child_pointer(const std::string& pointer, std::size_t index);

}  // namespace xs::scenario
