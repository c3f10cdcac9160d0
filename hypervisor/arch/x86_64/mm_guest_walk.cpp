#include "hypervisor/arch/x86_64/mm_guest_walk.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/p2m.h"

namespace hv {

namespace {
constexpr unsigned kLargestPageLevel = 3;

bool fault(u32& access, u32 bits) {
  access = (access & (kFaultWrite | kFaultFetch)) | bits;
  return false;
}

void set_bits(Pte* entry, Pte& seen, Pte bits) {
  if ((seen & bits) == bits) return;
  seen = __atomic_or_fetch(entry, bits, __ATOMIC_RELAXED);
  log_dirty_mark(virt_to_frame(entry));
}

struct Step {
  Pte* entry;
  Pte pte;
  bool may_mark;  ///< accessed and dirty bits can be stored: the table is no read-only foreign page
};
}  // namespace

bool guest_walk(const Domain* domain, Gfn root, Vaddr va, u32& access, GuestTranslation& out) {
  Step steps[kTopLevel];
  Gfn table = root;
  unsigned level = kTopLevel, count = 0;
  out = {};
  for (;; level--) {
    const u64 backing = domain->mm.model->backing(domain, table);
    if (!(backing & XS_P2M_PRESENT)) return fault(access, 0);
    Step& step = steps[count++];
    step.entry = table_at(p2m_entry_mfn(backing)) + table_slot(va, level);
    step.pte = __atomic_load_n(step.entry, __ATOMIC_RELAXED);
    step.may_mark = backing & XS_P2M_WRITABLE;
    if (!(step.pte & kPtePresent)) return fault(access, 0);
    if (!(step.pte & kPteWritable)) out.writable = false;
    if (step.pte & kPteNoExecute) out.executable = false;
    const bool large = level > 1 && (step.pte & kPteLarge);
    if (large && level > kLargestPageLevel) return fault(access, kFaultPresent | kFaultReserved);
    out.level = level;
    if (level == 1 || large) break;
    table = pte_mfn(step.pte);
  }
  if (((access & kFaultWrite) && !out.writable) || ((access & kFaultFetch) && !out.executable))
    return fault(access, kFaultPresent);
  for (unsigned i = 0; i < count; i++)
    if (steps[i].may_mark)
      set_bits(steps[i].entry, steps[i].pte,
               kPteAccessed | (i + 1 == count && (access & kFaultWrite) ? kPteDirty : 0));
  out.leaf = steps[count - 1].pte;
  const u64 inside = entry_span(level) - 1;
  out.gfn = ((out.leaf & kPteAddress & ~inside) | (va & inside)) >> kPageShift;
  return true;
}

}  // namespace hv
