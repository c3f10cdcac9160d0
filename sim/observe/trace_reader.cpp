#include "sim/observe/trace_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim/observe/hash.h"

namespace xs::observe {

namespace {
u64 end_of(const ChunkPlace& p) { return p.offset + ChunkHeader::bytes + p.header.stored_bytes; }
}  // namespace

TraceReader::TraceReader(const std::string& file) : name_(file) {
  fd_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) throw Error(fmt::format("{}: {}", file, std::strerror(errno)));
  // The destructor does not run when the constructor throws.
  try {
    struct stat st;
    if (::fstat(fd_, &st) != 0 || !S_ISREG(st.st_mode))
      throw Error(fmt::format("{}: not a regular file", file));
    size_ = static_cast<u64>(st.st_size);
    if (size_ < trace_file_header_bytes) throw Error(fmt::format("{}: not a trace (too short)", file));
    const std::vector<u8> head = read(0, trace_file_header_bytes);
    u32 endian, version;
    std::memcpy(&endian, head.data() + 8, 4);
    std::memcpy(&version, head.data() + 12, 4);
    if (std::memcmp(head.data(), trace_magic, 8) != 0) throw Error(fmt::format("{}: not a trace", file));
    if (endian != trace_endian) throw Error(fmt::format("{}: trace of the other byte order", file));
    if (version != trace_version)
      throw Error(fmt::format("{}: trace version {}, this program reads {}", file, version, trace_version));
    if (!read_index()) scan(trace_file_header_bytes);
    if (chunks_.empty() || chunks_[0].header.type != ChunkType::header)
      throw Error(fmt::format("{}: the trace has no header", file));
    header_ = TraceHeader::load(chunk_raw(chunks_[0]));
    end_of_header_ = end_of(chunks_[0]);
    chunks_.erase(chunks_.begin());
    check_order();
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

TraceReader::~TraceReader() { ::close(fd_); }

std::vector<u8> TraceReader::read(u64 offset, u64 size) const {
  if (offset > size_ || size > size_ - offset) throw Error(fmt::format("{}: truncated trace", name_));
  std::vector<u8> bytes(size);
  for (u64 done = 0; done < size;) {
    const ssize_t n = ::pread(fd_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (n <= 0) throw Error(fmt::format("{}: read error at offset {}", name_, offset + done));
    done += static_cast<u64>(n);
  }
  return bytes;
}

std::vector<u8> TraceReader::chunk_raw(const ChunkPlace& place) const {
  const ChunkHeader& h = place.header;
  const std::vector<u8> stored = read(place.offset + ChunkHeader::bytes, h.stored_bytes);
  if (h.expected_checksum(stored) != h.checksum)
    throw Error(fmt::format("{}: the chunk at offset {} is damaged", name_, place.offset));
  // The frame's own size field is asked first, so that a lying header cannot make us allocate.
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != h.raw_bytes)
    throw Error(fmt::format("{}: the chunk at offset {} has a wrong size", name_, place.offset));
  std::vector<u8> raw(h.raw_bytes);
  const std::size_t n = ZSTD_decompress(raw.data(), raw.size(), stored.data(), stored.size());
  if (ZSTD_isError(n) || n != raw.size())
    throw Error(fmt::format("{}: the chunk at offset {} cannot be decompressed", name_, place.offset));
  return raw;
}

bool TraceReader::read_index() {
  if (size_ < trace_file_header_bytes + ChunkHeader::bytes + trace_trailer_bytes) return false;
  const std::vector<u8> trailer = read(size_ - trace_trailer_bytes, trace_trailer_bytes);
  if (std::memcmp(trailer.data() + 8, trace_end_magic, 8) != 0) return false;
  try {
    ChunkPlace place;
    std::memcpy(&place.offset, trailer.data(), 8);
    place.header = ChunkHeader::parse(read(place.offset, ChunkHeader::bytes).data());
    if (place.header.type != ChunkType::index) return false;
    const std::vector<u8> raw = chunk_raw(place);
    constexpr std::size_t entry = 8 + ChunkHeader::bytes;
    if (raw.size() < 8 || (raw.size() - 8) % entry != 0) return false;
    std::memcpy(&hash_, raw.data(), 8);
    for (std::size_t at = 8; at < raw.size(); at += entry) {
      ChunkPlace p;
      std::memcpy(&p.offset, raw.data() + at, 8);
      p.header = ChunkHeader::parse(raw.data() + at + 8);
      chunks_.push_back(p);
    }
  } catch (const Error&) {
    chunks_.clear();
    hash_ = 0;
    return false;  // the chunks themselves may be whole: scan() finds them
  }
  complete_ = true;
  return true;
}

void TraceReader::scan(u64 offset) {
  damage_ = fmt::format("{}: the trace is truncated: it has no index", name_);
  while (size_ - offset >= ChunkHeader::bytes) {
    ChunkPlace place;
    place.offset = offset;
    try {
      place.header = ChunkHeader::parse(read(offset, ChunkHeader::bytes).data());
    } catch (const Error&) {
      damage_ = fmt::format("{}: the trace is damaged at offset {}", name_, offset);
      return;
    }
    if (place.header.stored_bytes > size_ - offset - ChunkHeader::bytes) return;
    offset += ChunkHeader::bytes + place.header.stored_bytes;
    if (place.header.type != ChunkType::index) chunks_.push_back(place);
  }
}

bool TraceReader::refresh() {
  struct stat st;
  if (complete_ || ::fstat(fd_, &st) != 0 || static_cast<u64>(st.st_size) <= size_) return false;
  size_ = static_cast<u64>(st.st_size);
  const std::size_t before = chunks_.size();
  std::vector<ChunkPlace> known = std::move(chunks_);
  chunks_.clear();
  if (read_index()) {
    damage_.clear();
    chunks_.erase(chunks_.begin());  // the header
  } else {
    const u64 end = known.empty() ? end_of_header_ : end_of(known.back());
    chunks_ = std::move(known);
    scan(end);
  }
  check_order();
  return chunks_.size() > before || complete_;
}

void TraceReader::check_order() const {
  u64 next = 0;
  for (const ChunkPlace& p : chunks_) {
    if (p.header.type != ChunkType::events && p.header.type != ChunkType::keyframe)
      throw Error(fmt::format("{}: chunk of the wrong type at offset {}", name_, p.offset));
    if (p.header.first_event != next)
      throw Error(fmt::format("{}: chunks are missing before offset {}", name_, p.offset));
    if (p.header.type == ChunkType::events) next += p.header.events;
  }
}

u64 TraceReader::events() const {
  u64 count = 0;
  for (const ChunkPlace& p : chunks_)
    if (p.header.type == ChunkType::events) count += p.header.events;
  return count;
}

u64 TraceReader::last_time_ps() const {
  u64 time = 0;
  for (const ChunkPlace& p : chunks_) time = std::max(time, p.header.max_time_ps);
  return time;
}

void TraceReader::each_event(std::size_t from, std::size_t to, const EventVisit& visit) const {
  Event event;
  for (std::size_t i = from; i < std::min(to, chunks_.size()); ++i) {
    if (chunks_[i].header.type != ChunkType::events) continue;
    const std::vector<u8> raw = chunk_raw(chunks_[i]);
    ByteReader in(raw);
    CodecState codec;
    u32 events = 0;
    for (; !in.done(); ++events) {
      decode_event(in, codec, event);
      if (!visit(event)) return;
    }
    if (events != chunks_[i].header.events)
      throw Error(fmt::format("{}: the chunk at offset {} has {} events, its header says {}", name_,
                              chunks_[i].offset, events, chunks_[i].header.events));
  }
}

u64 TraceReader::computed_hash() const {
  u64 hash = word_hash(header_.save());
  each_event(0, chunks_.size(), [&hash](const Event& event) {
    hash = hash_event(event, event.fields(), event.text, hash);
    return true;
  });
  return hash;
}

void TraceReader::replay(const Visit& visit) const {
  TraceState state(header_.ram);
  each_event(0, chunks_.size(), [&](const Event& event) {
    if (!visit(event, state)) return false;
    state.apply(event);
    return true;
  });
}

void TraceReader::events_between(u64 from, u64 to, const NumberedVisit& visit) const {
  const auto beyond = [from](const ChunkPlace& p) { return p.header.first_event + p.header.events <= from; };
  const auto first = std::partition_point(chunks_.begin(), chunks_.end(), beyond);
  if (first == chunks_.end()) return;
  u64 number = first->header.first_event;
  each_event(static_cast<std::size_t>(first - chunks_.begin()), chunks_.size(), [&](const Event& event) {
    if (number >= to) return false;
    const u64 now = number++;
    return now < from || visit(now, event);
  });
}

std::unique_ptr<TraceState> TraceReader::keyframe_before(u64 number, u64& events_in) const {
  for (std::size_t i = chunks_.size(); i-- > 0;) {
    if (chunks_[i].header.type != ChunkType::keyframe || chunks_[i].header.first_event > number) continue;
    auto state = std::make_unique<TraceState>(header_.ram);
    state->load(chunk_raw(chunks_[i]));
    events_in = chunks_[i].header.first_event;
    return state;
  }
  return nullptr;
}

std::size_t TraceReader::chunk_beyond(u64 time_ps) const {
  for (std::size_t i = 0; i < chunks_.size(); ++i)
    if (chunks_[i].header.type == ChunkType::events && chunks_[i].header.max_time_ps > time_ps) return i;
  return chunks_.size();
}

void TraceReader::apply_until(TraceState& state, std::size_t from, std::size_t to, u64 time_ps) const {
  each_event(from, to + 1, [&](const Event& event) {
    if (event.time_ps > time_ps) return false;
    state.apply(event);
    return true;
  });
}

std::unique_ptr<TraceState> TraceReader::state_at(u64 time_ps) const {
  auto state = std::make_unique<TraceState>(header_.ram);
  const std::size_t beyond = chunk_beyond(time_ps);
  std::size_t from = 0;
  for (std::size_t i = beyond; i-- > 0;)
    if (chunks_[i].header.type == ChunkType::keyframe) {
      state->load(chunk_raw(chunks_[i]));
      from = i + 1;
      break;
    }
  apply_until(*state, from, beyond, time_ps);
  return state;
}

std::unique_ptr<TraceState> TraceReader::state_at_by_replay(u64 time_ps) const {
  auto state = std::make_unique<TraceState>(header_.ram);
  apply_until(*state, 0, chunks_.size(), time_ps);
  return state;
}

}  // namespace xs::observe
