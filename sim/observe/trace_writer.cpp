#include "sim/observe/trace_writer.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim/observe/hash.h"

namespace xs::observe {

struct TraceWriter::Compressor {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  std::vector<u8> out;
  ~Compressor() { ZSTD_freeCCtx(context); }

  std::span<const u8> run(std::span<const u8> raw) {
    out.resize(std::max(out.size(), ZSTD_compressBound(raw.size())));
    constexpr int level = 1;  // the simulation's own thread pays for it
    const std::size_t size =
        ZSTD_compressCCtx(context, out.data(), out.size(), raw.data(), raw.size(), level);
    if (ZSTD_isError(size)) throw Error(fmt::format("trace: zstd: {}", ZSTD_getErrorName(size)));
    return {out.data(), size};
  }
};

TraceWriter::TraceWriter(const std::string& file) : name_(file), hash_(fnv_offset) {
  buffer_.resize(chunk_bytes + max_event_head + max_event_text);
  at_ = buffer_.data();
  open_.min_time_ps = ~u64{0};
  if (file.empty()) return;
  file_ = std::fopen(file.c_str(), "wb");
  if (!file_) throw Error(fmt::format("{}: cannot be created: {}", file, std::strerror(errno)));
  compressor_ = std::make_unique<Compressor>();
  u8 head[trace_file_header_bytes];
  static_assert(sizeof trace_magic >= 8);  // eight bytes without a terminator
  std::copy_n(trace_magic, 8, head);
  std::memcpy(head + 8, &trace_endian, 4);
  std::memcpy(head + 12, &trace_version, sizeof trace_version);
  write(head, sizeof head);
}

TraceWriter::~TraceWriter() {
  if (file_) std::fclose(file_);
}

void TraceWriter::fail(const char* what) {
  error_ =
      fmt::format("{}: {}: {}; the trace ends {} events in", name_, what, std::strerror(errno),
                  places_.empty() ? 0 : places_.back().header.first_event + places_.back().header.events);
  std::fclose(file_);
  file_ = nullptr;
}

void TraceWriter::write(const void* bytes, std::size_t size) {
  if (!file_) return;
  if (std::fwrite(bytes, 1, size, file_) != size) return fail("cannot be written");
  offset_ += size;
}

void TraceWriter::write_chunk(ChunkHeader header, std::span<const u8> raw) {
  if (!file_) return;
  const std::span<const u8> stored = compressor_->run(raw);
  header.raw_bytes = static_cast<u32>(raw.size());
  header.stored_bytes = static_cast<u32>(stored.size());
  header.checksum = header.expected_checksum(stored);
  const u64 offset = offset_;
  u8 bytes[ChunkHeader::bytes];
  header.store(bytes);
  write(bytes, sizeof bytes);
  write(stored.data(), stored.size());
  // Whole chunks reach the file at once: a crash loses at most the chunk being filled.
  if (file_ && std::fflush(file_) != 0) fail("cannot be written");
  if (file_) places_.push_back({offset, header});
}

void TraceWriter::start(const TraceHeader& header) {
  const std::vector<u8> raw = header.save();
  hash_ = word_hash(raw, hash_);
  ChunkHeader chunk;
  chunk.type = ChunkType::header;
  write_chunk(chunk, raw);
}

void TraceWriter::store(const EventHead& head, const EventFields& fields, std::string_view text) {
  at_ = encode_event(head, fields, text, codec_, at_);
  open_.min_time_ps = std::min(open_.min_time_ps, head.time_ps);
  open_.max_time_ps = std::max(open_.max_time_ps, head.time_ps);
  ++open_.events;
  if (at_ >= buffer_.data() + chunk_bytes) seal();
}

void TraceWriter::seal() {
  if (open_.events == 0) return;
  write_chunk(open_, {buffer_.data(), at_});
  open_ = ChunkHeader{};
  open_.first_event = events_;
  open_.min_time_ps = ~u64{0};
  at_ = buffer_.data();
  codec_ = CodecState{};
}

void TraceWriter::keyframe(const TraceState& state) {
  seal();
  keyframe_at_ = events_;
  if (!file_) return;
  ChunkHeader chunk;
  chunk.type = ChunkType::keyframe;
  chunk.first_event = events_;
  chunk.min_time_ps = chunk.max_time_ps = state.time_ps();
  write_chunk(chunk, state.save());
}

void TraceWriter::write_index() {
  std::vector<u8> raw(places_.size() * (8 + ChunkHeader::bytes) + 8);
  u8* to = raw.data();
  std::memcpy(to, &hash_, 8);
  to += 8;
  for (const ChunkPlace& p : places_) {
    std::memcpy(to, &p.offset, 8);
    p.header.store(to + 8);
    to += 8 + ChunkHeader::bytes;
  }
  ChunkHeader chunk;
  chunk.type = ChunkType::index;
  chunk.first_event = events_;
  const u64 offset = offset_;
  write_chunk(chunk, raw);
  u8 trailer[trace_trailer_bytes];
  std::memcpy(trailer, &offset, 8);
  std::copy_n(trace_end_magic, 8, trailer + 8);
  write(trailer, sizeof trailer);
}

void TraceWriter::flush() { seal(); }

void TraceWriter::finish() {
  seal();
  if (!file_) return;
  write_index();
  if (!file_) return;
  if (std::fflush(file_) != 0) return fail("cannot be written");
  std::fclose(file_);
  file_ = nullptr;
}

}  // namespace xs::observe
