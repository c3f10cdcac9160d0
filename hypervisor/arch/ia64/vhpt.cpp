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
constexpr u64 kItir = u64{kPageShift} << 2;
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

void vhpt_insert(Vcpu* vcpu, Vaddr address, Side side, u64 pte, u64 key) {
  const u64 itir = kItir | key << kItirKeyShift;
  {
    LockGuard guard(vcpu->arch.vhpt_lock);
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
  const u64 page = address & ~(kPageSize - 1);
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
  for (u64 page = 0; page < 1ull << (shift - kPageShift); ++page) {
    const Vaddr address = va + (page << kPageShift);
    Entry& entry = entry_of(vcpu, address);
    if (entry.tag != tag_of(address)) continue;
    count(XS_VHPT_purges);
    __atomic_store_n(&entry.tag, kNoTag, __ATOMIC_RELEASE);
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
  return entry.tag == tag_of(address) ? entry.pte : 0;
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
}

}  // namespace hv
