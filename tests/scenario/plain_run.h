// What a scenario's run is when nobody looks: by the command line, in a process of its own.
#pragma once
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace xs::test {

/// A test's own arguments: SystemC simulates one machine in a process.
inline std::string argument(const char* name) {
  const char* value = std::getenv(name);
  REQUIRE(value);
  return value;
}

/// Its result, as `run --json` writes it to the file `out`.
inline nlohmann::json plain_run(const std::string& file, const std::string& arch, const std::string& out) {
  const std::string command =
      argument("XS_PROGRAM") + " run " + file + " --arch " + arch + " --json " + out + " >/dev/null 2>&1";
  REQUIRE(std::system(command.c_str()) == 0);
  return nlohmann::json::parse(std::ifstream(out)).at("results").at(0);
}

}  // namespace xs::test
