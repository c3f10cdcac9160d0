// The tables of the report name what there is: scenarios that can be loaded with these settings, files,
// questions.
#include <catch2/catch.hpp>

#include <filesystem>
#include <regex>
#include <set>

#include "sim/report/matrix.h"
#include "sim/scenario/scenario.h"

using namespace xs::report;

TEST_CASE("report matrix: every workload can be loaded with its settings", "[report]") {
  for (const Workload& w : workloads())
    for (const Architecture& arch : architectures())
      for (const char* value : {w.vary.from, w.vary.to}) {
        INFO(w.name);
        xs::scenario::Settings settings;
        const std::string setting = w.setting != nullptr ? w.setting : "";
        if (!setting.empty())
          settings[setting.substr(0, setting.find('='))] = setting.substr(setting.find('=') + 1);
        if (w.vary.parameter != nullptr) settings[w.vary.parameter] = value;
        CHECK_NOTHROW(xs::scenario::load_scenario(XS_SOURCE_DIR "/scenarios/" + std::string(w.scenario),
                                                  settings, arch.name));
      }
}

TEST_CASE("report matrix: every table belongs to a question and a workload", "[report]") {
  std::set<std::string> ids;
  for (const Question& q : questions()) CHECK(ids.insert(q.id).second);
  for (const TableSpec& t : tables()) {
    INFO(t.caption);
    CHECK(ids.contains(t.question));
    CHECK_NOTHROW(workload_named(t.workload));
    CHECK_FALSE(t.rows.empty());
    if (t.per_unit) CHECK(workload_named(t.workload).vary.parameter != nullptr);
  }
  CHECK_THROWS(workload_named("no such"));
}

TEST_CASE("report matrix: source files that are counted are there", "[report]") {
  for (const CodePart& part : code_parts())
    for (const char* file : part.files) {
      INFO(file);
      CHECK(std::filesystem::exists(std::filesystem::path(XS_SOURCE_DIR) / file));
    }
}

TEST_CASE("report matrix: what is by its name of a P2M, the M2P or grants is counted, once", "[report]") {
  std::set<std::string> counted;
  for (const CodePart& part : code_parts())
    for (const char* file : part.files) {
      INFO(file);
      CHECK(counted.insert(file).second);
    }
  const std::regex wanted("(grant_|pmt|p2m|translated|m2p).*\\.(cpp|h)");
  std::size_t found = 0;
  for (const std::string folder : {"hypervisor/common/", "guests/kernel/"})
    for (const auto& entry : std::filesystem::directory_iterator(XS_SOURCE_DIR "/" + folder)) {
      const std::string name = entry.path().filename();
      if (!std::regex_match(name, wanted)) continue;
      ++found;
      INFO(folder << name);
      CHECK(counted.contains(folder + name));
    }
  CHECK(found > 15);  // the folders are those
}
