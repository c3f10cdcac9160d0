// A virtio device and the transport it sits on know each other by these two interfaces.
#pragma once
#include <cstring>

#include "sim/platform/virtio/virtqueue.h"

namespace xs::platform {

inline constexpr u64 virtio_f_indirect_desc = u64{1} << 28;
inline constexpr u64 virtio_f_event_idx = u64{1} << 29;
inline constexpr u64 virtio_f_version_1 = u64{1} << 32;

class VirtioTransport {
 public:
  virtual ~VirtioTransport() = default;
  virtual Virtqueue& queue(unsigned index) = 0;
  virtual Dma& dma() = 0;
  virtual bool driver_ok() const = 0;
  /// Requests were pushed to `queue`: interrupt if the driver wants one.
  virtual void used(unsigned queue) = 0;
  /// The driver broke the rules: DEVICE_NEEDS_RESET and a configuration interrupt (2.1.2).
  virtual void needs_reset() = 0;
};

class VirtioDevice {
 public:
  virtual ~VirtioDevice() = default;
  virtual const char* name() const = 0;  ///< its kind in a word
  virtual u32 device_id() const = 0;
  virtual u64 features() const = 0;  ///< device-specific bits only
  virtual unsigned queues() const = 0;
  virtual void attach(VirtioTransport& transport) = 0;
  /// Requests may wait in `queue`. Only called while the driver is OK.
  virtual void notify(unsigned queue) = 0;
  virtual void reset() = 0;
  virtual bool read_config(u64 offset, unsigned size, u64& value) const = 0;
  virtual bool write_config(u64 offset, unsigned size, u64 value) = 0;
  /// A request is being served; its completion will come by itself.
  virtual bool busy() const = 0;
};

/// `size` bytes at `offset` of a configuration space laid out as `config`; false where it has ended.
template <class T>
bool config_field(const T& config, u64 offset, unsigned size, u64& value) {
  value = 0;
  if (offset + size > sizeof config) return false;
  std::memcpy(&value, reinterpret_cast<const u8*>(&config) + offset, size);
  return true;
}

}  // namespace xs::platform
