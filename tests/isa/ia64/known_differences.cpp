#include "tests/isa/ia64/known_differences.h"

namespace xs::test {

using namespace xs::ia64;

namespace {

// Sections and formats are those of the Intel SDM, volume 3.
constexpr Difference differences[] = {
    {"M2 M3 M7 M8 M11 M12 M16 M17 ", bits(29, 28, 2), "", "data8",
     "4.4.1: the load hint 2 has no name, and a hint without a name is no hint; binutils rejects it unless "
     "bit 19 "
     "can extend it"},
    {"M5 M10 ", bits(29, 28, 1), "", "data8", "4.4.1: the same for the store hint 1"},
    {"M5 M10 ", bits(29, 28, 2), "", "data8", "4.4.1: the same for the store hint 2"},
    {"I21 ", bits(21, 20, 3), "mov", "data8", "4.3.5, I21, mwh: the hint 3 has no name"},
    {"B7 ", bits(4, 3, 1), "brp", "data8", "4.5.2, B7, indwh: the hint 1 has no name"},
    {"B7 ", bits(4, 3, 3), "brp", "data8", "4.5.2, B7, indwh: the hint 3 has no name"},
    {"B5 ", bit(32, 0), "br.call", "data8", "4.5.1, B5, bwh of indirect calls: even hints have no name"},
    {"M48 ", bits(11, 10, 0) | bit(26, 1), "hint.m", "hint.m",
     "4.4.11, M48: the immediate has 21 bits; binutils leaves out bits 11:10, by which Itanium 9500 tells "
     "mov dahr apart"},
    {"M48 ", bit(11, 1) | bit(26, 1), "hint.m", "data8",
     "4.4.11, M48: the same, for the values that are not mov dahr either"},
    {"", major(7) | bits(36, 33, 6) | bits(32, 28, 10), "data8", "mux1",
     "4.3.1, I3, mbtype4: only @brcst, @mix, @shuf, @alt and @rev are encodings; binutils prints the number"},
};

bool concerns(const Difference& d, const Row* row, u64 slot) {
  if (!d.bits.matches(slot)) return false;
  if (row == nullptr) return d.formats.empty();
  const std::string_view format = row->format;
  const auto at = d.formats.find(format);
  return at != std::string_view::npos && d.formats[at + format.size()] == ' ';
}

}  // namespace

std::span<const Difference> known_differences() { return differences; }

const Difference* explain(const Row* row, u64 slot, std::string_view ours, std::string_view theirs) {
  for (const Difference& d : differences)
    if (concerns(d, row, slot) && ours.starts_with(d.ours) && theirs.starts_with(d.theirs)) return &d;
  return nullptr;
}

}  // namespace xs::test
