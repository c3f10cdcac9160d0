// What handlers without memory need of a processor.
#include "sim/cpu_ia64/system/processor.h"

namespace xs::ia64 {

Processor::Processor(const ProcessorConfig& c, MemoryPort& m, CoreBus& b, SapicBus&)
    : stack(*this, &r.gr[32], &r.nat[32], any_nat),
      mmu(m, {c.timing, c.instruction_tlb, c.data_tlb}),
      config(c),
      memory(m),
      bus(b) {}
bool Processor::store(u64, u64) { return false; }
bool Processor::load(u64, u64&) { return false; }
void Processor::revoked(bool, u64, unsigned) {}
bool Processor::refuse(const Interruption& what) {
  pending = what;
  return false;
}
bool Processor::general_exception(u64 code) {
  return refuse({.vector = Vector::general_exception, .isr = code});
}

}  // namespace xs::ia64
