#include "sim/bench/table.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/core/error.h"

namespace xs::bench {
namespace {

double figure(const PayloadResult& r, const Cell& cell) {
  const auto ns = static_cast<double>(cell.best.nanoseconds);
  if (r.payload->in_mips) return static_cast<double>(r.instructions) * 1000 / ns;
  return ns / static_cast<double>(cell.best.operations);
}

std::string ratio(const Cell& cell, const Cell* yardstick) {
  if (yardstick == nullptr || yardstick == &cell) return "";
  return fmt::format("{:.2f}", static_cast<double>(yardstick->best.nanoseconds) /
                                   static_cast<double>(cell.best.nanoseconds));
}

}  // namespace

const Cell* PayloadResult::find(const std::string& row) const {
  for (const Cell& cell : cells)
    if (cell.row == row) return &cell;
  return nullptr;
}

PayloadResult run_payload(const Payload& payload, unsigned rounds,
                          const std::function<void(unsigned, const std::string&)>& progress) {
  PayloadResult result;
  result.payload = &payload;
  for (unsigned round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < payload.rows.size(); ++i) {
      progress(round, payload.rows[i].name);
      const Measurement m = measure(payload.rows[i].command);
      if (round == 0) result.cells.push_back({payload.rows[i].name, m});
      if (m.checksum != result.cells[0].best.checksum || m.operations != result.cells[0].best.operations)
        throw Error(payload.name + ": " + payload.rows[i].name + " computed something else than " +
                    payload.rows[0].name);
      Measurement& best = result.cells[i].best;
      if (m.nanoseconds < best.nanoseconds) best = m;
      if (m.instructions != 0) result.instructions = m.instructions;
    }
  }
  return result;
}

std::string text_of(const PayloadResult& r) {
  std::string out = fmt::format("{}: {}\n", r.payload->name, r.payload->what);
  if (r.instructions != 0)
    out += fmt::format("  {:.1f} million instructions\n", static_cast<double>(r.instructions) / 1e6);
  out += fmt::format("  {:<30} {:>12} {:>12} {:>10}\n", "", r.payload->in_mips ? "MIPS" : "ns/op",
                     "x unicorn", "x qemu");
  for (const Cell& cell : r.cells)
    out += fmt::format("  {:<30} {:>12.0f} {:>12} {:>10}\n", cell.row, figure(r, cell),
                       ratio(cell, r.find("unicorn")), ratio(cell, r.find("qemu")));
  return out;
}

std::string json_of(const std::vector<PayloadResult>& results) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const PayloadResult& r : results) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const Cell& cell : r.cells)
      rows.push_back({{"row", cell.row},
                      {"nanoseconds", cell.best.nanoseconds},
                      {"operations", cell.best.operations},
                      {"figure", figure(r, cell)},
                      {"unit", r.payload->in_mips ? "MIPS" : "ns/op"}});
    all.push_back({{"payload", r.payload->name}, {"instructions", r.instructions}, {"rows", rows}});
  }
  return all.dump(2) + "\n";
}

}  // namespace xs::bench
