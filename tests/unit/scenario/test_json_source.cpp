// Positions and errors of the JSON reader: what a user sees when a file is wrong.
#include <catch2/catch.hpp>
#include <string>

#include "sim/scenario/json_source.h"

using namespace xs;
using namespace xs::scenario;

namespace {

std::string error_of(const std::string& text, const JsonLimits& limits = {}) {
  try {
    JsonSource::parse("f.json", text, limits);
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::error);
    return e.what();
  }
  return "no error";
}

bool at(const JsonSource& s, const char* pointer, u32 line, u32 column) {
  const Position p = s.position(pointer);
  INFO(pointer << " is at " << p.line << ':' << p.column);
  CHECK(p.line == line);
  CHECK(p.column == column);
  return p.line == line && p.column == column;
}

}  // namespace

TEST_CASE("every value has its position") {
  const auto s = JsonSource::parse("f.json",
                                   "{\n"
                                   "  \"a\": 1, // one\n"
                                   "  \"list\": [10,20 , /* gap */ 30,\n"
                                   "    {\"x\":true}],\n"
                                   "  \"s\": \"text\", \"n\":null,\"f\":-1.5}");
  at(s, "", 1, 1);
  at(s, "/a", 2, 8);
  at(s, "/list", 3, 11);
  at(s, "/list/0", 3, 12);
  at(s, "/list/1", 3, 15);
  at(s, "/list/2", 3, 30);
  at(s, "/list/3", 4, 5);
  at(s, "/list/3/x", 4, 10);
  at(s, "/s", 5, 8);
  at(s, "/n", 5, 20);
  at(s, "/f", 5, 29);
  CHECK(s.dom()["list"][3]["x"] == true);
}

TEST_CASE("position of a value that does not exist is its parent's") {
  const auto s = JsonSource::parse("f.json", "{\n \"a\": {}}");
  at(s, "/a/b/c", 2, 7);
  at(s, "/z", 1, 1);
}

TEST_CASE("keys with slash and tilde are escaped in pointers") {
  const auto s = JsonSource::parse("f.json", R"({"a/b~c": 7})");
  at(s, "/a~1b~0c", 1, 11);
  CHECK(child_pointer("", "a/b~c") == "/a~1b~0c");
}

TEST_CASE("a number directly in front of a comment") {
  const auto s = JsonSource::parse("f.json", "[1/*c*/,2// d\n,3]");
  at(s, "/1", 1, 9);
  at(s, "/2", 2, 2);
}

TEST_CASE("broken JSON names line and column") {
  CHECK(error_of("{\n \"a\": }").find("f.json:2:7: /: not JSON: syntax error") == 0);
  CHECK(error_of("").find("f.json:1:1: /: not JSON") == 0);
  CHECK(error_of("{\"a\":1").find("f.json:1:") == 0);
  CHECK(error_of("[1,2] x").find("f.json:1:7") == 0);
  CHECK(error_of("{\"steps\":[{\"a\":tru}]}").find("f.json:1:19: /steps/0: not JSON") == 0);
}

TEST_CASE("duplicate keys are errors where the second one stands") {
  CHECK(error_of("{\"a\":1,\n  \"a\":2}") == "f.json:2:3: /: duplicate key \"a\"");
}

TEST_CASE("NUL bytes and bytes that are not UTF-8") {
  CHECK(error_of(std::string("{\"a\":\n\0 1}", 10)) == "f.json:2:1: /: NUL byte");
  CHECK(error_of("{\"a\": \"\xff\"}") == "f.json:1:8: /: not UTF-8");
  CHECK(error_of("// \xc0\xaf\n{}") == "f.json:1:4: /: not UTF-8");
  CHECK(error_of("\"\xed\xa0\x80\"") == "f.json:1:2: /: not UTF-8");
  CHECK(error_of("\"\xe2\x82\xac \xf0\x9f\x98\x80\"") == "no error");
}

TEST_CASE("limits: depth, length of the file, length of a string") {
  CHECK(error_of(std::string(100'000, '[')).find("nested deeper than 48 levels") != std::string::npos);
  CHECK(error_of(std::string(48, '[') + std::string(48, ']')) == "no error");
  CHECK(error_of(std::string(2'000'000, ' ')) == "f.json:1:1: /: longer than 1048576 bytes");
  CHECK(error_of("{\"a\": \"" + std::string(5000, 'x') + "\"}") ==
        "f.json:1:7: /a: string longer than 4096 bytes");
  CHECK(error_of("{\"" + std::string(5000, 'x') + "\":1}") == "f.json:1:2: /: string longer than 4096 bytes");
}

TEST_CASE("numbers that no type can hold") {
  CHECK(error_of("[1e999]").find("not JSON") != std::string::npos);
  CHECK(error_of("[18446744073709551616]") == "no error");
}

TEST_CASE("files that cannot be read") {
  CHECK_THROWS_WITH(JsonSource::read("/nonexistent/x.json"),
                    "/nonexistent/x.json: No such file or directory");
  CHECK_THROWS_WITH(JsonSource::read("/tmp"), "/tmp: is a directory, not a file");
}
