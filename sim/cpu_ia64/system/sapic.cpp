#include "sim/cpu_ia64/system/sapic.h"

#include <bit>

namespace xs::ia64 {

namespace {

constexpr u64 masked = 1 << 16;
constexpr u64 mmi = 1 << 16;  // TPR: all but NMI
constexpr u64 lid_fields = 0xffff0000;
constexpr u64 tpr_fields = mmi | 0xf0;
constexpr u64 vector_fields = masked | 0xff;
constexpr u64 vector_ignored = 0xf00 | u64{1}
                                           << 12;  // bits 11:8 of ITV and its like are reserved, 12 ignored

}  // namespace

bool Sapic::write_lid(u64 value) {
  lid_ = value & lid_fields;
  return true;
}

bool Sapic::write_tpr(u64 value) {
  tpr_ = value & tpr_fields;
  judge();
  return true;
}

bool Sapic::write_vector_register(unsigned which, u64 value) {
  if ((value & ~(vector_fields | vector_ignored) & 0xfffff) != 0) return false;
  vectors_[which] = value & vector_fields;
  return true;
}

bool Sapic::write_lrr(unsigned which, u64 value) {
  lrr_[which] = value & (masked | 0xa7ff);
  return true;
}

void Sapic::local(unsigned which) {
  if ((vectors_[which] & masked) == 0) request(static_cast<u8>(vectors_[which]));
}

/// NMI over ExtINT over 255 down to 16 (5.8.2).
int Sapic::urgency(unsigned vector) {
  return vector == vector_nmi ? 0x400 : vector == vector_extint ? 0x300 : static_cast<int>(vector);
}

unsigned Sapic::highest(const std::array<u64, 4>& set) const {
  if (set[0] & u64{1} << vector_nmi) return vector_nmi;
  if (set[0] & u64{1} << vector_extint) return vector_extint;
  for (unsigned word = 4; word-- != 0;) {
    const u64 bits = word == 0 ? set[0] & ~u64{0xffff} : set[word];
    if (bits != 0) return word * 64 + 63 - static_cast<unsigned>(std::countl_zero(bits));
  }
  return none;
}

unsigned Sapic::most_urgent() const {
  const unsigned vector = highest(requested_);
  if (vector == none) return none;
  const unsigned serving = highest(in_service_);
  if (serving != none && urgency(vector) <= urgency(serving)) return none;
  if (vector == vector_nmi) return vector;
  if ((tpr_ & mmi) != 0) return none;
  const unsigned level = static_cast<unsigned>(tpr_ >> 4 & 15);
  if (vector == vector_extint) return vector;
  return (vector >> 4) > level ? vector : none;
}

u8 Sapic::acknowledge() {
  const unsigned vector = deliverable();
  if (vector == none) return vector_spurious;
  requested_[vector >> 6] &= ~(u64{1} << (vector & 63));
  in_service_[vector >> 6] |= u64{1} << (vector & 63);
  judge();
  return static_cast<u8>(vector);
}

unsigned Sapic::end() {
  const unsigned vector = highest(in_service_);
  if (vector != none) in_service_[vector >> 6] &= ~(u64{1} << (vector & 63));
  judge();
  return vector;
}

}  // namespace xs::ia64
