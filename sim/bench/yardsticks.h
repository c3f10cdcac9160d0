// What a payload is measured against: the processor itself, Unicorn without anything, our core without the
// machine around it. Each prints the payload's own two lines ("bench begin", "bench end <n> <checksum>") and
// then "instructions <n>" where it counts them.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "sim/core/types.h"

namespace xs::bench {

using Print = std::function<void(std::string_view)>;

/// The image's function `bench_compute`, natively: its segments are mapped where it was linked.
void run_native(const std::string& image, const Print& print);
void run_bare_unicorn(const std::string& image, const Print& print);
/// The image by PVH on one core with MMU, without SystemC. `quantum` in instructions.
void run_core(const std::string& image, u64 quantum, const Print& print);

}  // namespace xs::bench
