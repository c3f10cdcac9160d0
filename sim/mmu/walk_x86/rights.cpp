#include "sim/mmu/walk_x86/rights.h"

namespace xs::mmu::x86 {

u8 merge(u8 above, u64 entry) {
  u8 rights = above;
  if ((entry & pte::user) == 0) rights &= static_cast<u8>(~right::user);
  if ((entry & pte::writable) == 0) rights &= static_cast<u8>(~right::writable);
  if ((entry & pte::no_execute) != 0) rights |= right::no_execute;
  return rights;
}

Allowed decide(u8 rights, const X86Control& control, const Access& access) {
  const bool user_page = (rights & right::user) != 0;
  const bool writable = (rights & right::writable) != 0;
  const bool executable = (rights & right::no_execute) == 0;
  if (access.user && !access.implicit) return {user_page, user_page && writable, user_page && executable};

  const bool smap_bars = user_page && (control.cr4 & cr4::smap) != 0 && (access.implicit || !control.ac);
  const bool smep_bars = user_page && (control.cr4 & cr4::smep) != 0;
  const bool may_write = writable || (control.cr0 & cr0::wp) == 0;
  return {!smap_bars, !smap_bars && may_write, !smep_bars && executable};
}

u32 fault_code(u32 cause, const X86Control& control, const Access& access) {
  u32 code = cause;
  if (access.kind == AccessKind::write) code |= pf::write;
  if (access.user && !access.implicit) code |= pf::user;
  const bool reports_fetch = (control.efer & efer::nxe) != 0 || (control.cr4 & cr4::smep) != 0;
  if (access.kind == AccessKind::fetch && reports_fetch) code |= pf::fetch;
  return code;
}

}  // namespace xs::mmu::x86
