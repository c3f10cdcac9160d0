// The core as observers, tests and reports see it.
#include <cstring>

#include "sim/core/error.h"
#include "sim/cpu_x86/system/core.h"

namespace xs::x86 {

void Core::tap(u64 pc) {
  view_pc_ = pc;
  in_block_ = true;
  if (config_.observer) config_.observer->on_tap(*this);
  in_block_ = false;
}

const CpuCounters& Core::counters() const {
  counters_.instructions = engine_->instructions();
  counters_.cycles = cycles();
  counters_.single_steps = engine_->single_steps();
  counters_.engine_entries = engine_->entries();
  counters_.mmu = mmu_.counters();
  return counters_;
}

u64 Core::instructions() const {
  return in_block_ ? engine_->instructions_at(view_pc_) : engine_->instructions();
}

u64 Core::tap_reg(unsigned index) const {
  const std::array<u64, 6> all = tap_regs();
  return index < all.size() ? all[index] : 0;
}

std::array<u64, 6> Core::tap_regs() const {
  return {engine_->reg(Reg::rdi), engine_->reg(Reg::rsi), engine_->reg(Reg::rdx),
          engine_->reg(Reg::rcx), engine_->reg(Reg::r8),  engine_->reg(Reg::rax)};
}

bool Core::in_guest() const { return (engine_->segment(seg_cs).selector & 3) == 3; }

u64 Core::general_reg(unsigned index) const { return index < 16 ? engine_->reg(static_cast<Reg>(index)) : 0; }

u64 Core::caller() const {
  u64 address = view_pc_;
  peek(engine_->reg(Reg::rsp), &address, sizeof address);
  return address;
}

bool Core::peek(u64 va, void* out, u64 size) const {
  u8* to = static_cast<u8*>(out);
  while (size) {
    u64 pa = 0;
    if (!mmu_.probe(va, pa)) return false;
    const u8* host = memory_.host(pa);
    if (!host) return false;
    const u64 chunk = std::min(size, frame_size - (va & frame_mask));
    std::memcpy(to, host, chunk);
    va += chunk;
    to += chunk;
    size -= chunk;
  }
  return true;
}

u64 Core::reg(const std::string& name) const {
  static constexpr const char* names[] = {"rax",    "rcx", "rdx", "rbx", "rsp", "rbp",     "rsi",    "rdi",
                                          "r8",     "r9",  "r10", "r11", "r12", "r13",     "r14",    "r15",
                                          "rflags", "cr0", "",    "cr3", "cr4", "fs_base", "gs_base"};
  if (name == "rip") return engine_->rip();
  if (name == "cr2") return cr2_;
  if (name == "cr8") return lapic_.tpr() >> 4;
  if (name == "efer") return control_.efer;
  if (name == "cs") return engine_->segment(seg_cs).selector;
  if (name == "ss") return engine_->segment(seg_ss).selector;
  for (unsigned i = 0; i < std::size(names); ++i)
    if (name == names[i]) return engine_->reg(static_cast<Reg>(i));
  throw Error("no register is called " + name);
}

}  // namespace xs::x86
