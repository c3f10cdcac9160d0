// Memory accesses that the core makes on its own: descriptor tables, TSS, exception frames.
#include <cstring>

#include "sim/cpu_x86/system/architecture.h"
#include "sim/cpu_x86/system/core.h"

namespace xs::x86 {

const ImplicitPage* Core::implicit_page(u64 va, unsigned size, mmu::AccessKind kind) {
  if (config_.fidelity != Fidelity::fast || (va & frame_mask) + size > frame_size) return nullptr;
  if (const ImplicitPage* page = implicit_pages_.find(va, kind, mmu_.revocations())) return page;
  const u64 pa = translate_implicit(va, kind) & ~frame_mask;
  u8* const host = memory_.host(pa);
  if (host == nullptr) return nullptr;
  return implicit_pages_.keep(va, kind, mmu_.revocations(), pa, host);
}

u64 Core::translate_implicit(u64 va, mmu::AccessKind kind) {
  bool architectural = false;
  const mmu::Translation t = mmu_.translate({va, kind, false, true}, &architectural);
  engine_->charge(t.cycles, 0);
  if (t.failure == mmu::Failure::non_canonical) throw GuestFault{vec_gp, true, 0, 0};
  if (!t.ok) throw GuestFault{vec_pf, true, t.error_code, va};
  if (architectural && config_.observer)
    config_.observer->on_tlb_fill(*this, va, t.pa, frame_size, t.write, false);
  return t.pa;
}

u64 Core::load(u64 va, unsigned size) {
  u64 value = 0;
  if (const ImplicitPage* page = implicit_page(va, size, mmu::AccessKind::read)) {
    std::memcpy(&value, page->host + (va & frame_mask), size);
    return value;
  }
  for (unsigned done = 0; done < size;) {
    const unsigned chunk =
        static_cast<unsigned>(std::min<u64>(size - done, frame_size - ((va + done) & frame_mask)));
    const u64 pa = translate_implicit(va + done, mmu::AccessKind::read);
    u8 bytes[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (const u8* host = memory_.host(pa)) std::memcpy(bytes, host, chunk);
    std::memcpy(reinterpret_cast<u8*>(&value) + done, bytes, chunk);
    done += chunk;
  }
  return value;
}

std::array<u64, 2> Core::load_pair(u64 va) {
  std::array<u64, 2> words;
  if (const ImplicitPage* page = implicit_page(va, sizeof words, mmu::AccessKind::read))
    std::memcpy(words.data(), page->host + (va & frame_mask), sizeof words);
  else
    words = {load(va, 8), load(va + 8, 8)};
  return words;
}

/// Where the byte at `rsp` would be, when the `size` bytes below it may be stored at once. The access that
/// can fault is that of the first push.
u8* Core::stack_page(u64 rsp, u64 size) {
  if (((rsp - 1) ^ (rsp - size)) >> frame_shift) return nullptr;
  const ImplicitPage* page = implicit_page(rsp - 8, 8, mmu::AccessKind::write);
  if (page == nullptr) return nullptr;
  frames_->host_write(page->pa, size);
  return page->host + ((rsp - 1) & frame_mask) + 1;
}

void Core::store(u64 va, u64 value, unsigned size) {
  if (const ImplicitPage* page = implicit_page(va, size, mmu::AccessKind::write)) {
    frames_->host_write(page->pa, size);
    std::memcpy(page->host + (va & frame_mask), &value, size);
    return;
  }
  u64 pa[2];
  unsigned split = static_cast<unsigned>(std::min<u64>(size, frame_size - (va & frame_mask)));
  pa[0] = translate_implicit(va, mmu::AccessKind::write);
  pa[1] = split < size ? translate_implicit(va + split, mmu::AccessKind::write) : 0;
  const u8* bytes = reinterpret_cast<const u8*>(&value);
  const unsigned sizes[2] = {split, size - split};
  for (unsigned part = 0; part < 2 && sizes[part]; ++part) {
    frames_->host_write(pa[part], sizes[part]);
    if (u8* host = memory_.host(pa[part])) std::memcpy(host, bytes + (part ? split : 0), sizes[part]);
  }
}

std::array<u8, 15> Core::code_at(u64 rip) const {
  std::array<u8, 15> bytes;
  bytes.fill(0xff);
  const u64 linear = (engine_->code64() ? 0 : engine_->segment(seg_cs).base) + rip;
  const u64 first = std::min<u64>(bytes.size(), frame_size - (linear & frame_mask));
  if (peek(linear, bytes.data(), first) && first < bytes.size())
    peek(linear + first, bytes.data() + first, bytes.size() - first);
  return bytes;
}

/// The engine knows the frame that the instruction was translated from: no walk of the tables.
Opcode Core::opcode_at_intercept() {
  if (!engine_->running_code(engine_->rip(), code_)) return opcode_at_rip();
  return split(code_, engine_->code_bits());
}

Opcode Core::opcode_at_rip() {
  code_ = code_at(engine_->rip());
  return split(code_, engine_->code_bits());
}

}  // namespace xs::x86
