// A core as observers see it, and what they are told (sim/core/tap.h).
#include <algorithm>

#include "sim/cpu_ia64/core/core.h"

namespace xs::ia64 {

/// Arguments of a leaf routine without a frame of its own, and the register of results.
u64 Core::tap_reg(unsigned index) const {
  constexpr unsigned arguments = 5, result_register = 8;
  return general_reg(index < arguments ? 32 + index : result_register);
}

/// Behind the end of the frame are other frames' leavings.
u64 Core::general_reg(unsigned index) const {
  return index < 32 + p_.stack.frame().sof() ? p_.r.gr[p_.r.place(index)] : 0;
}

bool Core::translate(u64 va, u64& pa) const { return translate_as(va, false, pa); }

/// Code and data may be translated or not each for itself; what one side's TLB lacks the other's may have.
bool Core::translate_as(u64 va, bool code, u64& pa) const {
  if ((p_.r.psr & (code ? psr::it : psr::dt)) != 0)
    return p_.mmu.probe(va, code, pa) || p_.mmu.probe(va, !code, pa);
  pa = va & ~(u64{1} << 63);
  return true;
}

bool Core::peek_as(u64 va, void* out, u64 size, bool code) const {
  u8* to = static_cast<u8*>(out);
  for (u64 done = 0; done < size;) {
    u64 pa = 0;
    const u64 piece = std::min(size - done, frame_size - ((va + done) & frame_mask));
    if (!translate_as(va + done, code, pa)) return false;
    const u8* from = memory_.readable(pa);
    if (!from) return false;
    std::copy_n(from, piece, to + done);
    done += piece;
  }
  return true;
}

/// The running block has been paid for at its entry: what of it has not happened yet takes no part in the
/// time.
void Core::tapped(const Slot& tap) {
  const i64 ahead = tap.behind + config_.processor.timing.instruction;
  p_.left += ahead;
  tap_pc_ = bundle_of(p_, &tap) | tap.ri;
  config_.observer->on_tap(*this);
  tap_pc_ = no_tap;
  p_.left -= ahead;
  follow_guards();
}

/// Of a page that levels above 0 may use: what the most privileged of them may do.
void Core::inserted(u64 va, const mmu::ia64::Translation& page) {
  if (!page.present || page.ma == mmu::ia64::ma_nat_page) return;
  u8 rights = 0;
  for (unsigned level = 1; level <= page.pl; ++level)
    rights |= mmu::ia64::page_rights(page.ar, page.pl, level);
  const bool write = page.dirty && (rights & mmu::ia64::right_write) != 0;
  config_.observer->on_tlb_fill(*this, va, page.pa, u64{1} << page.page_shift, write, page.above_level_0());
}

/// Stores to frames that are guarded from now on must not go by what was granted before.
void Core::follow_guards() {
  const u64 version = config_.observer ? config_.observer->guards_version() : 0;
  if (version == guards_version_) return;
  guards_version_ = version;
  p_.data.clear();
}

}  // namespace xs::ia64
