// The processor state that Unicorn's register interface cannot set: hidden segment parts, privilege level,
// mode bits. Read and written in the bytes of a saved uc_context.
//
//     uc_context: | header (20 bytes) | CPUX86State ...
//                                       0    general registers, 16 x 8
//                                       128  RIP        136 RFLAGS without arithmetic and DF
//                                       176  hflags     184 ES CS SS DS FS GS, 24 bytes each
//                                       5352 error code of the last exception or #VMEXIT information
//                                       5488 instruction intercepts, the VMCB's 8 bytes at 0x0c
//
// Offsets are those of Unicorn 2.1.1; calibrate.cpp proves them at start-up on the running library.
#pragma once
#include <unicorn/unicorn.h>

#include <cstring>

#include "sim/cpu_x86/engine/engine.h"

namespace xs::x86 {

/// hflags: the execution mode, derived from segments and control registers.
enum HiddenFlags : u32 {
  hf_none = 0,
  hf_cpl = 3,
  hf_inhibit_irq = 1u << 3,
  hf_cs32 = 1u << 4,
  hf_ss32 = 1u << 5,
  hf_addseg = 1u << 6,
  hf_pe = 1u << 7,
  hf_lma = 1u << 14,
  hf_cs64 = 1u << 15,
  hf_guest = 1u << 21
};

class ContextBytes {
 public:
  explicit ContextBytes(uc_engine* uc) : uc_(uc) { uc_context_alloc(uc, &context_); }
  ~ContextBytes() { uc_context_free(context_); }
  ContextBytes(const ContextBytes&) = delete;
  ContextBytes& operator=(const ContextBytes&) = delete;

  void load() { uc_context_save(uc_, context_); }
  void store() { uc_context_restore(uc_, context_); }

  u64 gpr(unsigned i) const { return get<u64>(8 * i); }
  void set_gpr(unsigned i, u64 v) { put(8 * i, v); }
  u64 rip() const { return get<u64>(128); }
  void set_rip(u64 v) { put(128, v); }
  u64 rflags_control() const { return get<u64>(136); }
  void set_rflags_control(u64 v) { put(136, v); }
  u32 hflags() const { return get<u32>(176); }
  void set_hflags(u32 v) { put(176, v); }
  u32 error_code() const { return get<u32>(5352); }
  u64 intercepts() const { return get<u64>(5488); }
  void set_intercepts(u64 v) { put(5488, v); }

  Segment segment(SegmentIndex i) const {
    const size_t at = 184 + 24 * size_t{i};
    return {static_cast<u16>(get<u32>(at)), get<u64>(at + 8), get<u32>(at + 16), get<u32>(at + 20)};
  }
  /// Loads a segment as a descriptor load would, mode bits in hflags included.
  void set_segment(SegmentIndex i, const Segment& s);

 private:
  static constexpr size_t header = 20;
  template <class T>
  T get(size_t at) const {
    T v;
    std::memcpy(&v, reinterpret_cast<const u8*>(context_) + header + at, sizeof v);
    return v;
  }
  template <class T>
  void put(size_t at, T v) {
    std::memcpy(reinterpret_cast<u8*>(context_) + header + at, &v, sizeof v);
  }

  uc_engine* uc_;
  uc_context* context_ = nullptr;
};

}  // namespace xs::x86
