// Plays a hypervisor for the observer (hypervisor/abi/observe.h): windows and no page tables, a frame table
// and an M2P written by tapped routines, two domains, guest code at level 1. The command line names what goes
// wrong:
//
//     store     an entry of the frame table is written by a plain store
//     alias     an entry of the M2P is written by a plain store, by the direct map
//     itc       a guest's translation shows a frame of the other domain
//     stale     a frame changes hands while a translation for the guest still shows it
//     window    a window leads nowhere: the tables have no memory for the observer
#include "guests/ia64/lib/bare.h"
#include "guests/ia64/lib/firmware.h"
#include "hypervisor/abi/observe.h"

using namespace bare;

extern "C" {
void store64(u64 address, u64 value);
void store32(u64 address, u64 value);
void mark_store(u64 address, u64 what, u64 a, u64 b, u64 c);
extern const u64 guest_code[];
extern xs_window windows[8];
}

namespace {

constexpr u64 direct_map = 0xf000000000000000, frame_table = 0xea00000000000000, m2p = 0xeb00000000000000;
constexpr u64 memory = u64{64} << 20, frames = memory >> 12;
constexpr u64 table_pa = 0x2800000, m2p_pa = 0x2900000;  // behind the program
constexpr u64 shared_info = 0x3000, guest_text = 0x3001, guest_data = 0x3002, other_frame = 0x3003;
constexpr u64 guest_va = u64{3} << 61;
constexpr u64 enter_guest_call = 0x110000, leave_guest_call = 0x110001;
constexpr u64 alternate_data_tlb = 0x1000, cpl = u64{3} << 32, level_1 = u64{1} << 32, ri = u64{3} << 41;
constexpr u64 no_domain = 0x7fff0000;

u64 mark_word, misses, resume_at, resume_psr;

constexpr u64 pte(u64 pa, unsigned level) { return pa | 0x61 | u64{level} << 7 | u64{3} << 9; }

void insert(bool code, u64 va, u64 entry, unsigned shift) {
  asm volatile("rsm psr.ic;; srlz.d;; mov cr.ifa = %0; mov cr.itir = %1;; srlz.d;;" ::"r"(va),
               "r"(u64{shift} << 2));
  if (code)
    asm volatile("itc.i %0;; ssm psr.ic;; srlz.i;;" ::"r"(entry) : "memory");
  else
    asm volatile("itc.d %0;; ssm psr.ic;; srlz.i;;" ::"r"(entry) : "memory");
}
void purge(u64 va) { asm volatile("ptc.l %0, %1;; srlz.i;;" ::"r"(va), "r"(u64{12} << 2) : "memory"); }

/// A miss at level 0: the windows tell, in pages of 16 KiB.
bool fill(u64 va) {
  constexpr u64 page = 1 << 14;
  for (const xs_window& w : windows) {
    if (va < w.start || va >= w.end) continue;
    ++misses;
    insert(false, va & ~(page - 1), pte((w.physical + (va - w.start)) & ~(page - 1), 0), 14);
    return true;
  }
  return false;
}

bool handle(TrapFrame& f) {
  if (f.vector == alternate_data_tlb) return fill(f.ifa);
  if (f.vector != break_instruction) return false;
  if (f.iim == enter_guest_call) {
    f.skip();
    resume_at = f.iip, resume_psr = f.ipsr;
    f.iip = guest_va, f.ipsr = (f.ipsr & ~(cpl | ri)) | level_1;
    return true;
  }
  if (f.iim != leave_guest_call) return false;
  f.iip = resume_at, f.ipsr = resume_psr;
  return true;
}

void translate() {
  // All of memory at its physical addresses, and the devices, by translation registers of level 0.
  const auto pin = [](u64 slot, u64 va, u64 entry, unsigned shift) {
    asm volatile(
        "rsm psr.ic;; srlz.d;; mov cr.ifa = %0; mov cr.itir = %1;; srlz.d;; itr.d dtr[%2] = %3;; "
        "ssm psr.ic;; srlz.i;;" ::"r"(va),
        "r"(u64{shift} << 2), "r"(slot), "r"(entry)
        : "memory");
  };
  for (u64 n = 0; n < 8; ++n)
    asm volatile("mov rr[%0] = %1;; srlz.i;;" ::"r"(n << 61), "r"((0x100 + n) << 8 | 14 << 2) : "memory");
  pin(0, 0, pte(0, 0), 26);
  asm volatile(
      "rsm psr.ic;; srlz.d;; mov cr.ifa = r0; mov cr.itir = %0;; srlz.d;; itr.i itr[%1] = %2;; ssm psr.ic;; "
      "srlz.i;;" ::"r"(u64{26} << 2),
      "r"(u64{0}), "r"(pte(0, 0))
      : "memory");
  pin(1, uncached, pte(0, 0) | 4 << 2, 32);
  pin(2, uncached | 0xffffc000000, pte(0xffffc000000, 0) | 4 << 2, 26);
  asm volatile("break.i 0x110002;;" ::: "memory");
}

bool start_translation(TrapFrame& f) {
  constexpr u64 it = u64{1} << 36, dt = 1 << 17, rt = 1 << 27;
  if (f.vector != break_instruction || f.iim != 0x110002) return handle(f);
  f.skip();
  f.ipsr |= it | dt | rt;
  return true;
}

void mark(xs_mark what, u64 a = 0, u64 b = 0, u64 c = 0) {
  mark_store(direct_map + reinterpret_cast<u64>(&mark_word), what, a, b, c);
}
constexpr u64 entry(u64 mfn) { return frame_table + mfn * sizeof(xs_frame); }
void set_owner(u64 mfn, u32 owner) { store32(entry(mfn) + offsetof(xs_frame, owner), owner); }
void give(u64 mfn, u32 owner, u64 type = XS_FRAME_NONE) {
  set_owner(mfn, owner);
  store64(entry(mfn), XS_COUNT_ALLOCATED | 1);
  store64(entry(mfn) + 8, type << XS_TYPE_SHIFT | (type != 0));
  store64(m2p + mfn * 8, type == XS_FRAME_SHARED ? XS_M2P_SHARED : mfn);
}

void make_tables() {
  windows[1] = {frame_table, frame_table + frames * sizeof(xs_frame), table_pa, 0x661};
  windows[4] = {m2p, m2p + frames * 8, m2p_pa, 0x661};  // entries in between are not in use
  for (u64 mfn = 0; mfn < frames; ++mfn) {
    set_owner(mfn, mfn < 0x2c00 ? XS_OWNER_XEN : XS_OWNER_FREE);
    store64(m2p + mfn * 8, XS_M2P_INVALID);
  }
  mark(XS_MARK_BOOT, 1);
  mark(XS_MARK_BOOT, 2);
}

void make_domains() {
  for (u32 domain = 1; domain <= 2; ++domain) {
    const u64 info = domain == 1 ? shared_info : 0x3010;
    give(info, domain, XS_FRAME_SHARED);
    mark(XS_MARK_DOMAIN_CREATED, domain, info, XS_MODEL_IDENTITY);
    mark(XS_MARK_DOMAIN_STATE, domain, XS_DOM_RUNNING, 0);
  }
  give(guest_text, 1);
  give(guest_data, 1);
  give(other_frame, 2);
  memcpy(reinterpret_cast<void*>(guest_text << 12), guest_code, 64);
  mark(XS_MARK_BOOT, 3);
  mark(XS_MARK_SWITCH, no_domain, u64{1} << 16);
  mark(XS_MARK_DOMAIN_READY, 1);
}

/// At level 1: stores `value` at `va`.
void run_guest(u64 va, u64 value) {
  register u64 address asm("r14") = va;
  register u64 word asm("r15") = value;
  asm volatile("break.i 0x110000;;" ::"r"(address), "r"(word) : "memory");
}

bool asked(const char* word) {
  const char* line = boot().command_line;
  while (*word != 0 && *word == *line) ++word, ++line;
  return *word == 0;
}

void go_wrong() {
  if (asked("store")) *reinterpret_cast<volatile u64*>(entry(other_frame) + 24) = 0x77;
  if (asked("alias")) *reinterpret_cast<volatile u64*>(direct_map + m2p_pa + other_frame * 8) = 0x99;
  if (asked("itc")) insert(false, guest_va + 0x8000, pte(other_frame << 12, 3), 12);
  if (asked("stale")) set_owner(guest_data, 2);
  if (asked("window")) windows[4].physical = memory;
}

}  // namespace

int main() {
  on_interruption = start_translation;
  translate();
  on_interruption = handle;
  make_tables();
  make_domains();
  insert(true, guest_va, pte(guest_text << 12, 1), 12);
  insert(false, guest_va + 0x4000, pte(guest_data << 12, 1), 12);
  run_guest(guest_va + 0x4010, 0x1234);
  go_wrong();
  if (!asked("stale")) purge(guest_va + 0x4000);
  set_owner(guest_data, 2);
  print("observed: ", misses, " misses, guest stored ", read<u64>((guest_data << 12) + 0x10), "\n");
  return 0;
}
