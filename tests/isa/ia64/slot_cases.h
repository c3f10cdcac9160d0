// Bundles to disassemble: every encoding with its fields at their extremes, and random ones.
#pragma once
#include <random>
#include <vector>

#include "sim/cpu_ia64/isa/row.h"

namespace xs::test {

/// For every row: each field (qp, the four register places, the rest) at 0, 1, its maximum and alternating
/// bits, against backgrounds of zeros, ones and random bits.
std::vector<ia64::Bundle> field_extremes(std::mt19937_64& random);

/// Every value of the bits by which the decoder tells encodings apart, reserved ones included.
std::vector<ia64::Bundle> every_extension(std::mt19937_64& random);

/// 128 random bits; most slots are reserved encodings, some templates as well.
ia64::Bundle random_bundle(std::mt19937_64& random);

/// Every slot from a random row with random fields, in a template that has such slots.
ia64::Bundle random_valid_bundle(std::mt19937_64& random);

}  // namespace xs::test
