// Page faults on guests' addresses. Model by model: a miss in the shadow tables is filled; a guest kernel's
// write fault on a read-only mapping of one of its own L1 tables is checked and made as mmu_update would, for
// guests that enabled VMASST_TYPE_writable_pagetables.
#include "hypervisor/arch/x86_64/cpu.h"
#include "hypervisor/arch/x86_64/mm_guest_walk.h"
#include "hypervisor/arch/x86_64/mm_pt_write.h"
#include "hypervisor/arch/x86_64/mm_shadow.h"
#include "hypervisor/arch/x86_64/mm_tables.h"
#include "hypervisor/arch/x86_64/mm_vcpu.h"
#include "hypervisor/common/guest_access.h"

namespace hv {

namespace {
constexpr unsigned kLongestInstruction = 15;

// The table that `va` maps read-only, or kInvalidMfn.
Mfn mapped_l1_table(const Vcpu* vcpu, Vaddr va) {
  EntryPlace place;
  if (!find_l1_entry(vcpu->arch.kernel_table, va, place)) return kInvalidMfn;
  const Pte pte = table_at(place.table)[place.slot];
  const Mfn mfn = pte_mfn(pte);
  if (!(pte & kPtePresent) || (pte & kPteWritable) || !frame_is_ram(mfn)) return kInvalidMfn;
  const u64 info = frame_type_info(mfn);
  const bool is_own_table =
      frame_owner(mfn) == vcpu->domain->id && type_of(info) == XS_FRAME_L1 && (info & XS_TYPE_COUNT) != 0;
  return is_own_table ? mfn : kInvalidMfn;
}

unsigned fetch(Vaddr rip, u8* bytes) {
  unsigned length = kLongestInstruction;
  const unsigned to_page_end = static_cast<unsigned>(kPageSize - rip % kPageSize);
  if (copy_from_guest(bytes, rip, length)) return length;
  length = min_of(length, to_page_end);
  return copy_from_guest(bytes, rip, length) ? length : 0;
}

bool emulate_table_write(Vcpu* vcpu, Vaddr va, u32 error_code) {
  constexpr u32 kind = kFaultPresent | kFaultWrite | kFaultFetch;
  const bool enabled = vcpu->domain->vm_assist >> VMASST_TYPE_writable_pagetables & 1;
  if (!enabled || !vcpu->arch.kernel_mode || (error_code & kind) != (kFaultPresent | kFaultWrite))
    return false;
  if (!is_guest_address(va) || va % sizeof(Pte) != 0) return false;
  u8 bytes[kLongestInstruction];
  const unsigned length = fetch(vcpu->arch.regs.rip, bytes);
  MmGuard guard;
  const Mfn table = mapped_l1_table(vcpu, va);
  if (table == kInvalidMfn) return false;
  const unsigned slot = static_cast<unsigned>(va % kPageSize / sizeof(Pte));
  for (;;) {
    const Pte old = __atomic_load_n(table_at(table) + slot, __ATOMIC_RELAXED);
    Registers regs = vcpu->arch.regs;
    PtWrite write;
    if (!pt_write_execute(bytes, length, old, regs, write)) return false;
    const FrameSource own{FrameSource::frames_of_domain, vcpu->domain};
    const int rc = write.writes ? entry_exchange(table, 1, slot, old, write.value, vcpu->domain, own) : 0;
    if (rc == -XEN_EAGAIN) continue;  // a walk on another CPU has set A or D meanwhile
    if (rc != 0) return false;
    vcpu->arch.regs = regs;
    return true;
  }
}
}  // namespace

bool mm_handle_guest_fault(Vcpu* vcpu, Vaddr va, u32& error_code) {
  const bool shadowed = shadows_in_use(vcpu->domain);
  if (shadowed && shadow_fill(vcpu, vcpu->arch.kernel_mode, va, error_code)) return true;
  if (vcpu->domain->mm.model->plain_tables) return false;
  return emulate_table_write(vcpu, va, error_code);
}

bool mm_handle_hypervisor_fault(Vcpu* vcpu, Vaddr va, u32 error_code) {
  if (is_idle(vcpu) || !shadows_in_use(vcpu->domain)) return false;
  // Copies to the guest's kernel are made in its address space while the VCPU is in user mode: what is loaded
  // counts.
  const u64 loaded = read_cr3();
  const bool kernel_mode = loaded == arch_address_space(vcpu, true);
  if (!kernel_mode && loaded != arch_address_space(vcpu, false)) return false;
  return shadow_fill(vcpu, kernel_mode, va, error_code);
}

}  // namespace hv
