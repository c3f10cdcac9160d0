#include "sim/observe/perfetto_tracks.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "sim/core/error.h"
#include "sim/observe/event_codec.h"

namespace xs::observe {
namespace {

namespace pb = perfetto::protos;

/// Protobuf strings must be UTF-8; a console carries any bytes.
std::string printable(std::string_view bytes) {
  std::string text(bytes);
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text;
}

}  // namespace

PacketFile::PacketFile(const std::string& file) : name_(file), file_(std::fopen(file.c_str(), "wb")) {
  if (!file_) fail();
}

PacketFile::~PacketFile() {
  if (file_) std::fclose(file_);
}

void PacketFile::write(pb::TracePacket& packet) {
  packet.set_trusted_packet_sequence_id(1);
  const std::string body = packet.SerializeAsString();
  u8 head[1 + 10];
  u8* at = head;
  *at++ = 1 << 3 | 2;  // field 1, length-delimited
  std::size_t left = body.size();
  for (; left >= 0x80; left >>= 7) *at++ = static_cast<u8>(left | 0x80);
  *at++ = static_cast<u8>(left);
  const std::size_t size = static_cast<std::size_t>(at - head);
  if (std::fwrite(head, 1, size, file_) != size ||
      std::fwrite(body.data(), 1, body.size(), file_) != body.size())
    fail();
}

void PacketFile::close() {
  std::FILE* file = file_;
  file_ = nullptr;
  if (std::fclose(file) != 0) fail();
}

void PacketFile::fail() const {
  throw Error(fmt::format("{}: cannot be written: {}", name_, std::strerror(errno)));
}

void TrackFile::describe(u64 uuid, const std::string& name, u64 parent) {
  if (!described_.insert(uuid).second) return;
  pb::TracePacket packet;
  auto* d = packet.mutable_track_descriptor();
  d->set_uuid(uuid);
  d->set_name(printable(name));
  d->set_parent_uuid(parent);
  out_.write(packet);
}

void TrackFile::describe_process(u64 uuid, int pid, const std::string& name) {
  if (!described_.insert(uuid).second) return;
  pb::TracePacket packet;
  if (first_) packet.set_sequence_flags(1);
  first_ = false;
  auto* d = packet.mutable_track_descriptor();
  d->set_uuid(uuid);
  d->mutable_process()->set_pid(pid);
  d->mutable_process()->set_process_name(printable(name));
  out_.write(packet);
}

void TrackFile::describe_counter(u64 uuid, const std::string& name, u64 parent) {
  if (!described_.insert(uuid).second) return;
  pb::TracePacket packet;
  auto* d = packet.mutable_track_descriptor();
  d->set_uuid(uuid);
  d->set_parent_uuid(parent);
  d->set_name(printable(name));
  d->mutable_counter()->set_unit(pb::CounterDescriptor::UNIT_COUNT);
  out_.write(packet);
}

pb::TrackEvent* TrackFile::event(pb::TracePacket& packet, u64 uuid, u64 time_ps, pb::TrackEvent::Type type) {
  u64& last = last_ns_[uuid];
  last = std::max(last, time_ps / 1000);
  packet.set_timestamp(last);
  packet.mutable_track_event()->set_type(type);
  packet.mutable_track_event()->set_track_uuid(uuid);
  return packet.mutable_track_event();
}

void TrackFile::begin(u64 uuid, u64 time_ps, const char* category, const std::string& name) {
  pb::TracePacket packet;
  auto* e = event(packet, uuid, time_ps, pb::TrackEvent::TYPE_SLICE_BEGIN);
  e->add_categories(category);
  e->set_name(printable(name));
  ++depth_[uuid];
  out_.write(packet);
}

void TrackFile::end(u64 uuid, u64 time_ps) {
  if (depth_[uuid] == 0) return;
  --depth_[uuid];
  pb::TracePacket packet;
  event(packet, uuid, time_ps, pb::TrackEvent::TYPE_SLICE_END);
  out_.write(packet);
}

void TrackFile::end_all(u64 uuid, u64 time_ps) {
  while (depth_[uuid] != 0) end(uuid, time_ps);
}

void TrackFile::instant(u64 uuid, u64 time_ps, const char* category, const std::string& name,
                        std::span<const Annotation> annotations) {
  pb::TracePacket packet;
  auto* t = event(packet, uuid, time_ps, pb::TrackEvent::TYPE_INSTANT);
  t->add_categories(category);
  t->set_name(printable(name));
  for (const Annotation& a : annotations) {
    auto* out = t->add_debug_annotations();
    out->set_name(a.name);
    if (a.text)
      out->set_string_value(printable(*a.text));
    else
      out->set_pointer_value(a.value);
  }
  out_.write(packet);
}

void TrackFile::counter(u64 uuid, u64 time_ps, u64 value) {
  pb::TracePacket packet;
  event(packet, uuid, time_ps, pb::TrackEvent::TYPE_COUNTER)->set_counter_value(static_cast<i64>(value));
  out_.write(packet);
}

void TrackFile::close(u64 time_ps) {
  for (const auto& [uuid, depth] : depth_) end_all(uuid, time_ps);
  out_.close();
}

}  // namespace xs::observe
