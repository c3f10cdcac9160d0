#include "sim/scenario/json_source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "sim/core/xml_text.h"

namespace xs::scenario {
namespace {

/// What the SAX handler shares with the iterator the lexer reads through: how far the lexer has come.
struct Cursor {
  std::string_view text;
  std::size_t offset = 0;
};

class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(Cursor* cursor, std::size_t at) : cursor_(cursor), at_(at) {}
  reference operator*() const { return cursor_->text[at_]; }
  CountingIterator& operator++() {
    cursor_->offset = ++at_;
    return *this;
  }
  bool operator==(const CountingIterator& o) const { return at_ == o.at_; }
  bool operator!=(const CountingIterator& o) const { return at_ != o.at_; }

 private:
  Cursor* cursor_;
  std::size_t at_;
};

class LineMap {
 public:
  explicit LineMap(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') starts_.push_back(i + 1);
  }
  Position at(std::size_t offset) const {
    auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    auto line = static_cast<std::size_t>(after - starts_.begin());
    return {static_cast<u32>(line), static_cast<u32>(offset - starts_[line - 1] + 1)};
  }

 private:
  std::vector<std::size_t> starts_{0};
};

/// Start of the next token at or after `from`: behind white space, comments and separators.
std::size_t token_start(std::string_view text, std::size_t from) {
  while (from < text.size()) {
    const char c = text[from];
    if (std::strchr(" \t\r\n,:", c)) {
      ++from;
    } else if (c == '/' && from + 1 < text.size() && text[from + 1] == '/') {
      from = std::min(text.find('\n', from), text.size());
    } else if (c == '/' && from + 1 < text.size() && text[from + 1] == '*') {
      const auto end = text.find("*/", from + 2);
      from = end == std::string_view::npos ? text.size() : end + 2;
    } else {
      break;
    }
  }
  return from;
}

[[noreturn]] void fail_at(const std::string& file, Position p, const std::string& path,
                          const std::string& what) {
  throw Error(fmt::format("{}:{}:{}: {}: {}", file, p.line, p.column, path.empty() ? "/" : path, what));
}

class Builder {
 public:
  Builder(const std::string& file, Cursor& cursor, const LineMap& lines, const JsonLimits& limits)
      : file_(file), cursor_(cursor), lines_(lines), limits_(limits) {}

  bool null() { return value(nullptr); }
  bool boolean(bool v) { return value(v); }
  // The lexer has read one character behind a number to see its end.
  bool number_integer(Json::number_integer_t v) { return value(v, 1); }
  bool number_unsigned(Json::number_unsigned_t v) { return value(v, 1); }
  bool number_float(Json::number_float_t v, const std::string&) { return value(v, 1); }
  bool string(std::string& v) {
    check_length(v, lines_.at(token_start(cursor_.text, last_end_)), next_path());
    return value(std::move(v));
  }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    const Position p = lines_.at(token_start(cursor_.text, last_end_));
    last_end_ = cursor_.offset;
    Level& top = levels_.back();
    check_length(name, p, top.path);
    if (top.node->contains(name)) fail_at(file_, p, top.path, fmt::format("duplicate key \"{}\"", name));
    top.key = name;
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) {
    std::string what = e.what();
    if (const auto column = what.find("column "); column != std::string::npos)
      if (const auto colon = what.find(": ", column); colon != std::string::npos) what.erase(0, colon + 2);
    const std::size_t at = cursor_.offset ? cursor_.offset - 1 : 0;
    fail_at(file_, lines_.at(std::min(at, cursor_.text.size())), levels_.empty() ? "" : levels_.back().path,
            "not JSON: " + what);
  }

  Json root;
  std::map<std::string, Position> positions;

 private:
  struct Level {
    Json* node;
    std::string path;
    std::string key;
  };

  void check_length(const std::string& s, Position p, const std::string& path) const {
    if (s.size() > limits_.string)
      fail_at(file_, p, path, fmt::format("string longer than {} bytes", limits_.string));
  }

  std::string next_path() const {
    if (levels_.empty()) return "";
    const Level& top = levels_.back();
    return top.node->is_array() ? child_pointer(top.path, top.node->size())
                                : child_pointer(top.path, top.key);
  }

  Json* place(Json v, std::size_t read_ahead) {
    const Position p = lines_.at(token_start(cursor_.text, last_end_));
    const std::string path = next_path();
    positions[path] = p;
    last_end_ = cursor_.offset >= cursor_.text.size() ? cursor_.offset : cursor_.offset - read_ahead;
    if (levels_.empty()) return &(root = std::move(v));
    Json& parent = *levels_.back().node;
    if (parent.is_array()) return parent.push_back(std::move(v)), &parent.back();
    return &(parent[levels_.back().key] = std::move(v));
  }

  bool value(Json v, std::size_t read_ahead = 0) { return place(std::move(v), read_ahead), true; }

  bool open(Json empty) {
    const std::string path = next_path();
    if (levels_.size() >= limits_.depth)
      fail_at(file_, lines_.at(token_start(cursor_.text, last_end_)), path,
              fmt::format("nested deeper than {} levels", limits_.depth));
    levels_.push_back({place(std::move(empty), 0), path, {}});
    return true;
  }

  bool close() {
    last_end_ = cursor_.offset;
    levels_.pop_back();
    return true;
  }

  const std::string& file_;
  Cursor& cursor_;
  const LineMap& lines_;
  const JsonLimits& limits_;
  std::vector<Level> levels_;
  std::size_t last_end_ = 0;
};

void check_bytes(const std::string& file, std::string_view text, const LineMap& lines) {
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\0') fail_at(file, lines.at(i), "", "NUL byte");
    const std::size_t n = utf8_length(text.substr(i));
    if (!n) fail_at(file, lines.at(i), "", "not UTF-8");
    i += n;
  }
}

}  // namespace

std::string child_pointer(const std::string& pointer, std::string_view key) {
  std::string out = pointer + '/';
  for (char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

std::string child_pointer(const std::string& pointer, std::size_t index) {
  return pointer + '/' + std::to_string(index);
}

JsonSource JsonSource::parse(std::string file, std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    throw Error(fmt::format("{}:1:1: /: longer than {} bytes", file, limits.bytes));
  const LineMap lines(text);
  check_bytes(file, text, lines);
  Cursor cursor{text};
  Builder builder(file, cursor, lines, limits);
  Json::sax_parse(CountingIterator(&cursor, 0), CountingIterator(&cursor, text.size()), &builder,
                  nlohmann::detail::input_format_t::json, true, true);
  JsonSource out;
  out.file_ = std::move(file);
  out.dom_ = std::move(builder.root);
  out.positions_ = std::move(builder.positions);
  return out;
}

JsonSource JsonSource::read(const std::string& file, const JsonLimits& limits) {
  return parse(file, read_text_file(file, limits.bytes), limits);
}

Position JsonSource::position(std::string pointer) const {
  for (;;) {
    if (const auto it = positions_.find(pointer); it != positions_.end()) return it->second;
    const auto slash = pointer.rfind('/');
    if (slash == std::string::npos) return {};
    pointer.erase(slash);
  }
}

std::string JsonSource::describe(const std::string& pointer, const std::string& what) const {
  const Position p = position(pointer);
  return fmt::format("{}:{}:{}: {}: {}", file_, p.line, p.column, pointer.empty() ? "/" : pointer, what);
}

void JsonSource::fail(const std::string& pointer, const std::string& what) const {
  throw Error(describe(pointer, what));
}

std::string read_text_file(const std::string& file, u64 limit) {
  struct stat st {};
  if (::stat(file.c_str(), &st) != 0) throw Error(fmt::format("{}: {}", file, std::strerror(errno)));
  if (S_ISDIR(st.st_mode)) throw Error(fmt::format("{}: is a directory, not a file", file));
  if (S_ISREG(st.st_mode) && static_cast<u64>(st.st_size) > limit)
    throw Error(fmt::format("{}:1:1: /: longer than {} bytes", file, limit));
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Error(fmt::format("{}: {}", file, std::strerror(errno)));
  std::string text;
  char block[65536];
  while (in.read(block, sizeof block) || in.gcount()) {
    text.append(block, static_cast<std::size_t>(in.gcount()));
    if (text.size() > limit) throw Error(fmt::format("{}:1:1: /: longer than {} bytes", file, limit));
  }
  if (in.bad()) throw Error(fmt::format("{}: cannot be read: {}", file, std::strerror(errno)));
  return text;
}

}  // namespace xs::scenario
