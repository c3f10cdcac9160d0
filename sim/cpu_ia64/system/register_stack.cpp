#include "sim/cpu_ia64/system/register_stack.h"

#include <algorithm>

namespace xs::ia64 {

namespace {

constexpr std::size_t places = 4096;
constexpr i64 per_collection = 63;

i64 floor_div(i64 a, i64 b) { return a / b - (a % b < 0); }

}  // namespace

u64 skip_registers(u64 address, i64 registers) {
  const i64 slot = static_cast<i64>(collection_bit(address)) + registers;
  return address + static_cast<u64>(8 * (registers + floor_div(slot, per_collection)));
}

RegisterStack::RegisterStack(RegisterStackMemory& memory)
    : memory_(memory), values_(places), nats_(places), bof_(places / 2) {}

/// Moves the registers in use so that the frame's base has `below` places below it and `above` from it on.
void RegisterStack::centre(unsigned below, unsigned above) {
  if (bof_ >= below && bof_ + above <= places) return;
  const std::size_t first = bof_ - static_cast<std::size_t>(std::max<i64>(dirty_, 0));
  const std::size_t count = bof_ + frame_.sof() - first;
  const std::size_t to = places / 2 - (bof_ - first);
  const auto move = [&](auto& from) {
    std::copy_n(std::vector(from.begin() + first, from.begin() + first + count).begin(), count,
                from.begin() + to);
  };
  move(values_);
  move(nats_);
  bof_ = places / 2;
}

bool RegisterStack::store_one() {
  if (is_collection(bspstore_)) {
    if (!memory_.store(bspstore_, rnat_ & ~(u64{1} << 63))) return false;
    bspstore_ += 8;
    return true;
  }
  const std::size_t at = bof_ - static_cast<std::size_t>(dirty_);
  if (!memory_.store(bspstore_, values_[at])) return false;
  const u64 bit = u64{1} << collection_bit(bspstore_);
  rnat_ = nats_[at] ? rnat_ | bit : rnat_ & ~bit;
  bspstore_ += 8;
  --dirty_;
  return true;
}

/// The register below BSPSTORE. Its NaT bit is in RNAT, or in the collection that is passed on the way.
bool RegisterStack::load_one() {
  const u64 below = bspstore_ - 8;
  u64 value = 0;
  if (!memory_.load(below, value)) return false;
  bspstore_ = below;
  if (is_collection(below)) {
    rnat_ = value;
    return true;
  }
  ++dirty_;
  const std::size_t at = bof_ - static_cast<std::size_t>(dirty_);
  values_[at] = value;
  nats_[at] = rnat_ >> collection_bit(below) & 1;
  return true;
}

bool RegisterStack::make_room(unsigned frame_size) {
  while (dirty_ > 0 && static_cast<u64>(dirty_) + frame_size > physical)
    if (!store_one()) return false;
  return true;
}

bool RegisterStack::alloc(FrameMarker wanted) {
  if (!make_room(wanted.sof())) return false;
  centre(0, physical);
  const u64 rotation = frame_.raw >> 18 << 18;
  frame_.raw = rotation | (wanted.raw & 0x3ffff);
  return true;
}

bool RegisterStack::flush() {
  while (dirty_ > 0)
    if (!store_one()) return false;
  return !is_collection(bspstore_) || store_one();
}

bool RegisterStack::load(unsigned doublewords) {
  const u64 top = bsp(), wanted = top - 8 * u64{doublewords};
  centre(physical, physical);
  while (bspstore_ > wanted)
    if (!load_one()) return false;
  if (bspstore_ == wanted) return true;
  bspstore_ = wanted;  // the rest becomes invalid
  dirty_ = 0;
  while (skip_registers(bspstore_, dirty_) < top) ++dirty_;
  return true;
}

bool RegisterStack::complete() {
  while (dirty_ < 0)
    if (!load_one()) return false;
  return true;
}

void RegisterStack::call() {
  bof_ += frame_.sol();
  dirty_ += frame_.sol();
  frame_ = FrameMarker::make(frame_.sof() - frame_.sol(), 0, 0);
  centre(0, physical);
}

void RegisterStack::cover() {
  bof_ += frame_.sof();
  dirty_ += frame_.sof();
  frame_ = {};
  centre(0, physical);
}

bool RegisterStack::back(FrameMarker to, unsigned locals) {
  const bool possible = locals <= to.sof() && to.sof() <= physical;
  centre(physical, physical);
  bof_ -= locals;
  dirty_ -= locals;
  frame_ = possible ? to : FrameMarker{};
  if (!possible && dirty_ < 0) {
    bspstore_ = skip_registers(bspstore_, dirty_);
    dirty_ = 0;
  }
  return possible;
}

}  // namespace xs::ia64
