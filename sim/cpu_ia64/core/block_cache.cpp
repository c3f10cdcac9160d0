#include "sim/cpu_ia64/core/block_cache.h"

namespace xs::ia64 {

BlockCache::BlockCache(Processor& processor) : processor_(processor) { processor.jumps.fill(&nothing_); }

CodePlace*& BlockCache::place_of(const Block& block) {
  return processor_.jump(block.va, static_cast<unsigned>(block.mode >> psr::ri_shift & 3));
}

Block* BlockCache::find(u64 va, u64 mode, u64 pa) const {
  const auto at = blocks_.find({va, mode, pa});
  return at == blocks_.end() ? nullptr : at->second.get();
}

Block& BlockCache::add(std::unique_ptr<Block> block) {
  if (blocks_.size() >= most) drop_all();
  Block& b = *block;
  frames_[b.pa >> frame_shift].push_back(&b);
  blocks_[{b.va, b.mode, b.pa}] = std::move(block);
  return b;
}

void BlockCache::remember(Block& block) { place_of(block) = &block; }

void BlockCache::forget(Block& block) {
  CodePlace*& place = place_of(block);
  if (place == &block) place = &nothing_;
}

void BlockCache::drop_frame(u64 mfn) {
  const auto at = frames_.find(mfn);
  if (at == frames_.end()) return;
  for (Block* block : at->second) {
    forget(*block);
    const auto owner = blocks_.find({block->va, block->mode, block->pa});
    dropped_.push_back(std::move(owner->second));
    blocks_.erase(owner);
  }
  frames_.erase(at);
}

void BlockCache::drop_all() {
  for (auto& [key, block] : blocks_) dropped_.push_back(std::move(block));
  blocks_.clear();
  frames_.clear();
  processor_.jumps.fill(&nothing_);
}

void BlockCache::sweep() {
  if (!dropped_.empty()) dropped_.clear();
}

}  // namespace xs::ia64
