// A native trace read back. Input is hostile: every defect gives Error, never a crash or unbounded memory.
// A truncated file (crash, disk full) is read up to its last whole chunk; complete() tells. So is one that is
// being written: refresh() finds what has been added.
#pragma once
#include <functional>
#include <memory>

#include "sim/observe/event_codec.h"
#include "sim/observe/trace_format.h"

namespace xs::observe {

class TraceReader {
 public:
  /// Throws Error: no such file, not a trace, wrong version, damaged header.
  explicit TraceReader(const std::string& file);
  ~TraceReader();
  TraceReader(const TraceReader&) = delete;
  TraceReader& operator=(const TraceReader&) = delete;

  const TraceHeader& header() const { return header_; }
  bool complete() const { return complete_; }            ///< index and trailer are there
  const std::string& damage() const { return damage_; }  ///< why it is not complete; empty when it is
  u64 recorded_hash() const { return hash_; }            ///< 0 in an incomplete file
  u64 computed_hash() const;                             ///< from the contents
  u64 events() const;
  u64 last_time_ps() const;
  const std::vector<ChunkPlace>& chunks() const { return chunks_; }
  /// Takes note of chunks that have been written since. False when there are none. Throws Error.
  bool refresh();

  /// All events in order; `before` is the state they meet. Stops when `visit` returns false.
  using Visit = std::function<bool(const Event&, const TraceState& before)>;
  void replay(const Visit& visit) const;
  /// State after the last event that precedes the first event later than `time_ps`. CPUs run ahead of each
  /// other by up to a quantum, so times are ordered only to that precision. Starts from a keyframe.
  std::unique_ptr<TraceState> state_at(u64 time_ps) const;
  /// The same by applying every event from the start: what state_at() must equal.
  std::unique_ptr<TraceState> state_at_by_replay(u64 time_ps) const;

  /// Calls visit(number, event) for events [from, to), numbered from 0, until it returns false.
  using NumberedVisit = std::function<bool(u64 number, const Event& event)>;
  void events_between(u64 from, u64 to, const NumberedVisit& visit) const;
  /// The latest keyframe not beyond event `number`, and how many events are in it; null when there is none.
  std::unique_ptr<TraceState> keyframe_before(u64 number, u64& events_in) const;

 private:
  std::vector<u8> read(u64 offset, u64 size) const;
  std::vector<u8> chunk_raw(const ChunkPlace& place) const;
  bool read_index();
  void scan(u64 offset);
  void check_order() const;
  /// Events of the chunks [from, to), until `visit` returns false.
  using EventVisit = std::function<bool(const Event&)>;
  void each_event(std::size_t from, std::size_t to, const EventVisit& visit) const;
  std::size_t chunk_beyond(u64 time_ps) const;
  void apply_until(TraceState& state, std::size_t from, std::size_t to, u64 time_ps) const;

  std::string name_;
  int fd_ = -1;
  u64 size_ = 0, end_of_header_ = 0;
  TraceHeader header_;
  std::vector<ChunkPlace> chunks_;  ///< events and keyframes, in order
  bool complete_ = false;
  std::string damage_;
  u64 hash_ = 0;
};

}  // namespace xs::observe
