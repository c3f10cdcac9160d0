// A block that is longer than what a limit leaves is cut. Its instructions up to the limit, the part, are a
// block like any other: charged when it begins, and nothing is looked at before it ends. So the time of a
// device access or a tap within it does not depend on how it is executed:
//
//     run()            [ block of 9: over the limit by 4 ]    stop; Unicorn is asked for a block of 5
//                      [ part of 5 ]  [ next block: the limit is reached ]    stop
//     step_in_block()  [ block of 9: the same ]    stop, charge 5;  step  step  step  step  step
//
// What Unicorn is asked by is a field of its CPU object that calibrate.cpp proves; where it cannot, run()
// takes the second way, too. So it does at a cut that it meets for the first time: a translation that is used
// once costs more than the steps. The part's last instruction is never the block's: what ends blocks
// (branches, IRET, STI, REP) stays outside.
#include "sim/core/error.h"
#include "sim/cpu_x86/engine/engine_impl.h"
#include "sim/cpu_x86/system/decode.h"

namespace xs::x86 {

EngineExit Engine::Impl::run_part() {
  if (next_block_size && met_before()) return run_part_translated();
  EngineExit x;
  do x = self.step_in_block(run_limit);
  while (x.kind == EngineExit::Kind::stepped && in_block);
  return x;
}

/// This block has been cut after as many instructions not long ago. Both ways have the same results.
bool Engine::Impl::met_before() {
  cut();
  const u64 key = part.address << 8 ^ part.instructions;
  u64& place = cuts_met[key * 0x9e3779b97f4a7c15 >> 54];
  if (place == key) return true;
  place = key;
  return false;
}

EngineExit Engine::Impl::run_part_translated() {
  part_awaited = true;
  limit = 0;
  *next_block_size = part.instructions;
  const EngineExit x = resume();
  *next_block_size = any_size;
  part_awaited = false;
  return x;
}

/// All of the part but its size in bytes.
void Engine::Impl::cut() {
  const u64 cost = config.timing.instruction;
  part = *over_limit;
  part.instructions = static_cast<u32>((run_limit - cycles + cost - 1) / cost);
  part.cycles = static_cast<u32>(part.instructions * cost);
  part.flags = 0;
}

/// For step_in_block(), where Unicorn has translated the whole block.
void Engine::Impl::begin_part() {
  cut();
  start_cut(static_cast<u32>(length_of(part.instructions, block_bytes(part), part.address, code_bits())));
}

/// Unicorn has translated what it was asked for.
void Engine::Impl::start_part(u64 address, u32 size) {
  if (address != part.address || size >= part.size)
    throw Error("Unicorn made another block than the one asked for");
  part_awaited = false;
  limit = attention ? 0 : run_limit;
  start_cut(size);
}

void Engine::Impl::start_cut(u32 size) {
  part.size = size;
  if ((part.address ^ (part.address + size - 1)) >> frame_shift == 0) {
    part.frame2 = part.frame;
    part.version2 = part.version;
  }
  start(part);
}

}  // namespace xs::x86
