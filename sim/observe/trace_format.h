// The native trace as a file (docs/trace.md). All numbers little endian.
//
//     "XSTRACE\n" | 0x01020304 | version                        16 bytes
//     chunk*                                                     header chunk first, index chunk last
//     offset of the index chunk | "XSTREND\n"                    16 bytes; absent in a truncated file
//
//     chunk = ChunkHeader (64 bytes) | stored bytes (zstd)
#pragma once
#include <span>
#include <string>
#include <vector>

#include "sim/core/error.h"
#include "sim/observe/trace_state.h"

namespace xs::observe {

inline constexpr char trace_magic[9] = "XSTRACE\n";
inline constexpr char trace_end_magic[9] = "XSTREND\n";
inline constexpr u32 trace_endian = 0x01020304;
inline constexpr u32 trace_version = 5;
inline constexpr u64 trace_file_header_bytes = 16, trace_trailer_bytes = 16;

enum class ChunkType : u8 { header = 1, events = 2, keyframe = 3, index = 4 };

struct ChunkHeader {
  static constexpr u32 magic = 0x4b434358;  ///< "XCCK"
  static constexpr std::size_t bytes = 64;
  static constexpr u32 max_raw = 256u << 20;  ///< a keyframe of the largest machine
  ChunkType type = ChunkType::events;
  u32 stored_bytes = 0, raw_bytes = 0;
  u32 events = 0;
  u64 first_event = 0;  ///< number of events before this chunk
  u64 min_time_ps = 0, max_time_ps = 0;
  u64 checksum = 0;  ///< FNV-1a over the stored bytes, continued over the fields above

  void store(u8* to) const;
  /// Throws Error: wrong magic, unknown type, sizes out of bounds.
  static ChunkHeader parse(const u8* from);
  u64 expected_checksum(std::span<const u8> stored) const;
};

/// A chunk and where it lies in the file.
struct ChunkPlace {
  u64 offset = 0;  ///< of its ChunkHeader
  ChunkHeader header;
};

struct TraceHeader {
  std::string product;  ///< name and version of the writer
  std::string scenario;
  std::string architecture;  ///< what trap vectors mean
  u64 seed = 0;
  u32 cpus = 0;
  struct ImageIdentity {
    std::string name;
    u64 hash = 0;  ///< FNV-1a over the file
    bool operator==(const ImageIdentity&) const = default;
  };
  std::vector<ImageIdentity> images;  ///< hypervisor first
  RamMap ram;

  std::vector<u8> save() const;
  static TraceHeader load(std::span<const u8> bytes);  ///< throws Error
};

}  // namespace xs::observe
