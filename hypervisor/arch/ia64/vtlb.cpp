#include "hypervisor/arch/ia64/vtlb.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/flush.h"
#include "hypervisor/arch/ia64/guest_state.h"
#include "hypervisor/arch/ia64/keys.h"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/vhpt.h"
#include "hypervisor/common/devices.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/planted.h"

namespace hv {
namespace {

constexpr u64 kReservedPte = 1ull << 1 | 3ull << 50;
constexpr u64 kImplementedItir = 0xfc | ((1ull << kKeyBits) - 1) << 8;
constexpr u64 kMetaphysicalRids = 0x100;  ///< in the hypervisor's block: 8 of each domain's

constexpr u64 page_mask(unsigned shift) { return (1ull << shift) - 1; }
/// What itc and itr accept (SDM vol. 2 figure 4-5, table 4-11): memory attributes 1 to 3 are reserved.
constexpr bool pte_ok(u64 pte) {
  const u64 attribute = pte >> 2 & 7;
  return !(pte & kPtePresent) || (!(pte & kReservedPte) && (attribute == 0 || attribute >= 4));
}
constexpr bool itir_ok(u64 itir) { return page_size_ok(itir_shift(itir)) && !(itir & ~kImplementedItir); }
constexpr unsigned region_of(Vaddr address) { return static_cast<unsigned>(address >> 61); }
u64 guest_rid(const Vcpu* vcpu, Vaddr address) {
  return vcpu->arch.rr[region_of(address)] >> 8 & kGuestRidMask;
}

bool covers(const GuestTranslation& t, Vaddr address, u64 rid) {
  return t.valid && t.rid == rid && ((t.va ^ address) & ~page_mask(itir_shift(t.itir))) == 0;
}
bool overlaps(const GuestTranslation& t, Vaddr va, unsigned shift, u64 rid) {
  const unsigned larger = max_of(shift, itir_shift(t.itir));
  return t.valid && t.rid == rid && ((t.va ^ va) & ~page_mask(larger)) == 0;
}

const GuestTranslation* find(const ArchVcpu& arch, Vaddr address, u64 rid, Side side) {
  for (const GuestTranslation& t : side == Side::data ? arch.dtr : arch.itr)
    if (covers(t, address, rid)) return &t;
  const GuestTranslation& last = side == Side::data ? arch.dtc : arch.itc;
  return covers(last, address, rid) ? &last : nullptr;
}

Paddr physical_of(const GuestTranslation& t, Vaddr address) {
  const u64 mask = page_mask(itir_shift(t.itir));
  return (t.pte & kPtePpn & ~mask) | (address & mask);
}

/// Access rights without any right to store.
u64 without_stores(u64 pte) {
  constexpr u64 kReadOnly[] = {0, 1, 0, 1, 0, 1, 1, 7};
  return (pte & ~kPteAr) | kReadOnly[pte >> kPteArShift & 7] << kPteArShift;
}

/// Ring compression: the kernel's level 0 is 1.
u64 compress(u64 pte) { return pte & kPtePl ? pte : pte | 1ull << kPtePlShift; }

/// The largest page that the CPU may have of a translation of 2^most bytes, of which 2^order frames lie
/// together. What the hypervisor shows by itself must not be covered.
unsigned page_for(const Vcpu* vcpu, Vaddr address, unsigned most, unsigned order) {
  unsigned shift = min_of(most, kPageShift + order);
  while (!page_size_ok(shift)) --shift;
  const auto page_of = [shift](Vaddr va) { return va & ~page_mask(shift); };
  const Vaddr page = page_of(address), xsi = vcpu->arch.xsi;
  return page == page_of(xsi) || page == page_of(xsi + XEN_IA64_XSI_BYTES - 1) ? kPageShift : shift;
}

/// Log-dirty is on: a page that is not marked has no dirty bit, so that the first store is a dirty bit fault.
u64 with_dirty_logged(const Domain* domain, u64 machine, bool writes) {
  if (!(machine & kPteDirty) || log_dirty_may_write(domain, (machine & kPtePpn) >> kPageShift, writes))
    return machine;
  return (machine & ~kPteDirty) | kPteGuestDirty;
}

/// From the guest's translation of 2^most bytes.
bool fill_from(Vcpu* vcpu, Vaddr address, Access access, u64 pte, Paddr guest_physical, u64 key,
               unsigned most) {
  u64 machine = compress(pte & ~(kPtePpn | kPteGuestDirty));
  unsigned shift = kPageShift;
  if (pte & kPtePresent) {
    const bool logged = vcpu->domain->mm.log_dirty != nullptr;
    Backing backing;
    if (!guest_backing(vcpu->domain, guest_physical, backing, logged ? 0 : most - kPageShift)) return false;
    shift = page_for(vcpu, address, most, backing.order);
    machine |= backing.machine & kPtePpn;
    if (!backing.writable) machine = without_stores(machine);
    if (logged && backing.writable && !backing.device)
      machine = with_dirty_logged(vcpu->domain, machine, access.writes);
    if (backing.device && (machine & kPteMa) != kPteMaNat) machine = (machine & ~kPteMa) | kPteMaUc;
  }
  vhpt_insert(vcpu, address, access.side, machine, key, shift);
  return true;
}

/// shared_info and the privileged registers.
bool fill_xsi(Vcpu* vcpu, Vaddr address, Side side) {
  const u64 offset = (address - vcpu->arch.xsi) & ~page_mask(kPageShift);
  const Mfn mfn = offset == 0                   ? vcpu->domain->shared_mfn
                  : offset == XEN_IA64_PRIVREGS ? vcpu->arch.privileged_mfn
                                                : kInvalidMfn;
  if (mfn == kInvalidMfn || side == Side::fetch) return false;
  constexpr u64 kReadWrite = 2ull << kPteArShift;
  vhpt_insert(vcpu, address, side,
              kPtePresent | kPteAccessed | kPteDirty | 1ull << kPtePlShift | kReadWrite | mfn << kPageShift,
              kHypervisorKey, kPageShift);
  return true;
}

bool is_physical(const Vcpu* vcpu, Side side) {
  return !(vcpu->arch.vpsr & (side == Side::data ? kPsrDt : kPsrIt));
}

/// Translation is off, as the guest believes: bit 63 says uncached, the rest is the address.
bool fill_physical(Vcpu* vcpu, Vaddr address, Access access) {
  constexpr u64 kAllRights = 3ull << kPteArShift;
  const u64 pte = kPtePresent | kPteAccessed | kPteDirty | kAllRights | (address >> 63 ? kPteMaUc : 0);
  const Paddr physical = address & ~(1ull << 63);
  return physical < 1ull << kPhysicalBits &&
         fill_from(vcpu, address, access, pte, physical, kHypervisorKey, kPageShift);
}

}  // namespace

bool arch_device_page_may_be_given(Mfn mfn) {
  constexpr Paddr kDevicesStart = 0xfeb00000, kDevicesEnd = 0xfec00000;
  return mfn >= kDevicesStart >> kPageShift && mfn < kDevicesEnd >> kPageShift;
}

volatile u32* arch_device_registers(Mfn mfn) { return &device<u32>(mfn << kPageShift); }

u64 machine_region(const Vcpu* vcpu, unsigned region) {
  const bool physical = (vcpu->arch.vpsr & (kPsrDt | kPsrIt)) != (kPsrDt | kPsrIt);
  const u64 block = vcpu->domain->arch.rid_block;
  const u64 rid = physical && (region == 0 || region == 4)
                      ? kMetaphysicalRids + block * 8 + region
                      : block << kRidBits | (vcpu->arch.rr[region] >> 8 & kGuestRidMask);
  return HV_RR(rid, u64{kPageShift}) | HV_RR_WALKED;
}

bool guest_backing(const Domain* domain, Paddr guest_physical, Backing& backing, unsigned most) {
  const Gfn gfn = guest_physical >> kPageShift;
  if (arch_device_page_may_be_given(gfn) && device_page_is_shown(domain, gfn)) {
    backing = {guest_physical, true, true};
    return true;
  }
  const Paddr offset = guest_physical & page_mask(kPageShift);
  const u64 entry = domain->mm.model->backing(domain, gfn);
  if (planted(Bug::translation_unchecked) && !(entry & XS_P2M_PRESENT) && frame_is_ram(gfn)) {
    backing = {guest_physical, true, false};
    return true;
  }
  if (!(entry & XS_P2M_PRESENT)) return false;
  backing = {p2m_entry_mfn(entry) << kPageShift | offset, (entry & XS_P2M_WRITABLE) != 0, false};
  if (most != 0 && domain->mm.model->hides_mfns)
    backing.order = p2m_contiguous(domain->mm.p2m, gfn, entry, most);
  return true;
}

namespace {

Fill fill(Vcpu* vcpu, Vaddr address, Access access) {
  const Side side = access.side;
  constexpr auto fill_or = [](bool filled, Fill otherwise) { return filled ? Fill::done : otherwise; };
  if (address - vcpu->arch.xsi < XEN_IA64_XSI_BYTES)
    return fill_or(fill_xsi(vcpu, address, side), Fill::no_memory);
  if (in_hole(address)) return Fill::no_memory;
  if (is_physical(vcpu, side)) return fill_or(fill_physical(vcpu, address, access), Fill::no_memory);
  const GuestTranslation* t = find(vcpu->arch, address, guest_rid(vcpu, address), side);
  if (t == nullptr) return Fill::no_translation;
  return fill_or(fill_from(vcpu, address, access, t->pte, physical_of(*t, address), machine_key(t->itir),
                           itir_shift(t->itir)),
                 Fill::no_memory);
}

void forget_page(Vcpu* vcpu, Vaddr address) {
  const Vaddr page = address & ~page_mask(kPageShift);
  vhpt_purge(vcpu, page, kPageShift);
  tlb_purge(page, kPageShift, false);
}

// Meanwhile another CPU may take the frame away, or the right to write it unseen: the P2M's entry or the
// mark, then drops + 1, then what is in the VHPT, then what TCs hold. Either it finds our entry there, or we
// find that it has been here: between our look and the insertion, maybe, so that table and TC may have it.
template <typename Insert>
void insert_unless_dropped(Vcpu* vcpu, Vaddr address, Insert insert) {
  const u64& drops = vcpu->domain->arch.drops;
  const u64 before = __atomic_load_n(&drops, __ATOMIC_ACQUIRE);
  const bool inserted = insert();
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  if (inserted && __atomic_load_n(&drops, __ATOMIC_RELAXED) != before) forget_page(vcpu, address);
}

/// What the table has for the address now may be written.
bool insert_dirty(Vcpu* vcpu, Vaddr address) {
  const u64 pte = vhpt_find(vcpu, address);
  u64 key;
  if (!(pte & kPteGuestDirty) || !vhpt_find_key(vcpu, address, key)) return false;
  log_dirty_may_write(vcpu->domain, (pte & kPtePpn) >> kPageShift, true);
  vhpt_insert(vcpu, address, Side::data, (pte & ~kPteGuestDirty) | kPteDirty, key, kPageShift);
  return true;
}

}  // namespace

Fill vtlb_fill(Vcpu* vcpu, Vaddr address, Access access) {
  ++vcpu->arch.counts.fills;
  Fill filled = Fill::done;
  insert_unless_dropped(vcpu, address, [&] {
    filled = fill(vcpu, address, access);
    return filled == Fill::done;
  });
  return filled;
}

bool vtlb_dirty_fault(Vcpu* vcpu, Vaddr address) {
  if (vcpu->domain->mm.log_dirty == nullptr) return false;
  const u64 pte = vhpt_find(vcpu, address);
  if ((pte & kPtePresent) && !(pte & (kPteDirty | kPteGuestDirty))) return false;
  // What the TC alone has, or has not yet, is forgotten: the next miss tells whose it is.
  if (pte & kPteGuestDirty)
    insert_unless_dropped(vcpu, address, [&] { return insert_dirty(vcpu, address); });
  else
    forget_page(vcpu, address);
  return true;
}

void vtlb_drop_begins(Domain* domain) { __atomic_add_fetch(&domain->arch.drops, 1, __ATOMIC_SEQ_CST); }

bool vtlb_insert(Vcpu* vcpu, Side side, u64 pte, u64 itir, Vaddr va) {
  const unsigned shift = itir_shift(itir);
  if (!itir_ok(itir) || !pte_ok(pte)) return false;
  if (in_hole(va)) return true;  // nothing is there for a guest
  const u64 rid = guest_rid(vcpu, va);
  vtlb_purge(vcpu, va, shift, false);
  GuestTranslation& last = side == Side::data ? vcpu->arch.dtc : vcpu->arch.itc;
  last = {pte, itir, va & ~page_mask(shift), rid, true};
  return true;
}

bool vtlb_insert_tr(Vcpu* vcpu, Side side, unsigned slot, u64 pte, u64 itir, Vaddr va) {
  const unsigned shift = itir_shift(itir);
  if (!itir_ok(itir) || slot >= kGuestTrs || !pte_ok(pte) || in_hole(va)) return false;
  GuestTranslation& t = side == Side::data ? vcpu->arch.dtr[slot] : vcpu->arch.itr[slot];
  if (t.valid && t.rid == guest_rid(vcpu, t.va)) vtlb_purge(vcpu, t.va, itir_shift(t.itir), false);
  vtlb_purge(vcpu, va, shift, false);
  t = {pte, itir, va & ~page_mask(shift), guest_rid(vcpu, va), true};
  return true;
}

void vtlb_purge_tr(Vcpu* vcpu, Side side, Vaddr va, unsigned shift) {
  for (GuestTranslation& t : side == Side::data ? vcpu->arch.dtr : vcpu->arch.itr)
    if (overlaps(t, va, shift, guest_rid(vcpu, va))) {
      t.valid = false;
      vtlb_purge(vcpu, t.va, itir_shift(t.itir), false);
    }
}

void vtlb_purge(Vcpu* vcpu, Vaddr va, unsigned shift, bool all_vcpus) {
  const u64 rid = guest_rid(vcpu, va);
  if (all_vcpus) vtlb_drop_begins(vcpu->domain);
  for (Vcpu* other : vcpu->domain->vcpu) {
    if (other == nullptr || (other != vcpu && !all_vcpus)) continue;
    if (overlaps(other->arch.dtc, va, shift, rid)) other->arch.dtc.valid = false;
    if (overlaps(other->arch.itc, va, shift, rid)) other->arch.itc.valid = false;
    vhpt_purge(other, va & ~page_mask(shift), shift);
  }
  const Vaddr start = va & ~page_mask(shift), last = start | page_mask(shift);
  if (last < HYPERVISOR_VIRT_START || start >= HYPERVISOR_VIRT_END) tlb_purge(start, shift, all_vcpus);
}

void vtlb_purge_all(Vcpu* vcpu) {
  vcpu->arch.dtc.valid = vcpu->arch.itc.valid = false;
  vhpt_flush(vcpu);
  flush_this_cpu();
}

Fill vtlb_translate(Vcpu* vcpu, Vaddr address, Side side, Paddr& guest_physical) {
  if (address - vcpu->arch.xsi < XEN_IA64_XSI_BYTES || in_hole(address)) return Fill::no_memory;
  if (is_physical(vcpu, side)) {
    guest_physical = address & ~(1ull << 63);
    return Fill::done;
  }
  const GuestTranslation* t = find(vcpu->arch, address, guest_rid(vcpu, address), side);
  if (t == nullptr) return Fill::no_translation;
  if (!(t->pte & kPtePresent)) return Fill::no_memory;
  if ((t->pte & kPteMa) == kPteMaNat) return Fill::nat_page;
  guest_physical = physical_of(*t, address);
  return Fill::done;
}

// What stands in the table has come from a translation that may be the last one no more.
bool vtlb_key(const Vcpu* vcpu, Vaddr address, u64& key) {
  if (address - vcpu->arch.xsi < XEN_IA64_XSI_BYTES || in_hole(address)) return false;
  const GuestTranslation* t = find(vcpu->arch, address, guest_rid(vcpu, address), Side::data);
  if (t != nullptr) {
    key = guest_key(machine_key(t->itir));
    return t->pte & kPtePresent;
  }
  if (is_physical(vcpu, Side::data) || !(vhpt_find(vcpu, address) & kPtePresent)) return false;
  u64 machine;
  if (!vhpt_find_key(vcpu, address, machine)) return false;
  key = guest_key(machine);
  return true;
}

}  // namespace hv
