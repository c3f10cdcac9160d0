// Where descriptor tables, TSS and exception frames lie, as last found. In `fast` fidelity a hit counts
// nothing and costs nothing: what was found stays good until the MMU revokes.
#pragma once
#include "sim/mmu/mmu.h"

namespace xs::x86 {

struct ImplicitPage {
  u64 vpn = ~u64{0};
  u64 revocations = 0;  ///< Mmu::revocations() then; 0: forgotten
  u64 pa = 0;
  u8* host = nullptr;
};

class ImplicitPages {
 public:
  const ImplicitPage* find(u64 va, mmu::AccessKind kind, u64 revocations) {
    const ImplicitPage& page = slot(va, kind);
    return page.vpn == va >> frame_shift && page.revocations == revocations ? &page : nullptr;
  }
  const ImplicitPage* keep(u64 va, mmu::AccessKind kind, u64 revocations, u64 pa, u8* host) {
    return &(slot(va, kind) = {va >> frame_shift, revocations, pa, host});
  }
  /// Mmu::flush_page() has dropped the page of this size: the only revocation that is not of everything.
  void forget(u64 va, unsigned shift) {
    for (auto& kind : pages_)
      for (ImplicitPage& page : kind)
        if (((page.vpn << frame_shift) ^ va) >> shift == 0) page.revocations = 0;
  }

 private:
  static constexpr std::size_t slots = 16;
  ImplicitPage& slot(u64 va, mmu::AccessKind kind) {
    return pages_[kind == mmu::AccessKind::write][(va >> frame_shift) % slots];
  }
  ImplicitPage pages_[2][slots];  ///< for reads, for writes
};

}  // namespace xs::x86
