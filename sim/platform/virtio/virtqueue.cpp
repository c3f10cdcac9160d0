#include "sim/platform/virtio/virtqueue.h"

#include <algorithm>

namespace xs::platform {
namespace {

constexpr u16 available_no_interrupt = 1;
constexpr u64 ring_header = 4;  // flags, idx

u64 total(const std::vector<VirtioSegment>& segments) {
  u64 bytes = 0;
  for (const VirtioSegment& s : segments) bytes += s.size;
  return bytes;
}

/// Calls `move(pa, at, bytes)` for each piece of bytes [skip, skip + size) of the segments, `at` counted from
/// skip.
template <class F>
bool each_piece(const std::vector<VirtioSegment>& segments, u64 skip, u64 size, F&& move) {
  u64 done = 0;
  for (const VirtioSegment& s : segments) {
    if (skip >= s.size) {
      skip -= s.size;
      continue;
    }
    const u64 bytes = std::min(size - done, s.size - skip);
    if (!move(s.pa + skip, done, bytes)) return false;
    done += bytes;
    skip = 0;
    if (done == size) return true;
  }
  return done == size;
}

}  // namespace

bool VirtioChain::read(const Dma& dma, u64 skip, void* out, u64 size) const {
  return each_piece(readable, skip, size, [&](u64 pa, u64 at, u64 bytes) {
    return dma.read(pa, static_cast<u8*>(out) + at, bytes);
  });
}
bool VirtioChain::write(Dma& dma, u64 skip, const void* in, u64 size) const {
  return each_piece(writable, skip, size, [&](u64 pa, u64 at, u64 bytes) {
    return dma.write(pa, static_cast<const u8*>(in) + at, bytes);
  });
}

u64 VirtioChain::readable_bytes() const { return total(readable); }
u64 VirtioChain::writable_bytes() const { return total(writable); }

bool Virtqueue::start(bool event_index) {
  const bool power_of_two = size && !(size & (size - 1)) && size <= max_size;
  if (!power_of_two || descriptors % 16 || available % 2 || used % 4) return false;
  if (!dma_->covers(descriptors, u64{16} * size) || !dma_->covers(available, ring_header + 2 * size + 2) ||
      !dma_->covers(used, ring_header + 8 * size + 2))
    return false;
  ready_ = true;
  event_index_ = event_index;
  next_available_ = next_used_ = signalled_used_ = 0;
  return true;
}

void Virtqueue::stop() { ready_ = false; }

Virtqueue::Pop Virtqueue::broken() {
  ready_ = false;
  return Pop::broken;
}

std::optional<u16> Virtqueue::load16(u64 pa) const {
  u16 value = 0;
  if (!dma_->read(pa, &value, sizeof value)) return std::nullopt;
  return value;
}

Virtqueue::Pop Virtqueue::pop(VirtioChain& chain) {
  if (!ready_) return Pop::empty;
  const auto available_index = load16(available + 2);
  if (!available_index) return broken();
  const u16 waiting = static_cast<u16>(*available_index - next_available_);
  if (waiting > size) return broken();
  if (waiting == 0) return Pop::empty;
  const auto head = load16(available + ring_header + 2 * u64{next_available_ % size});
  if (!head || *head >= size) return broken();
  chain = VirtioChain{};
  chain.head = *head;
  if (!walk(*head, chain)) return broken();
  ++next_available_;
  // "Notify me when the index passes this": the device always wants to hear of the next request.
  if (event_index_ && !dma_->write(used + ring_header + 8 * u64{size}, &next_available_, 2)) return broken();
  return Pop::chain;
}

bool Virtqueue::walk(u16 head, VirtioChain& chain) const {
  return walk_table(descriptors, size, head, false, chain);
}

bool Virtqueue::walk_table(u64 table, u32 entries, u16 first, bool indirect, VirtioChain& chain) const {
  u16 index = first;
  for (u32 steps = 0; steps < entries; ++steps) {  // more steps than entries: a loop
    Descriptor d;
    if (index >= entries || !dma_->read(table + u64{16} * index, &d, sizeof d)) return false;
    if (d.flags & flag_indirect) {
      // An indirect table stands alone and holds no further indirection (2.7.5.3).
      const bool legal =
          !indirect && !(d.flags & flag_next) && d.len && d.len % 16 == 0 && d.len / 16 <= max_size;
      return legal && steps == 0 && walk_table(d.addr, d.len / 16, 0, true, chain);
    }
    if (!append(d, chain)) return false;
    if (!(d.flags & flag_next)) return true;
    index = d.next;
  }
  return false;
}

bool Virtqueue::append(const Descriptor& d, VirtioChain& chain) const {
  const bool writable = d.flags & flag_write;
  if (!writable && !chain.writable.empty()) return false;  // all readable parts come first
  if (d.len && !dma_->covers(d.addr, d.len)) return false;
  auto& list = writable ? chain.writable : chain.readable;
  list.push_back({d.addr, d.len});
  return total(list) <= 0xffffffff;
}

bool Virtqueue::push(u16 head, u32 written) {
  if (!ready_) return false;
  const u32 element[2] = {head, written};
  bool ok = dma_->write(used + ring_header + 8 * u64{next_used_ % size}, element, sizeof element);
  ++next_used_;
  ok = ok && dma_->write(used + 2, &next_used_, 2);
  if (!ok) broken();
  return ok;
}

bool Virtqueue::interrupt_wanted() {
  if (!ready_ || signalled_used_ == next_used_) return false;
  const u16 old = signalled_used_;
  signalled_used_ = next_used_;
  if (!event_index_) return !(load16(available).value_or(0) & available_no_interrupt);
  const u16 event = load16(available + ring_header + 2 * u64{size}).value_or(0);
  // Wanted when the index moved past `event` (2.7.10, in arithmetic modulo 2^16).
  return static_cast<u16>(next_used_ - event - 1) < static_cast<u16>(next_used_ - old);
}

}  // namespace xs::platform
