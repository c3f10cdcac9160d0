// Virtio block device on a host file. Requests are served one after the other; each takes latency plus its
// size over bandwidth in simulated time, and memory and file are touched when it completes.
//
// Source: VIRTIO 1.2 section 5.2.
#pragma once
#include <deque>
#include <string>

#include "sim/platform/device/register_device.h"
#include "sim/platform/virtio/virtio_device.h"

namespace xs::platform {

struct DiskTiming {
  u64 latency_ns = 0;
  u64 bytes_per_s = 1;
};

/// A disk image as sectors of 512 bytes; the last one is padded with zeros.
class DiskFile {
 public:
  DiskFile(const std::string& name, bool read_only);  ///< throws Error
  ~DiskFile();
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;
  u64 sectors() const { return sectors_; }
  bool read_only() const { return read_only_; }
  bool read(u64 offset, void* out, u64 size) const;
  bool write(u64 offset, const void* in, u64 size);
  bool flush();

 private:
  int fd_ = -1;
  u64 sectors_ = 0;
  bool read_only_;
};

class VirtioBlock : public VirtioDevice {
 public:
  VirtioBlock(DeviceHost& host, const std::string& file, bool read_only, DiskTiming timing,
              std::string serial);

  const char* name() const override { return "block"; }
  u32 device_id() const override { return 2; }
  u64 features() const override;
  unsigned queues() const override { return 1; }
  void attach(VirtioTransport& transport) override { transport_ = &transport; }
  void notify(unsigned queue) override;
  void reset() override;
  bool read_config(u64 offset, unsigned size, u64& value) const override;
  bool write_config(u64, unsigned, u64) override { return false; }
  bool busy() const override { return !pending_.empty(); }
  /// Fault injection: the next `count` read requests end with VIRTIO_BLK_S_IOERR.
  void fail_reads(u64 count) { reads_to_fail_ += count; }

 private:
  enum class Status : u8 { ok = 0, io_error = 1, unsupported = 2 };
  struct Request {
    VirtioChain chain;
    u64 due_ps = 0;
  };

  void complete_due();
  bool complete(const VirtioChain& chain);
  Status serve(const VirtioChain& chain, u64& written);
  Status read_sectors(const VirtioChain& chain, u64 sector, u64& written);
  Status write_sectors(const VirtioChain& chain, u64 sector);
  Status get_id(const VirtioChain& chain, u64& written);
  bool inside(u64 sector, u64 bytes) const;

  DeviceHost& host_;
  DiskFile disk_;
  DiskTiming timing_;
  std::string serial_;
  std::unique_ptr<Timer> timer_;
  VirtioTransport* transport_ = nullptr;
  std::deque<Request> pending_;  ///< in order of due_ps
  u64 reads_to_fail_ = 0;
};

}  // namespace xs::platform
