// Which frames hold translated code, in which engine: a frame is writable or executable, never both, across
// all cores of a machine. Unicorn notices stores into its own translated code only through the virtual
// address it was translated at; an alias, another core or a DMA engine would go unnoticed.
//
//     frame  executable: {core 0, core 2}  writable: {}            a store here first drops the code
//            executable: {}                writable: {core 1}      a fetch here first drops the write right
#pragma once
#include <memory>
#include <vector>

#include "sim/core/memory_port.h"

namespace xs::x86 {

class Engine;

class CodeFrames {
 public:
  static constexpr u32 none = ~u32{0};

  explicit CodeFrames(MemoryPort& memory);
  /// The one object for all cores that share `memory`.
  static std::shared_ptr<CodeFrames> of(MemoryPort& memory);

  u8 attach(Engine& engine);  ///< returns the engine's slot, 0..7
  void detach(u8 slot);

  /// Index of the frame holding `pa`, or none when it is not DRAM.
  u32 frame(u64 pa) const;
  /// Address of a frame by its index.
  u64 address(u32 frame) const;
  /// Where its bytes are; nullptr for outside().
  const u8* host(u32 frame) const {
    for (const Range& r : ranges_)
      if (frame - r.first < (r.size >> frame_shift)) return r.host + (u64{frame - r.first} << frame_shift);
    return nullptr;
  }

  /// Calls `f(address)` for each frame that holds code of this engine.
  template <class F>
  void each_code_frame(u8 slot, F f) const {
    for (u32 i = 0; i < frames_.size(); ++i)
      if (frames_[i].executable >> slot & 1) f(address(i));
  }

  void before_fetch(u32 frame, u8 slot);
  void before_write(u32 frame, u8 slot);
  /// A frame number that stands for everything that is not DRAM.
  u32 outside() const { return static_cast<u32>(frames_.size() - 1); }
  bool executable(u32 frame) const { return frames_[frame].executable != 0; }
  /// The host (page walker, exception frames, DMA) is about to write or wrote [pa, pa+size).
  void host_write(u64 pa, u64 size);
  /// Changes whenever code of this frame was dropped: a key for everything derived from its bytes.
  u32 version(u32 frame) const { return frames_[frame].version; }

 private:
  struct Frame {
    u8 writable = 0;    ///< bit per engine slot
    u8 executable = 0;  ///< bit per engine slot
    u32 version = 0;
  };
  struct Range {
    u64 base, size;
    u32 first;
    const u8* host;
  };
  void drop_code(u32 frame);

  std::vector<Range> ranges_;
  std::vector<Frame> frames_;
  std::vector<Engine*> engines_;
};

}  // namespace xs::x86
