// What the machine does not model is counted each time and reported once per place, with the instruction.
#include "sim/cpu_x86/system/core.h"
#include "sim/cpu_x86/system/find_access.h"

namespace xs::x86 {

void Core::unmodelled(const char* what, u64 where) { report_unmodelled(what, where, engine_->rip()); }

void Core::report_unmodelled(const char* what, u64 where, u64 pc) {
  ++counters_.unmodelled;
  if (!reported_->emplace(what, where, pc).second || !config_.observer) return;
  view_pc_ = pc;
  config_.observer->on_unmodelled(*this, what, where);
}

void Core::note_port_access() {
  block_accesses_.enter(engine_->block_address(), engine_->instructions());
  ++block_accesses_.ports;
}

void Core::unmodelled_port(u16 port) {
  const std::vector<u8> bytes = engine_->block_code();
  report_unmodelled("port", port, find_port_access(running_block(bytes), block_accesses_.ports - 1));
}

// One operand may reach the device as several accesses: upward in address, or a write to what was read.
void Core::unmodelled_memory(const char* what, bool write, u64 pa, unsigned size) {
  BlockAccesses& seen = block_accesses_;
  seen.enter(engine_->block_address(), engine_->instructions());
  const bool same = seen.write == write ? pa > seen.pa : write && pa == seen.pa;
  const u64 from = seen.pc == 0 ? 0 : same ? seen.pc : seen.pc + 1;
  const std::vector<u8> bytes = engine_->block_code();
  const u64 pc = find_memory_access(
      running_block(bytes), write, from,
      [this, pa, size](u64 va, unsigned operand) { return covers(va, operand, pa, size); });
  seen.pc = pc;
  seen.pa = pa;
  seen.write = write;
  report_unmodelled(what, pa, pc);
}

RunningBlock Core::running_block(const std::vector<u8>& bytes) const {
  return {operand_state(), bytes, engine_->block_address()};
}

/// An access of `size` bytes at `pa` is part of an operand at `va`. The engine makes an unaligned read from
/// aligned ones, which begin below and end above the operand.
bool Core::covers(u64 va, unsigned operand, u64 pa, unsigned size) const {
  u64 first = 0, last = 0;
  if (!mmu_.probe(va, first) || !mmu_.probe(va + operand - 1, last)) return false;
  const u64 mask = ~u64{size - 1};
  if ((first ^ pa) >> frame_shift == 0 && pa >= (first & mask) && pa < first + operand) return true;
  return (last ^ pa) >> frame_shift == 0 && pa <= last && pa + operand > (last & mask);
}

}  // namespace xs::x86
