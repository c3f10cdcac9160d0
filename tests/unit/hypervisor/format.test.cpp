// The hypervisor's formatter against the C library's, and where it differs on purpose: it never writes past
// the end.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstring>
#include <string>

#include "hypervisor/common/print.h"

namespace {

template <typename... Args>
std::string ours(const char* format, Args... args) {
  char text[128];
  const size_t length = hv::format_text(text, sizeof text, format, args...);
  REQUIRE(length == std::strlen(text));
  return text;
}

template <typename... Args>
std::string theirs(const char* format, Args... args) {
  char text[128];
  std::snprintf(text, sizeof text, format, args...);
  return text;
}

}  // namespace

TEST_CASE("numbers print as printf prints them") {
  for (const char* format : {"%d", "%5d", "%-5d|", "%05d", "%u", "%x", "%08x", "%3x"})
    for (const int value : {0, 1, 7, -1, 12345, 2147483647}) {
      if (value < 0 && std::string(format) == "%05d") continue;  // zeros go before the sign: not used
      CHECK(ours(format, value) == theirs(format, value));
    }
  for (const char* format : {"%ld", "%lu", "%lx", "%016lx", "%20lu"})
    for (const long value : {0L, -1L, 1L << 62, 4096L}) CHECK(ours(format, value) == theirs(format, value));
}

TEST_CASE("the most negative numbers have no positive counterpart") {
  CHECK(ours("%d", -2147483647 - 1) == "-2147483648");
  CHECK(ours("%ld", -9223372036854775807L - 1) == "-9223372036854775808");
}

TEST_CASE("text, characters and literal percent signs") {
  CHECK(ours("%s|%-6s|%6s|%c|%%", "ab", "cd", "ef", 'g') == "ab|cd    |    ef|g|%");
  CHECK(ours("%p", reinterpret_cast<void*>(0x1234)) == "0000000000001234");
  CHECK(ours("100%") == "100");  // a format that ends early ends the text
}

TEST_CASE("the buffer's end is never crossed") {
  char text[8];
  std::memset(text, 'x', sizeof text);
  CHECK(hv::format_text(text, 5, "%s", "abcdefgh") == 4);
  CHECK(std::string(text) == "abcd");
  CHECK(text[5] == 'x');
  CHECK(hv::format_text(text, 1, "%lu", 1234567ul) == 0);
  CHECK(text[0] == 0);
}
