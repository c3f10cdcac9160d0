#include "sim/bench/table.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/core/error.h"

namespace xs::bench {
namespace {

double figure(const PayloadResult& r, const Cell& cell) {
  const auto ns = static_cast<double>(cell.best.nanoseconds);
  switch (r.payload->shown) {
    case Figure::mips:
      return static_cast<double>(r.instructions) * 1000 / ns;
    case Figure::millions:
      return static_cast<double>(cell.best.operations) * 1000 / ns;
    default:
      return ns / static_cast<double>(cell.best.operations);
  }
}

const char* unit(const PayloadResult& r) {
  switch (r.payload->shown) {
    case Figure::mips:
      return "MIPS";
    case Figure::millions:
      return "million/s";
    default:
      return "ns/op";
  }
}

/// One more measurement of row `i`.
void note(PayloadResult& result, std::size_t i, const Measurement& m) {
  const Row& row = result.payload->rows[i];
  if (result.cells.size() == i) result.cells.push_back({row.name, m});
  const Measurement& first = result.cells[0].best;
  if (m.checksum != first.checksum || m.operations != first.operations)
    throw Error(result.payload->name + ": " + row.name + " computed something else than " +
                result.cells[0].row);
  Measurement& best = result.cells[i].best;
  if (m.nanoseconds < best.nanoseconds) best = m;
  if (m.instructions != 0) result.instructions = m.instructions;
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
  for (unsigned round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < payload.rows.size(); ++i) {
      progress(round, payload.rows[i].name);
      note(result, i, measure(payload.rows[i].command));
    }
  return result;
}

std::vector<PayloadResult> run_suite(const std::vector<Payload>& payloads, unsigned rounds,
                                     const std::function<void(unsigned, const std::string&)>& progress) {
  std::vector<PayloadResult> results;
  results.reserve(payloads.size());
  for (const Payload& p : payloads) results.push_back({&p, {}, 0});
  for (unsigned round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < payloads.front().rows.size(); ++i) {
      const Row& row = payloads.front().rows[i];
      progress(round, row.name);
      const Measurements all = measure_all(row.command);
      for (PayloadResult& result : results) {
        const auto found = all.find(result.payload->name);
        if (found == all.end()) throw Error(row.name + " did not run " + result.payload->name);
        note(result, i, found->second);
      }
    }
  return results;
}

std::string text_of(const PayloadResult& r) {
  std::string out = fmt::format("{}: {}\n", r.payload->name, r.payload->what);
  if (r.payload->shown == Figure::mips)
    out += fmt::format("  {:.1f} million instructions\n", static_cast<double>(r.instructions) / 1e6);
  out += fmt::format("  {:<30} {:>12}", "", unit(r));
  for (const std::string& yardstick : r.payload->yardsticks) out += fmt::format(" {:>12}", "x " + yardstick);
  for (const Cell& cell : r.cells) {
    out += fmt::format("\n  {:<30} {:>12.{}f}", cell.row, figure(r, cell),
                       r.payload->shown == Figure::millions ? 1 : 0);
    for (const std::string& yardstick : r.payload->yardsticks)
      out += fmt::format(" {:>12}", ratio(cell, r.find(yardstick)));
  }
  return out + "\n";
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
                      {"unit", unit(r)}});
    all.push_back({{"payload", r.payload->name}, {"instructions", r.instructions}, {"rows", rows}});
  }
  return all.dump(2) + "\n";
}

}  // namespace xs::bench
