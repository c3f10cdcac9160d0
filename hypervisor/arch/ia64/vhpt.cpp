#include "hypervisor/arch/ia64/vhpt.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"

namespace hv {
namespace {

struct Entry {
  u64 pte, itir, tag, unused;
};
static_assert(sizeof(Entry) == 32);
constexpr u64 kEntries = (1ull << kVhptShift) / sizeof(Entry);
constexpr u64 kNoTag = 1ull << 63;
constexpr unsigned kMiddleShift = 14;  ///< of pages with an entry for each of their parts
constexpr unsigned kItirKeyShift = 8;
constexpr unsigned kPagesOneByOne = 8;  ///< a purge of more than 2^8 pages empties the table

u64 hash_of(Vaddr address) {
  u64 at;
  asm volatile("thash %0 = %1" : "=r"(at) : "r"(address));
  return at;
}
u64 tag_of(Vaddr address) {
  u64 tag;
  asm volatile("ttag %0 = %1" : "=r"(tag) : "r"(address));
  return tag;
}

/// Of any VCPU of the domain that is current: the CPU's table tells the place, the VCPU's own has it.
Entry& entry_of(const Vcpu* vcpu, Vaddr address) {
  const u64 offset = hash_of(address) & ((1ull << kVhptShift) - 1);
  return *reinterpret_cast<Entry*>(vcpu->arch.vhpt + offset);
}

void count(xs_vhpt_counter what) { ++this_cpu().arch.counters.vhpt[what]; }

/// A flush clears what was inserted since the last one, as long as it remembers all of it.
void remember(Vcpu* vcpu, const Entry& entry) {
  ArchVcpu& arch = vcpu->arch;
  if (arch.vhpt_count < count_of(arch.vhpt_used))
    arch.vhpt_used[arch.vhpt_count] =
        static_cast<u16>((reinterpret_cast<const u8*>(&entry) - arch.vhpt) / static_cast<s64>(sizeof(Entry)));
  ++arch.vhpt_count;
}

constexpr u64 page_mask(unsigned shift) { return (1ull << shift) - 1; }

/// False: there is no room to remember it, so that it must not be entered.
bool remember_large(Vcpu* vcpu, Vaddr address, unsigned shift) {
  ArchVcpu& arch = vcpu->arch;
  const auto entry = static_cast<u16>(&entry_of(vcpu, address) - reinterpret_cast<Entry*>(arch.vhpt));
  u32 at = 0;
  while (at < arch.vhpt_large_count && arch.vhpt_large[at].entry != entry) at++;
  if (at == count_of(arch.vhpt_large)) return false;
  arch.vhpt_large[at] = {address & ~page_mask(shift), entry, static_cast<u8>(shift)};
  arch.vhpt_large_count = max_of(arch.vhpt_large_count, at + 1);
  return true;
}

void enter(Vcpu* vcpu, Vaddr address, u64 pte, u64 itir) {
  Entry& entry = entry_of(vcpu, address);
  const u64 tag = tag_of(address);
  count(XS_VHPT_insertions);
  if (entry.tag != kNoTag && entry.tag != tag) count(XS_VHPT_collisions);
  __atomic_store_n(&entry.tag, kNoTag, __ATOMIC_RELEASE);
  entry.pte = pte;
  entry.itir = itir;
  __atomic_store_n(&entry.tag, tag, __ATOMIC_RELEASE);
  remember(vcpu, entry);
}

/// `pte` names the page around the address. Returns of which size the translation is.
unsigned enter_all(Vcpu* vcpu, Vaddr address, u64& pte, u64 key, unsigned shift) {
  LockGuard guard(vcpu->arch.vhpt_lock);
  if (shift > kMiddleShift && !remember_large(vcpu, address, shift)) shift = kPageShift;
  pte &= ~(kPtePpn & page_mask(shift));
  const u64 itir = u64{shift} << 2 | key << kItirKeyShift;
  if (shift > kMiddleShift) {
    count(XS_VHPT_pages_large);
    enter(vcpu, address, pte, itir);
    return shift;
  }
  if (shift > kPageShift) {
    count(XS_VHPT_pages_16k);
    vcpu->arch.vhpt_16k = true;
  }
  const Vaddr first = address & ~page_mask(shift);
  for (u64 at = 0; at < 1ull << shift; at += kPageSize) enter(vcpu, first + at, pte, itir);
  return shift;
}

void take_away(Entry& entry) {
  count(XS_VHPT_purges);
  __atomic_store_n(&entry.tag, kNoTag, __ATOMIC_RELEASE);
}

/// In whatever region, with whatever identifier: a translation may vanish at any time.
void purge_large(Vcpu* vcpu, Vaddr va, unsigned shift) {
  constexpr u64 kOffset = (1ull << 61) - 1;
  ArchVcpu& arch = vcpu->arch;
  LockGuard guard(arch.vhpt_lock);
  for (u32 n = 0; n < arch.vhpt_large_count;) {
    const LargeTranslation& t = arch.vhpt_large[n];
    const u64 apart = ~page_mask(max_of<unsigned>(shift, t.shift)) & kOffset;
    if (((t.va ^ va) & apart) != 0) {
      ++n;
      continue;
    }
    take_away(reinterpret_cast<Entry*>(arch.vhpt)[t.entry]);
    arch.vhpt_large[n] = arch.vhpt_large[--arch.vhpt_large_count];
  }
}

}  // namespace

u64 machine_pta(const Vcpu* vcpu) {
  constexpr u64 kWalk = 1, kLongFormat = 1ull << 8;
  return reinterpret_cast<u64>(vcpu->arch.vhpt) | kLongFormat | u64{kVhptShift} << 2 | kWalk;
}

int vtlb_create(Vcpu* vcpu) {
  const Mfn mfn = alloc_frames(kVhptShift - kPageShift);
  if (mfn == kInvalidMfn) return -XEN_ENOMEM;
  vcpu->arch.vhpt = static_cast<u8*>(frame_to_virt(mfn));
  vcpu->arch.vhpt_count = ~0u;  // nothing is known of it
  vhpt_flush(vcpu);
  return 0;
}

void vtlb_destroy(Vcpu* vcpu) {
  if (vcpu->arch.vhpt != nullptr) free_frames(virt_to_frame(vcpu->arch.vhpt), kVhptShift - kPageShift);
  vcpu->arch.vhpt = nullptr;
}

void vhpt_insert(Vcpu* vcpu, Vaddr address, Side side, u64 pte, u64 key, unsigned shift) {
  shift = enter_all(vcpu, address, pte, key, shift);
  const u64 itir = u64{shift} << 2 | key << kItirKeyShift;
  const u64 page = address & ~page_mask(shift);
  // With collection off nothing may miss: these are registers and the image.
  if (side == Side::data)
    asm volatile(
        "rsm psr.ic\n;;\nsrlz.i\n;;\nmov cr.ifa = %0\nmov cr.itir = %1\n;;\nitc.d %2\n;;\nssm "
        "psr.ic\n;;\nsrlz.i\n;;" ::"r"(page),
        "r"(itir), "r"(pte)
        : "memory");
  else
    asm volatile(
        "rsm psr.ic\n;;\nsrlz.i\n;;\nmov cr.ifa = %0\nmov cr.itir = %1\n;;\nitc.i %2\n;;\nssm "
        "psr.ic\n;;\nsrlz.i\n;;" ::"r"(page),
        "r"(itir), "r"(pte)
        : "memory");
}

void vhpt_purge(Vcpu* vcpu, Vaddr va, unsigned shift) {
  if (shift > kPageShift + kPagesOneByOne) return vhpt_flush(vcpu);
  if (__atomic_load_n(&vcpu->arch.vhpt_large_count, __ATOMIC_ACQUIRE) != 0) purge_large(vcpu, va, shift);
  // A page of 16 KiB goes with each of its four.
  const unsigned span =
      __atomic_load_n(&vcpu->arch.vhpt_16k, __ATOMIC_ACQUIRE) ? max_of(shift, kMiddleShift) : shift;
  const Vaddr first = va & ~page_mask(span);
  for (u64 at = 0; at < 1ull << span; at += kPageSize) {
    const Vaddr address = first + at;
    Entry& entry = entry_of(vcpu, address);
    const bool named = address - va < 1ull << shift;
    if (entry.tag == tag_of(address) && (named || itir_shift(entry.itir) != kPageShift)) take_away(entry);
  }
}

void tlb_purge(Vaddr va, unsigned shift, bool everywhere) {
  const u64 size = u64{shift} << 2;
  if (everywhere)
    asm volatile("ptc.ga %0, %1\n;;\nsrlz.i\n;;" ::"r"(va), "r"(size) : "memory");
  else
    asm volatile("ptc.l %0, %1\n;;\nsrlz.i\n;;" ::"r"(va), "r"(size) : "memory");
}

u64 vhpt_find(const Vcpu* vcpu, Vaddr address) {
  const Entry& entry = entry_of(vcpu, address);
  if (entry.tag != tag_of(address)) return 0;
  return entry.pte + (address & page_mask(itir_shift(entry.itir)) & ~page_mask(kPageShift));
}

bool vhpt_find_key(const Vcpu* vcpu, Vaddr address, u64& key) {
  const Entry& entry = entry_of(vcpu, address);
  key = entry.itir >> kItirKeyShift;
  return entry.tag == tag_of(address);
}

void vhpt_flush(Vcpu* vcpu) {
  LockGuard guard(vcpu->arch.vhpt_lock);
  ArchVcpu& arch = vcpu->arch;
  count(XS_VHPT_flushes);
  auto* entries = reinterpret_cast<Entry*>(arch.vhpt);
  const bool all = arch.vhpt_count > count_of(arch.vhpt_used);
  const u64 used = all ? kEntries : arch.vhpt_count;
  for (u64 n = 0; n < used; ++n)
    __atomic_store_n(&entries[all ? n : arch.vhpt_used[n]].tag, kNoTag, __ATOMIC_RELEASE);
  arch.vhpt_count = 0;
  arch.vhpt_large_count = 0;
  arch.vhpt_16k = false;
}

}  // namespace hv
