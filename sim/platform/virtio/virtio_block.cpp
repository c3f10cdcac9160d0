#include "sim/platform/virtio/virtio_block.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "sim/core/error.h"
#include "sim/platform/device/rate.h"

namespace xs::platform {
namespace {

constexpr u64 sector_bytes = 512;
constexpr u64 feature_seg_max = 1 << 2, feature_read_only = 1 << 5, feature_blk_size = 1 << 6,
              feature_flush = 1 << 9;
enum RequestType : u32 { type_in = 0, type_out = 1, type_flush = 4, type_get_id = 8 };

struct RequestHeader {
  u32 type, reserved;
  u64 sector;
};
static_assert(sizeof(RequestHeader) == 16);

constexpr unsigned id_bytes = 20;
constexpr u64 chunk_bytes = 64 << 10;

}  // namespace

DiskFile::DiskFile(const std::string& name, bool read_only) : read_only_(read_only) {
  fd_ = open(name.c_str(), (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) throw Error(name + ": " + std::strerror(errno));
  struct stat info {};
  if (fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd_);
    throw Error(name + ": not a regular file");
  }
  sectors_ = (static_cast<u64>(info.st_size) + sector_bytes - 1) / sector_bytes;
}

DiskFile::~DiskFile() { close(fd_); }

bool DiskFile::read(u64 offset, void* out, u64 size) const {
  u8* to = static_cast<u8*>(out);
  while (size) {
    const ssize_t n = pread(fd_, to, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) {  // behind the end of a file that is no multiple of a sector
      std::memset(to, 0, size);
      return true;
    }
    to += n;
    offset += static_cast<u64>(n);
    size -= static_cast<u64>(n);
  }
  return true;
}

bool DiskFile::write(u64 offset, const void* in, u64 size) {
  const u8* from = static_cast<const u8*>(in);
  while (size) {
    const ssize_t n = pwrite(fd_, from, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    from += n;
    offset += static_cast<u64>(n);
    size -= static_cast<u64>(n);
  }
  return true;
}

bool DiskFile::flush() { return fdatasync(fd_) == 0; }

VirtioBlock::VirtioBlock(DeviceHost& host, const std::string& file, bool read_only, DiskTiming timing,
                         std::string serial)
    : host_(host), disk_(file, read_only), timing_(timing), serial_(std::move(serial)) {
  serial_.resize(id_bytes);
  timer_ = host_.make_timer([this] { complete_due(); });
}

u64 VirtioBlock::features() const {
  return feature_seg_max | feature_blk_size | feature_flush | (disk_.read_only() ? feature_read_only : 0);
}

void VirtioBlock::notify(unsigned) {
  Virtqueue& q = transport_->queue(0);
  while (true) {
    Request request;
    const auto got = q.pop(request.chain);
    if (got == Virtqueue::Pop::empty) break;
    // More requests than the queue has entries: the driver offered one again before it came back.
    if (got == Virtqueue::Pop::broken || pending_.size() >= q.size) {
      reset();
      return transport_->needs_reset();
    }
    const u64 bytes = request.chain.readable_bytes() + request.chain.writable_bytes();
    const u64 free_at = pending_.empty() ? host_.now_ps() : std::max(host_.now_ps(), pending_.back().due_ps);
    request.due_ps = free_at + timing_.latency_ns * 1000 + ps_of(bytes, timing_.bytes_per_s);
    pending_.push_back(std::move(request));
  }
  if (!pending_.empty()) timer_->arm(pending_.front().due_ps);
}

void VirtioBlock::reset() {
  pending_.clear();
  timer_->cancel();
}

void VirtioBlock::complete_due() {
  const u64 now = host_.now_ps();
  while (!pending_.empty() && pending_.front().due_ps <= now) {
    const VirtioChain chain = std::move(pending_.front().chain);
    pending_.pop_front();
    if (!complete(chain)) {
      reset();
      return transport_->needs_reset();
    }
  }
  if (!pending_.empty()) timer_->arm(pending_.front().due_ps);
  transport_->used(0);
}

/// The last writable byte is the status (5.2.6). False: there is none, or the queue broke.
bool VirtioBlock::complete(const VirtioChain& chain) {
  const u64 writable = chain.writable_bytes();
  if (writable == 0) return false;
  u64 written = 0;
  const Status status = serve(chain, written);
  return chain.write(transport_->dma(), writable - 1, &status, 1) &&
         transport_->queue(0).push(chain.head, static_cast<u32>(written + 1));
}

VirtioBlock::Status VirtioBlock::serve(const VirtioChain& chain, u64& written) {
  RequestHeader header;
  if (!chain.read(transport_->dma(), 0, &header, sizeof header)) return Status::io_error;
  switch (header.type) {
    case type_in:
      return read_sectors(chain, header.sector, written);
    case type_out:
      return write_sectors(chain, header.sector);
    case type_flush:
      return disk_.read_only() || disk_.flush() ? Status::ok : Status::io_error;
    case type_get_id:
      return get_id(chain, written);
    default:
      return Status::unsupported;
  }
}

bool VirtioBlock::inside(u64 sector, u64 bytes) const {
  return bytes % sector_bytes == 0 && sector <= disk_.sectors() &&
         bytes / sector_bytes <= disk_.sectors() - sector;
}

VirtioBlock::Status VirtioBlock::read_sectors(const VirtioChain& chain, u64 sector, u64& written) {
  if (reads_to_fail_) return --reads_to_fail_, Status::io_error;
  const u64 bytes = chain.writable_bytes() - 1;
  if (!inside(sector, bytes)) return Status::io_error;
  std::vector<u8> chunk(std::min(bytes, chunk_bytes));
  for (u64 done = 0; done < bytes; done += chunk.size()) {
    chunk.resize(std::min(bytes - done, chunk_bytes));
    if (!disk_.read(sector * sector_bytes + done, chunk.data(), chunk.size())) return Status::io_error;
    if (!chain.write(transport_->dma(), done, chunk.data(), chunk.size())) return Status::io_error;
  }
  written = bytes;
  return Status::ok;
}

VirtioBlock::Status VirtioBlock::write_sectors(const VirtioChain& chain, u64 sector) {
  const u64 bytes = chain.readable_bytes() - sizeof(RequestHeader);
  if (disk_.read_only() || !inside(sector, bytes)) return Status::io_error;
  std::vector<u8> chunk(std::min(bytes, chunk_bytes));
  for (u64 done = 0; done < bytes; done += chunk.size()) {
    chunk.resize(std::min(bytes - done, chunk_bytes));
    if (!chain.read(transport_->dma(), sizeof(RequestHeader) + done, chunk.data(), chunk.size()))
      return Status::io_error;
    if (!disk_.write(sector * sector_bytes + done, chunk.data(), chunk.size())) return Status::io_error;
  }
  return Status::ok;
}

VirtioBlock::Status VirtioBlock::get_id(const VirtioChain& chain, u64& written) {
  const u64 bytes = std::min<u64>(chain.writable_bytes() - 1, id_bytes);
  written = bytes;
  return chain.write(transport_->dma(), 0, serial_.data(), bytes) ? Status::ok : Status::io_error;
}

// struct virtio_blk_config: capacity (64 bits), size_max, seg_max, geometry, blk_size (32 bits each).
bool VirtioBlock::read_config(u64 offset, unsigned size, u64& value) const {
  struct {
    u64 capacity;
    u32 size_max, seg_max, geometry, blk_size;
    u32 rest[9];  // topology, writeback, discard, write zeroes: features not offered
  } config{disk_.sectors(), 0, Virtqueue::max_size - 2, 0, sector_bytes, {}};
  return config_field(config, offset, size, value);
}

}  // namespace xs::platform
