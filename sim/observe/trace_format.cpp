#include "sim/observe/trace_format.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "sim/observe/event_codec.h"
#include "sim/observe/hash.h"

namespace xs::observe {

static_assert(std::endian::native == std::endian::little, "trace fields are stored as they lie in memory");

namespace {

template <typename T>
void put_at(u8* to, std::size_t offset, T value) {
  std::memcpy(to + offset, &value, sizeof value);
}
template <typename T>
T get_at(const u8* from, std::size_t offset) {
  T value;
  std::memcpy(&value, from + offset, sizeof value);
  return value;
}

void put(std::vector<u8>& out, u64 value) {
  u8 bytes[16];
  ByteWriter w(bytes);
  w.number(value);
  out.insert(out.end(), bytes, w.position());
}
void put(std::vector<u8>& out, const std::string& text) {
  put(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}
std::string get_text(ByteReader& in) {
  const u64 size = in.number();
  if (size > max_event_text) throw Error("trace: a text in the header is too long");
  return std::string(in.bytes(size));
}

}  // namespace

void ChunkHeader::store(u8* to) const {
  std::memset(to, 0, bytes);
  put_at(to, 0, magic);
  put_at(to, 4, static_cast<u8>(type));
  put_at(to, 8, stored_bytes);
  put_at(to, 12, raw_bytes);
  put_at(to, 16, events);
  put_at(to, 24, first_event);
  put_at(to, 32, min_time_ps);
  put_at(to, 40, max_time_ps);
  put_at(to, 48, checksum);
}

ChunkHeader ChunkHeader::parse(const u8* from) {
  ChunkHeader h;
  if (get_at<u32>(from, 0) != magic) throw Error("trace: no chunk where one should begin");
  const u8 type = get_at<u8>(from, 4);
  if (type < 1 || type > 4) throw Error(fmt::format("trace: chunk of unknown type {}", type));
  h.type = static_cast<ChunkType>(type);
  h.stored_bytes = get_at<u32>(from, 8);
  h.raw_bytes = get_at<u32>(from, 12);
  h.events = get_at<u32>(from, 16);
  h.first_event = get_at<u64>(from, 24);
  h.min_time_ps = get_at<u64>(from, 32);
  h.max_time_ps = get_at<u64>(from, 40);
  h.checksum = get_at<u64>(from, 48);
  if (h.raw_bytes > max_raw || h.stored_bytes > max_raw) throw Error("trace: a chunk is too large");
  return h;
}

u64 ChunkHeader::expected_checksum(std::span<const u8> stored) const {
  ChunkHeader plain = *this;
  plain.checksum = 0;
  u8 fields[bytes];
  plain.store(fields);
  return fnv1a(fields, fnv1a(stored));
}

std::vector<u8> TraceHeader::save() const {
  std::vector<u8> out;
  put(out, product), put(out, scenario), put(out, architecture), put(out, seed), put(out, u64{cpus});
  put(out, images.size());
  for (const ImageIdentity& i : images) put(out, i.name), put(out, i.hash);
  put(out, ram.ranges().size());
  for (const RamMap::Range& r : ram.ranges()) put(out, r.first), put(out, r.count);
  return out;
}

TraceHeader TraceHeader::load(std::span<const u8> bytes) {
  ByteReader in(bytes);
  TraceHeader h;
  h.product = get_text(in), h.scenario = get_text(in);
  h.architecture = get_text(in);
  h.seed = in.number(), h.cpus = static_cast<u32>(in.number());
  const u64 images = in.number();
  for (u64 i = 0; i < images; ++i) {
    std::string name = get_text(in);
    h.images.push_back({std::move(name), in.number()});
  }
  const u64 ranges = in.number();
  if (ranges > 64) throw Error("trace: too many RAM ranges");
  for (u64 i = 0; i < ranges; ++i) {
    const u64 first = in.number();
    h.ram.add(first, in.number());
  }
  if (!in.done()) throw Error("trace: bytes left over in the header");
  return h;
}

}  // namespace xs::observe
