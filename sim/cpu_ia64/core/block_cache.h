// Decoded code of one core.
//
//     blocks   (va, mode with slot, pa) ──> Block
//     frames   machine frame            ──> its blocks, which go when it is written
//     Processor::jumps                  ──> the one that was met last, by address
//
// A block that goes may be the one that is running: it stays in memory, found by nobody, until sweep().
#pragma once
#include <memory>
#include <unordered_map>

#include "sim/cpu_ia64/exec/slot.h"

namespace xs::ia64 {

class BlockCache {
 public:
  explicit BlockCache(Processor& processor);

  Block* find(u64 va, u64 mode, u64 pa) const;
  Block& add(std::unique_ptr<Block> block);
  /// The block that branches to its place will meet.
  void remember(Block& block);
  void drop_frame(u64 mfn);
  /// Only while no block runs.
  void sweep();
  std::size_t size() const { return blocks_.size(); }

 private:
  struct Key {
    u64 va, mode, pa;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& k) const {
      return static_cast<std::size_t>((k.va ^ k.pa << 17 ^ k.mode) * 0x9e3779b97f4a7c15 >> 8);
    }
  };
  static constexpr std::size_t most = 1 << 16;

  CodePlace*& place_of(const Block& block);
  void forget(Block& block);
  void drop_all();

  Processor& processor_;
  Block nothing_;  ///< in jumps where no block is known: matches no mode
  std::unordered_map<Key, std::unique_ptr<Block>, KeyHash> blocks_;
  std::unordered_map<u64, std::vector<Block*>> frames_;
  std::vector<std::unique_ptr<Block>> dropped_;
};

}  // namespace xs::ia64
