#include "sim/platform/virtio/virtio_console.h"

#include <algorithm>
#include <array>
#include <string>

namespace xs::platform {

void VirtioConsole::receive(std::string_view bytes) {
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  if (transport_ && transport_->driver_ok()) deliver_input();
}

void VirtioConsole::notify(unsigned queue) {
  if (queue == receive_queue)
    deliver_input();
  else
    transmit();
}

void VirtioConsole::deliver_input() {
  Virtqueue& q = transport_->queue(receive_queue);
  VirtioChain chain;
  while (!input_.empty()) {
    const auto got = q.pop(chain);
    if (got == Virtqueue::Pop::empty) break;
    if (got == Virtqueue::Pop::broken || !q.push(chain.head, fill(chain))) return transport_->needs_reset();
  }
  transport_->used(receive_queue);
}

u32 VirtioConsole::fill(const VirtioChain& chain) {
  u32 written = 0;
  for (const VirtioSegment& s : chain.writable) {
    const u64 count = std::min<u64>(s.size, input_.size());
    const std::string bytes(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(count));
    if (!transport_->dma().write(s.pa, bytes.data(), count)) break;
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(count));
    written += static_cast<u32>(count);
  }
  return written;
}

void VirtioConsole::transmit() {
  Virtqueue& q = transport_->queue(transmit_queue);
  VirtioChain chain;
  while (true) {
    const auto got = q.pop(chain);
    if (got == Virtqueue::Pop::empty) break;
    if (got == Virtqueue::Pop::broken || !emit(chain) || !q.push(chain.head, 0))
      return transport_->needs_reset();
  }
  transport_->used(transmit_queue);
}

bool VirtioConsole::emit(const VirtioChain& chain) {
  if (chain.readable_bytes() > most_request_bytes) return false;
  std::array<char, 4096> piece;
  for (const VirtioSegment& s : chain.readable)
    for (u64 done = 0; done < s.size;) {
      const u64 count = std::min<u64>(piece.size(), s.size - done);
      if (!transport_->dma().read(s.pa + done, piece.data(), count)) return false;
      if (sink_) sink_->on_output({piece.data(), count}, host_.now_ps());
      done += count;
    }
  return true;
}

// struct virtio_console_config: cols, rows (16 bits each), max_nr_ports, emerg_wr (32 bits each).
bool VirtioConsole::read_config(u64 offset, unsigned size, u64& value) const {
  constexpr std::array<u8, 12> config{0, 0, 0, 0, 1};
  return config_field(config, offset, size, value);
}

bool VirtioConsole::write_config(u64 offset, unsigned, u64 value) {
  if (offset != 8) return false;
  const char c = static_cast<char>(value);
  if (sink_) sink_->on_output({&c, 1}, host_.now_ps());
  return true;
}

}  // namespace xs::platform
