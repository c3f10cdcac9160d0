// `bench view`: how fast the visualizer draws a machine of 4 GiB, a million frames.
#include <fmt/format.h>

#include <fstream>

#include "sim/cli/bench_view.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/work_directory.h"
#include "sim/scenario/report.h"
#include "sim/scenario/scenario.h"
#include "viz/app/speed.h"

namespace xs::cli {
namespace {

// A domain of 1 GiB that gives half of it back and takes it again, for longer than anybody measures.
constexpr const char* load = R"({
  "name": "bench-view", "description": "Half a GiB to and fro on a machine of 4 GiB.",
  "machine": {"cpus": 1, "memory_mib": 4096},
  "dom0": {"kernel": "kernel", "memory": 128},
  "domains": [{"name": "web", "memory": 1024, "kernel": "kernel"}],
  "limits": {"simulated_s": 3600, "wall_s": 3600},
  "steps": [
    {"create": "web"},
    {"repeat": {"times": 1000, "steps": [
      {"mem-set": {"domain": "web", "memory": 512}},
      {"wait": {"memory": {"domain": "web", "at_most_mib": 512}}},
      {"mem-set": {"domain": "web", "memory": 1024}},
      {"wait": {"memory": {"domain": "web", "at_least_mib": 1024}}}
    ]}}
  ]
})";

std::string text_of(const viz::Speed& speed) {
  std::string out =
      fmt::format("{} frames of memory, 1280x800, drawn in memory at a pace of {} pictures a second\n",
                  speed.machine_frames, viz::Speed::pace);
  out += fmt::format("  {:<26} {:>10} {:>16} {:>12}\n", "", "pictures/s", "CPU ms/picture", "longest, ms");
  for (const viz::SpeedRow& r : speed.rows)
    out += fmt::format("  {:<26} {:>10.1f} {:>16.1f} {:>12.1f}\n", r.what, double(r.frames) / r.wall_s,
                       r.cpu_ms, r.worst_ms);
  return out;
}

scenario::Json json_of(const viz::Speed& speed) {
  scenario::Json rows = scenario::Json::array();
  for (const viz::SpeedRow& r : speed.rows)
    rows.push_back({{"what", r.what},
                    {"pictures_per_second", double(r.frames) / r.wall_s},
                    {"cpu_ms_per_picture", r.cpu_ms},
                    {"longest_ms", r.worst_ms}});
  return {{"machine_frames", speed.machine_frames}, {"rows", std::move(rows)}};
}

}  // namespace

int bench_view(const std::string& arch, double seconds, const std::string& json) {
  if (!json.empty()) scenario::write_file(json, "");  // better now than when all has been measured
  const WorkDirectory work;
  const std::string file = work.path() + "/load.json";
  scenario::write_file(file, load);
  const viz::Speed speed =
      viz::measure_speed({scenario::load_scenario(file, {}, arch), arch, work.path(), seconds});
  print(text_of(speed));
  if (!json.empty()) scenario::write_file(json, scenario::json_text(json_of(speed), 1) + "\n");
  return 0;
}

}  // namespace xs::cli
