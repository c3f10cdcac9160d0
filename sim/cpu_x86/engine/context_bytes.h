// The processor state that Unicorn's register interface cannot set: hidden segment parts, privilege level,
// mode bits. Read and written in the bytes of a saved uc_context, or in place when its address is proved too:
// a copy of 5.6 KB per look is most of an intercept's cost otherwise.
//
//     uc_context: | header (20 bytes) | CPUX86State ...          in place: *(handle + 416) + 35408
//                                       0    general registers, 16 x 8
//                                       128  RIP        136 RFLAGS without arithmetic and DF
//                                       152  of the last arithmetic; 168 what (1: its flags)
//                                       172  DF as 1 or -1
//                                       176  hflags     184 ES CS SS DS FS GS, 24 bytes each
//                                       328  LDTR TR GDTR IDTR, likewise
//                                       448  CR3
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
  explicit ContextBytes(uc_engine* uc) : uc_(uc) {
    uc_context_alloc(uc, &context_);
    bytes_ = reinterpret_cast<u8*>(context_) + header;
  }
  ~ContextBytes() { uc_context_free(context_); }
  ContextBytes(const ContextBytes&) = delete;
  ContextBytes& operator=(const ContextBytes&) = delete;

  void load() {
    if (!in_place_) uc_context_save(uc_, context_);
  }
  void store() {
    if (!in_place_) uc_context_restore(uc_, context_);
  }
  /// From now on works on the live state at `address`; load() and store() do nothing.
  void use_in_place(void* address) {
    in_place_ = true;
    bytes_ = static_cast<u8*>(address);
  }

  void copy(void* out, size_t size) const { std::memcpy(out, bytes_, size); }

  /// The live state is worked on: reading it costs nothing.
  bool in_place() const { return in_place_; }

  /// The sixteen where they live; nullptr when copies are worked on.
  u64* live_gprs() { return in_place_ ? reinterpret_cast<u64*>(bytes_) : nullptr; }
  u64 gpr(unsigned i) const { return get<u64>(8 * i); }
  void set_gpr(unsigned i, u64 v) { put(8 * i, v); }
  u64 rip() const { return get<u64>(128); }
  void set_rip(u64 v) { put(128, v); }
  u64 rflags_control() const { return get<u64>(136); }
  void set_rflags_control(u64 v) { put(136, v); }
  /// Whether flags() is all of them: the arithmetic ones are computed late.
  bool flags_known() const { return get<u32>(168) == computed; }
  u64 flags() const { return rflags_control() | get<u64>(152) | (get<u32>(172) & direction); }
  void set_flags(u64 v) {
    put(152, v & arithmetic);
    put(168, computed);
    put(172, v & direction ? ~u32{0} : u32{1});
    set_rflags_control((v & ~(arithmetic | direction)) | 2);
  }
  u32 hflags() const { return get<u32>(176); }
  void set_hflags(u32 v) { put(176, v); }
  u64 cr3() const { return get<u64>(448); }
  void set_cr3(u64 v) { put(448, v); }
  u32 error_code() const { return get<u32>(5352); }
  u64 intercepts() const { return get<u64>(5488); }
  void set_intercepts(u64 v) { put(5488, v); }

  Segment segment(SegmentIndex i) const {
    const size_t at = 184 + 24 * size_t{i};
    return {static_cast<u16>(get<u32>(at)), get<u64>(at + 8), get<u32>(at + 16), get<u32>(at + 20)};
  }
  TableRegister table(Table t) const {
    constexpr size_t at[] = {376, 400, 328, 352};  // gdt, idt, ldt, task
    const size_t i = at[static_cast<size_t>(t)];
    return {static_cast<u16>(get<u32>(i)), get<u64>(i + 8), get<u32>(i + 16)};
  }
  /// Loads a segment as a descriptor load would, mode bits in hflags included.
  void set_segment(SegmentIndex i, const Segment& s);

 private:
  static constexpr size_t header = 20;
  static constexpr u64 arithmetic = 0x8d5, direction = 0x400;
  static constexpr u32 computed = 1;
  template <class T>
  T get(size_t at) const {
    T v;
    std::memcpy(&v, bytes_ + at, sizeof v);
    return v;
  }
  template <class T>
  void put(size_t at, T v) {
    std::memcpy(bytes_ + at, &v, sizeof v);
  }

  uc_engine* uc_;
  uc_context* context_ = nullptr;
  u8* bytes_ = nullptr;
  bool in_place_ = false;
};

}  // namespace xs::x86
