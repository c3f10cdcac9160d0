// A Perfetto file as tracks with slices, instants and counters: how it is written, not what it tells.
#pragma once
#include <cstdio>
#include <map>
#include <set>
#include <span>
#include <string>

#include "sim/core/types.h"
#include "sim/observe/perfetto_trace.pb.h"

namespace xs::observe {

/// Writes packets one by one: a Trace message is its packets concatenated as field 1. Throws Error.
class PacketFile {
 public:
  explicit PacketFile(const std::string& file);
  ~PacketFile();
  PacketFile(const PacketFile&) = delete;
  PacketFile& operator=(const PacketFile&) = delete;

  void write(perfetto::protos::TracePacket& packet);
  void close();

 private:
  [[noreturn]] void fail() const;
  std::string name_;
  std::FILE* file_;
};

/// Debug annotation of an instant: a text when `text` is not null, else an address.
struct Annotation {
  const char* name;
  u64 value = 0;
  const std::string* text = nullptr;
};

/// Tracks are described once, before their first event; a track's times never go back. Times are simulated.
class TrackFile {
 public:
  explicit TrackFile(const std::string& file) : out_(file) {}

  bool described(u64 uuid) const { return described_.contains(uuid); }
  void describe(u64 uuid, const std::string& name, u64 parent);
  void describe_process(u64 uuid, int pid, const std::string& name);
  void describe_counter(u64 uuid, const std::string& name, u64 parent);

  void begin(u64 uuid, u64 time_ps, const char* category, const std::string& name);
  void end(u64 uuid, u64 time_ps);  ///< nothing when no slice is open
  void end_all(u64 uuid, u64 time_ps);
  void instant(u64 uuid, u64 time_ps, const char* category, const std::string& name,
               std::span<const Annotation> annotations = {});
  void counter(u64 uuid, u64 time_ps, u64 value);
  /// Ends every open slice and closes the file.
  void close(u64 time_ps);

 private:
  perfetto::protos::TrackEvent* event(perfetto::protos::TracePacket& packet, u64 uuid, u64 time_ps,
                                      perfetto::protos::TrackEvent::Type type);
  PacketFile out_;
  std::map<u64, u64> last_ns_;     ///< per track: CPUs' times differ by up to a quantum
  std::map<u64, unsigned> depth_;  ///< open slices per track
  std::set<u64> described_;
  bool first_ = true;
};

}  // namespace xs::observe
