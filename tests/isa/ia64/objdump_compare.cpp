// Our disassembler says what GNU objdump says: of every encoding with its fields at their extremes, of
// every value of the opcode extensions, of a million random bundles (half of them random bits, half random
// valid encodings). Reserved encodings agree as well ("data8"). The differences that known_differences.cpp
// lists are allowed, and each of them must occur.
//
// usage: isa_ia64_objdump [SEED [BUNDLES]]
#include <cstdlib>
#include <map>
#include <stdexcept>

#include "sim/cpu_ia64/isa/decode.h"
#include "sim/cpu_ia64/isa/disassemble.h"
#include "tests/isa/ia64/known_differences.h"
#include "tests/isa/ia64/objdump_reader.h"
#include "tests/isa/ia64/slot_cases.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::test;

namespace {

struct Tally {
  u64 lines = 0, same = 0, reserved = 0, unexplained = 0;
  std::map<const Difference*, u64> explained;
};

/// The text of a line behind the template's name and the predicate.
std::string_view instruction_of(std::string_view line) {
  const auto at =
      line.find_first_not_of(' ', line.find(')') != std::string_view::npos ? line.find(')') + 1 : 6);
  return at == std::string_view::npos ? "" : line.substr(at);
}

void judge(Tally& tally, const Bundle& bundle, unsigned n, const std::string& ours,
           const std::string& theirs) {
  ++tally.lines;
  if (ours == theirs) {
    ++tally.same;
    tally.reserved += ours.find("data8") != std::string::npos;
    return;
  }
  const Template& layout = bundle.layout();
  const bool is_long = layout.long_immediate() && n == 1;
  const u64 slot = bundle.slot(is_long ? 2 : n);
  const Row* row = layout.reserved() ? nullptr : find(is_long ? Unit::x : layout.unit[n], slot);
  const Difference* known = explain(row, slot, instruction_of(ours), instruction_of(theirs));
  if (known != nullptr) {
    ++tally.explained[known];
  } else if (++tally.unexplained <= 40) {
    std::printf("slot %u of template %02x, %011llx:\n  ours    %s\n  objdump %s\n", n,
                bundle.template_number(), static_cast<unsigned long long>(slot), ours.c_str(),
                theirs.c_str());
  }
}

Tally compare(const std::vector<Bundle>& bundles) {
  Tally tally;
  ObjdumpReader objdump(bundles);
  ObjdumpReader::Line line;
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    const u64 address = i * bundle_size;
    const std::vector<std::string> ours = disassemble_lines(bundles[i], address);
    for (unsigned n = 0; n < ours.size(); ++n) {
      if (!objdump.next(line)) throw std::runtime_error("objdump ends early");
      if (line.address != address + n * 6) throw std::runtime_error("objdump's lines are out of step");
      judge(tally, bundles[i], n, ours[n], line.text);
    }
  }
  if (objdump.next(line)) throw std::runtime_error("objdump has lines left");
  return tally;
}

std::vector<Bundle> make_bundles(u64 seed, std::size_t random_count) {
  std::mt19937_64 random(seed);
  std::vector<Bundle> bundles = field_extremes(random);
  const std::vector<Bundle> extensions = every_extension(random);
  std::printf(
      "%zu bundles with fields at their extremes, %zu with every opcode extension, %zu random; seed %llu\n",
      bundles.size(), extensions.size(), random_count, static_cast<unsigned long long>(seed));
  bundles.insert(bundles.end(), extensions.begin(), extensions.end());
  for (std::size_t i = 0; i < random_count / 2; ++i) bundles.push_back(random_bundle(random));
  for (std::size_t i = 0; i < random_count / 2; ++i) bundles.push_back(random_valid_bundle(random));
  return bundles;
}

int report(const Tally& tally) {
  std::printf("%llu lines, %llu the same, %llu of these reserved\n",
              static_cast<unsigned long long>(tally.lines), static_cast<unsigned long long>(tally.same),
              static_cast<unsigned long long>(tally.reserved));
  bool failed = tally.unexplained != 0 || tally.reserved == 0;
  for (const Difference& d : known_differences()) {
    const auto found = tally.explained.find(&d);
    const u64 count = found == tally.explained.end() ? 0 : found->second;
    std::printf("%8llu  %s%.*s\n", static_cast<unsigned long long>(count),
                count == 0 ? "DOES NOT OCCUR: " : "", static_cast<int>(d.reason.size()), d.reason.data());
    failed |= count == 0;
  }
  if (tally.unexplained != 0)
    std::printf("%llu differences without a reason\n", static_cast<unsigned long long>(tally.unexplained));
  return failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (!ObjdumpReader::available()) {
    std::puts("skipped: ia64-linux-gnu-objdump is not installed (binutils-ia64-linux-gnu)");
    return 77;
  }
  const u64 seed = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 64;
  const std::size_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : 1000000;
  return report(compare(make_bundles(seed, count)));
} catch (const std::exception& e) {
  std::printf("failed: %s\n", e.what());
  return 1;
}
