// Bounded fuzzing of the scenario reader: whatever the bytes, the answer is a scenario or one xs::Error that
// begins with the file's name. Mutations of the shipped scenarios, from a fixed seed.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "sim/scenario/scenario.h"

using namespace xs;
using namespace xs::scenario;

namespace {

std::vector<std::string> shipped() {
  std::vector<std::filesystem::path> files;
  for (const auto& e : std::filesystem::recursive_directory_iterator(XS_SOURCE_DIR "/scenarios"))
    if (e.path().extension() == ".json" && e.path().parent_path().filename() != "schema")
      files.push_back(e.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> out;
  for (const auto& f : files) {
    std::ifstream in(f);
    out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return out;
}

using Rng = std::mt19937;

std::string mutate(std::string s, const std::vector<std::string>& all, Rng& rng) {
  static const char* const tokens[] = {"{",
                                       "}",
                                       "[",
                                       "]",
                                       "\"",
                                       ":",
                                       ",",
                                       "null",
                                       "-1",
                                       "1e400",
                                       "${",
                                       "${x}",
                                       "\\u0000",
                                       "\\ud800",
                                       "/*",
                                       "//",
                                       "99999999999999999999",
                                       "\xff",
                                       "\"repeat\"",
                                       "\"times\":10000",
                                       "true",
                                       "\"steps\":[",
                                       "((a*)*)*"};
  for (unsigned n = 1 + rng() % 4; n; --n) {
    const std::size_t at = s.empty() ? 0 : rng() % s.size();
    switch (rng() % 7) {
      case 0:
        if (!s.empty()) s[at] = static_cast<char>(rng());
        break;
      case 1:
        s.erase(at, 1 + rng() % 40);
        break;
      case 2:
        s.insert(at, tokens[rng() % std::size(tokens)]);
        break;
      case 3:
        s.resize(at);
        break;
      case 4:
        s.insert(at, s.substr(at, rng() % 200));
        break;
      case 5: {
        const std::string& other = all[rng() % all.size()];
        s.replace(at, rng() % 60, other.substr(rng() % other.size(), rng() % 120));
        break;
      }
      default:
        s.insert(at, std::string(rng() % 200, "[{\"0 x"[rng() % 6]));
        break;
    }
  }
  return s;
}

}  // namespace

TEST_CASE("shipped scenarios load") {
  const auto all = shipped();
  REQUIRE(all.size() >= 7);
  for (const std::string& text : all)
    CHECK_NOTHROW(load_scenario(JsonSource::parse("f", text), {}, "x86_64"));
}

TEST_CASE("mutated scenarios give a scenario or one clear error") {
  const auto all = shipped();
  Rng rng(20050901);
  unsigned loaded = 0, refused = 0;
  for (int i = 0; i < 1500; ++i) {
    const std::string text = mutate(all[rng() % all.size()], all, rng);
    try {
      load_scenario(JsonSource::parse("fuzz.json", text), {}, "x86_64");
      ++loaded;
    } catch (const Error& e) {
      ++refused;
      INFO(e.what());
      REQUIRE(std::string(e.what()).rfind("fuzz.json:", 0) == 0);
    }
  }
  CHECK(loaded > 10);
  CHECK(refused > 500);
}
