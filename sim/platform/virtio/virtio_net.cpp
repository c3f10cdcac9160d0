#include "sim/platform/virtio/virtio_net.h"

namespace xs::platform {
namespace {

// struct virtio_net_hdr; without offloads only num_buffers says something, and is 1 (5.1.6.4.1).
struct NetHeader {
  u8 flags, gso_type;
  u16 hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};
static_assert(sizeof(NetHeader) == 12);

constexpr u64 least_frame = 14, most_frame = 1514;  // an Ethernet header; with 1500 bytes behind it
constexpr u16 link_is_up = 1;

}  // namespace

VirtioNet::VirtioNet(DeviceHost& host, const MacAddress& mac)
    : host_(host), mac_(mac), timer_(host.make_timer([this] { complete_due(); })) {}

void VirtioNet::notify(unsigned queue) {
  if (queue == transmit_queue) transmit();
}

void VirtioNet::transmit() {
  Virtqueue& q = transport_->queue(transmit_queue);
  VirtioChain chain;
  while (true) {
    const auto got = q.pop(chain);
    if (got == Virtqueue::Pop::empty) break;
    // More than the queue has entries: the driver offered one again before it came back.
    if (got == Virtqueue::Pop::broken || leaving_.size() >= q.size || !take(chain)) return break_down();
  }
  if (!leaving_.empty()) timer_->arm(leaving_.front().due_ps);
}

/// False: this is no request to send.
bool VirtioNet::take(const VirtioChain& chain) {
  const u64 bytes = chain.readable_bytes();
  if (bytes < sizeof(NetHeader) || !chain.writable.empty()) return false;
  NetworkFrame frame(bytes - sizeof(NetHeader) <= most_frame ? bytes - sizeof(NetHeader) : 0);
  if (frame.size() < least_frame ||
      !chain.read(transport_->dma(), sizeof(NetHeader), frame.data(), frame.size())) {
    ++counters_.dropped;
    leaving_.push_back({chain.head, leaving_.empty() ? host_.now_ps() : leaving_.back().due_ps});
    return true;
  }
  ++counters_.sent;
  counters_.sent_bytes += frame.size();
  leaving_.push_back({chain.head, out_->send(std::move(frame))});
  return true;
}

void VirtioNet::complete_due() {
  while (!leaving_.empty() && leaving_.front().due_ps <= host_.now_ps()) {
    if (!transport_->queue(transmit_queue).push(leaving_.front().head, 0)) return break_down();
    leaving_.pop_front();
  }
  if (!leaving_.empty()) timer_->arm(leaving_.front().due_ps);
  transport_->used(transmit_queue);
}

void VirtioNet::frame_arrived(const NetworkFrame& frame) {
  if (frame.size() > most_frame) {
    ++counters_.dropped;
    return;
  }
  VirtioChain chain;
  Virtqueue::Pop got = Virtqueue::Pop::empty;
  if (transport_->driver_ok()) got = transport_->queue(receive_queue).pop(chain);
  if (got != Virtqueue::Pop::chain) ++counters_.dropped;
  if (got == Virtqueue::Pop::empty) return;
  if (got == Virtqueue::Pop::broken || !fits(chain, frame)) return break_down();
  const u32 filled = fill(chain, frame);
  if (!transport_->queue(receive_queue).push(chain.head, filled)) return break_down();
  ++(filled ? counters_.received : counters_.dropped);
  if (filled) counters_.received_bytes += frame.size();
  transport_->used(receive_queue);
}

/// Without mergeable buffers each holds a whole frame (5.1.6.3.1): one that does not breaks the rules.
bool VirtioNet::fits(const VirtioChain& chain, const NetworkFrame& frame) {
  return chain.readable.empty() && chain.writable_bytes() >= sizeof(NetHeader) + frame.size();
}

/// Bytes written. None when the memory is not to be reached (an IOMMU): the frame is lost, and the buffer
/// goes back empty.
u32 VirtioNet::fill(const VirtioChain& chain, const NetworkFrame& frame) {
  NetHeader header{};
  header.num_buffers = 1;
  Dma& dma = transport_->dma();
  const bool written = chain.write(dma, 0, &header, sizeof header) &&
                       chain.write(dma, sizeof header, frame.data(), frame.size());
  return written ? static_cast<u32>(sizeof header + frame.size()) : 0;
}

void VirtioNet::reset() {
  leaving_.clear();
  timer_->cancel();
}

void VirtioNet::break_down() {
  reset();
  transport_->needs_reset();
}

// struct virtio_net_config: mac (6 bytes), status, max_virtqueue_pairs, mtu (16 bits each).
bool VirtioNet::read_config(u64 offset, unsigned size, u64& value) const {
  struct {
    MacAddress mac;
    u16 status, pairs, mtu;
  } const config{mac_, link_is_up, 1, 0};
  return config_field(config, offset, size, value);
}

}  // namespace xs::platform
