#include "sim/cpu_ia64/system/register_stack.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace xs::ia64 {

namespace {

constexpr std::size_t places = 4096;
constexpr i64 per_collection = 63;

i64 floor_div(i64 a, i64 b) { return a / b - (a % b < 0); }

// In pieces of a fixed size, which the compiler makes one or two instructions: a frame is small, and most of
// the time of a copy of its exact size would be the call. What lies behind the last register is overwritten.
// Target below source, or apart.
template <class T>
void copy_piece(T* to, const T* from) {
  std::array<T, RegisterStack::slack> piece;
  std::memcpy(piece.data(), from, sizeof piece);
  std::memcpy(to, piece.data(), sizeof piece);
}

template <class T>
void copy_pieces(T* to, const T* from, unsigned count) {
  for (unsigned at = 0; at < count; at += RegisterStack::slack) copy_piece(to + at, from + at);
}

/// Nothing is overwritten behind. Apart.
void copy_exactly(u8* to, const u8* from, unsigned registers) {
  constexpr unsigned bytes = 8 * RegisterStack::slack;
  if (registers < RegisterStack::slack) {
    for (unsigned at = 0; at < 8 * registers; at += 8) std::memcpy(to + at, from + at, 8);
    return;
  }
  const unsigned last = 8 * registers - bytes;
  using Piece = std::array<u8, bytes>;
  Piece piece;
  for (unsigned at = 0; at < last; at += bytes) {
    std::memcpy(piece.data(), from + at, bytes);
    std::memcpy(to + at, piece.data(), bytes);
  }
  std::memcpy(piece.data(), from + last, bytes);
  std::memcpy(to + last, piece.data(), bytes);
}

template <class T>
void move_up(T* values, unsigned by, unsigned count) {
  count = std::min(count, RegisterStack::physical - by);
  for (unsigned left = (count + RegisterStack::slack - 1) / RegisterStack::slack; left-- != 0;) {
    const unsigned at = left * RegisterStack::slack;
    copy_piece(values + by + at, values + at);
  }
}

}  // namespace

u64 skip_registers(u64 address, i64 registers) {
  const i64 slot = static_cast<i64>(collection_bit(address)) + registers;
  return address + static_cast<u64>(8 * (registers + floor_div(slot, per_collection)));
}

RegisterStack::RegisterStack(RegisterStackMemory& memory, u64* values, u8* nats, bool& any_nat)
    : memory_(memory),
      values_(values),
      nats_(nats),
      any_nat_(any_nat),
      below_(places + slack),
      below_nats_(places + slack),
      top_(places / 2) {}

/// Room for a whole frame on either side of the dirty partition's end.
void RegisterStack::centre() {
  if (top_ >= 2 * physical && top_ + physical <= places) return;
  const std::size_t count = static_cast<std::size_t>(std::max<i64>(dirty_, 0));
  const auto move = [&](auto& from) {
    std::copy_n(std::vector(from.begin() + top_ - count, from.begin() + top_).begin(), count,
                from.begin() + places / 2 - count);
  };
  move(below_);
  move(below_nats_);
  top_ = places / 2;
}

u8* RegisterStack::held(u64 address) {
  i64 n = 0;  // counted from the frame's base; registers are few
  while (skip_registers(bsp(), n) > address) --n;
  while (skip_registers(bsp(), n) < address) ++n;
  return reinterpret_cast<u8*>(n < 0 ? &below_[top_ - static_cast<std::size_t>(-n)] : &values_[n]);
}

bool RegisterStack::has_nats() const {
  const auto end = below_nats_.begin() + top_;
  return std::any_of(end - std::max<i64>(dirty_, 0), end, [](u8 nat) { return nat != 0; });
}

void RegisterStack::forget_nats() { std::fill(below_nats_.begin(), below_nats_.end(), u8{0}); }

bool RegisterStack::store_one() {
  if (is_collection(bspstore_)) {
    if (!memory_.store(bspstore_, rnat_ & ~(u64{1} << 63))) return false;
    bspstore_ += 8;
    return true;
  }
  const std::size_t at = top_ - static_cast<std::size_t>(dirty_);
  if (!memory_.store(bspstore_, below_[at])) return false;
  const u64 bit = u64{1} << collection_bit(bspstore_);
  rnat_ = below_nats_[at] ? rnat_ | bit : rnat_ & ~bit;
  bspstore_ += 8;
  --dirty_;
  return true;
}

/// Up to `most` registers, and collections between them, within one page: group by group, of which the last
/// doubleword is the collection.
void RegisterStack::store_run(i64 most) {
  u8* to = memory_.place(bspstore_, true);
  if (!to) return;
  const u64 end = (bspstore_ | frame_mask) + 1;
  while (most > 0 && bspstore_ != end) {
    const unsigned first = collection_bit(bspstore_);
    u64 stored = 1;
    if (first == per_collection) {
      const u64 collection = rnat_ & ~(u64{1} << 63);
      std::memcpy(to, &collection, 8);
    } else {
      stored = static_cast<u64>(std::min(most, per_collection - first));
      const std::size_t at = top_ - static_cast<std::size_t>(dirty_);
      copy_exactly(to, reinterpret_cast<const u8*>(&below_[at]), static_cast<unsigned>(stored));
      u64 nats = 0;
      for (u64 n = 0; any_nat_ && n < stored; ++n) nats |= u64{below_nats_[at + n]} << n;
      rnat_ = (rnat_ & ~(((u64{1} << stored) - 1) << first)) | nats << first;
      dirty_ -= static_cast<i64>(stored);
      most -= static_cast<i64>(stored);
    }
    bspstore_ += 8 * stored, to += 8 * stored;
  }
}

/// The register below BSPSTORE. Its NaT bit is in RNAT, or in the collection that is passed on the way.
bool RegisterStack::load_one() {
  u64 value = 0;
  return memory_.load(bspstore_ - 8, value) && loaded(value);
}

bool RegisterStack::loaded(u64 value) {
  bspstore_ -= 8;
  if (is_collection(bspstore_)) {
    rnat_ = value;
    return true;
  }
  ++dirty_;
  const u8 nat = rnat_ >> collection_bit(bspstore_) & 1;
  any_nat_ |= nat != 0;
  if (dirty_ > 0) {
    below_[top_ - static_cast<std::size_t>(dirty_)] = value;
    below_nats_[top_ - static_cast<std::size_t>(dirty_)] = nat;
  } else {  // of an incomplete frame
    values_[-dirty_] = value;
    nats_[-dirty_] = nat;
  }
  return true;
}

void RegisterStack::complete_quickly() {
  while (dirty_ < 0) {
    const u8* from = memory_.place(bspstore_ - 8, false);
    if (!from) return;
    const unsigned last = collection_bit(bspstore_ - 8);
    if (last == per_collection) {
      std::memcpy(&rnat_, from, 8);
      bspstore_ -= 8;
      continue;
    }
    // from the register at `last` downwards, to the group's first one
    const unsigned count = static_cast<unsigned>(std::min<i64>(-dirty_, last + 1)), first = last + 1 - count;
    const std::size_t at = static_cast<std::size_t>(-dirty_) - count;
    copy_exactly(reinterpret_cast<u8*>(values_ + at), from - 8 * (count - 1), count);
    const u64 nats = rnat_ >> first & ((u64{1} << count) - 1);
    any_nat_ |= nats != 0;
    for (unsigned n = 0; any_nat_ && n < count; ++n) nats_[at + n] = nats >> n & 1;
    dirty_ += count;
    bspstore_ -= 8 * u64{count};
  }
}

bool RegisterStack::make_room(unsigned frame_size) {
  const i64 most = i64{physical} - frame_size;
  if (dirty_ > most && dirty_ > 0) store_run(std::min(dirty_, dirty_ - most));
  while (dirty_ > 0 && dirty_ > most)
    if (!store_one()) return false;
  return true;
}

bool RegisterStack::alloc(FrameMarker wanted) {
  if (!make_room(wanted.sof())) return false;
  const u64 rotation = frame_.raw >> 18 << 18;
  frame_.raw = rotation | (wanted.raw & 0x3ffff);
  return true;
}

bool RegisterStack::flush() {
  store_run(dirty_);
  while (dirty_ > 0)
    if (!store_one()) return false;
  return !is_collection(bspstore_) || store_one();
}

bool RegisterStack::load(unsigned doublewords) {
  const u64 top = bsp(), wanted = top - 8 * u64{doublewords};
  centre();
  const auto behind = [](u64 a, u64 b) {
    return static_cast<i64>(a - b) > 0;
  };  // addresses end where they begin
  while (behind(bspstore_, wanted))
    if (!load_one()) return false;
  if (bspstore_ == wanted) return true;
  bspstore_ = wanted;  // the rest becomes invalid
  dirty_ = 0;
  while (behind(top, skip_registers(bspstore_, dirty_))) ++dirty_;
  return true;
}

bool RegisterStack::complete() {
  while (dirty_ < 0)
    if (!load_one()) return false;
  return true;
}

/// The frame's first `locals` registers go below, the others move down.
void RegisterStack::push(unsigned locals) {
  centre();
  const unsigned others = frame_.sof() - locals;
  copy_pieces(&below_[top_], values_, locals);
  copy_pieces(values_, values_ + locals, others);
  if (any_nat_) {
    copy_pieces(&below_nats_[top_], nats_, locals);
    copy_pieces(nats_, nats_ + locals, others);
    std::fill_n(nats_ + others, locals, u8{0});  // registers outside of the frame have no NaT bit
  }
  top_ += locals;
  dirty_ += locals;
  position_ += locals;
}

/// `locals` registers come back from below and lie in front of the `others`.
void RegisterStack::pop(unsigned locals, unsigned others) {
  centre();
  top_ -= locals;
  dirty_ -= locals;
  move_up(values_, locals, others);
  copy_exactly(reinterpret_cast<u8*>(values_), reinterpret_cast<const u8*>(&below_[top_]), locals);
  if (any_nat_) {
    move_up(nats_, locals, others);
    std::copy_n(&below_nats_[top_], locals, nats_);
    std::fill_n(nats_ + locals + others, physical - locals - others, u8{0});
  }
}

void RegisterStack::call() {
  push(frame_.sol());
  frame_ = FrameMarker::make(frame_.sof() - frame_.sol(), 0, 0);
}

void RegisterStack::cover() {
  push(frame_.sof());
  frame_ = {};
}

bool RegisterStack::back(FrameMarker to, unsigned locals) {
  position_ -= locals;
  loading_ = true;
  if (locals <= to.sof() && to.sof() <= physical) {
    pop(locals, to.sof() - locals);
    frame_ = to;
    return true;
  }
  dirty_ -= locals;
  top_ -= locals;
  centre();
  frame_ = {};
  if (dirty_ < 0) {
    bspstore_ = skip_registers(bspstore_, dirty_);
    dirty_ = 0;
  }
  return false;
}

}  // namespace xs::ia64
