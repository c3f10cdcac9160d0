// The reference counts, worked out a second time: from the contents of valid tables, pins, and VCPUs' state.
#include <cstdio>
#include <map>

#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/common/percpu.h"
#include "machine.h"

namespace hvtest {

namespace {
struct Uses {
  u64 references = 0, types = 0;
  xs_frame_type type = XS_FRAME_NONE;
};

struct Recount {
  std::map<Mfn, Uses> uses;
  std::map<std::pair<u64, u64>, Mfn> told;  // marks not yet accounted for
  std::string broken;

  void use(Mfn mfn, xs_frame_type type) {
    Uses& u = uses[mfn];
    u.references++;
    if (type == XS_FRAME_NONE) return;
    if (type == XS_FRAME_WRITABLE && type_of(frame_type_info(mfn)) == XS_FRAME_SHARED) type = XS_FRAME_SHARED;
    if (u.types != 0 && u.type != type) broken = text("two types at once", mfn);
    u.type = type;
    u.types++;
  }

  void table(Mfn mfn, unsigned level) {
    for (unsigned slot = 0; slot < kTableEntries; slot++) {
      const Pte pte = words(mfn)[slot];
      if (!(pte & kPtePresent) || (level == kTopLevel && is_hypervisor_slot(slot)) ||
          !frame_is_ram(pte_mfn(pte)))
        continue;
      if (level > 1)
        use(pte_mfn(pte), table_type(level - 1));
      else
        use(pte_mfn(pte), pte & kPteWritable ? XS_FRAME_WRITABLE : XS_FRAME_NONE);
    }
  }

  void named(const Vcpu& v, xs_kept what, unsigned page, Mfn mfn, xs_frame_type type) {
    use(mfn, type);
    const auto mark = told.find({u64{v.domain->id} << 16 | v.id, u64{what} << 32 | page});
    if (mark == told.end() || mark->second != mfn) {
      broken = text("no mark tells that a VCPU names it", mfn);
      return;
    }
    told.erase(mark);
  }

  void vcpu(const Vcpu& v) {
    if (v.arch.kernel_table != kInvalidMfn)
      named(v, XS_KEPT_KERNEL_TABLE, 0, v.arch.kernel_table, XS_FRAME_L4);
    if (v.arch.user_table != kInvalidMfn) named(v, XS_KEPT_USER_TABLE, 0, v.arch.user_table, XS_FRAME_L4);
    for (unsigned i = 0; i < (v.arch.gdt_entries + 511) / 512; i++)
      named(v, XS_KEPT_GDT, i, v.arch.gdt_frames[i], XS_FRAME_SEGDESC);
    for (unsigned i = 0; i < 16; i++)
      if (v.arch.ldt_frames[i] != 0) named(v, XS_KEPT_LDT, i, v.arch.ldt_frames[i], XS_FRAME_SEGDESC);
  }

  // Other domains' frames in a P2M that the hypervisor holds.
  void p2m(const Domain& domain) {
    u64 entry;
    for (Gfn gfn = 0; p2m_next(domain.mm.p2m, gfn, entry); gfn++)
      if (entry & XS_P2M_FOREIGN)
        use(p2m_entry_mfn(entry), entry & XS_P2M_WRITABLE ? XS_FRAME_WRITABLE : XS_FRAME_NONE);
  }

  void all_vcpus() {
    told = kept;
    for (const Domain* d = first_owner(); d != nullptr; d = d->mm.next_owner)
      for (const Vcpu* v : d->vcpu)
        if (v != nullptr) vcpu(*v);
    if (!told.empty()) broken = text("a mark tells of a use that is over", told.begin()->second);
  }

  static std::string text(const char* what, Mfn mfn) {
    char buffer[160];
    snprintf(buffer, sizeof buffer, "%s: frame %llx count %llx type %llx owner %x", what,
             static_cast<unsigned long long>(mfn), static_cast<unsigned long long>(frame_count_info(mfn)),
             static_cast<unsigned long long>(frame_type_info(mfn)), frame_owner(mfn));
    return buffer;
  }

  void own_uses(Mfn mfn) {
    const u64 info = frame_type_info(mfn);
    if (frame_count_info(mfn) & XS_COUNT_ALLOCATED)
      use(mfn, type_of(info) == XS_FRAME_SHARED ? XS_FRAME_SHARED : XS_FRAME_NONE);
    if (info & XS_TYPE_PINNED) use(mfn, type_of(info));
    if (is_table_type(type_of(info)) && (info & XS_TYPE_VALIDATED) && (info & XS_TYPE_COUNT))
      table(mfn, type_of(info));
  }

  void compare(Mfn mfn) {
    const Uses& u = uses[mfn];
    if (u.references != refs(mfn)) broken = text("references differ", mfn);
    if (u.types != type_refs(mfn)) broken = text("type references differ", mfn);
    if (u.types != 0 && u.type != type_of(frame_type_info(mfn))) broken = text("type differs", mfn);
  }
};

template <typename Visit>
void all_frames(Visit visit) {
  for (unsigned i = 0; i < ram_region_count(); i++)
    for (u64 n = 0; n < ram_region(i).count; n++) visit(ram_region(i).first + n);
}
}  // namespace

std::string broken_reference() {
  Recount r;
  all_frames([&](Mfn mfn) { r.own_uses(mfn); });
  r.all_vcpus();
  for (const auto& [frame, times] : held)
    for (u64 i = 0; i < times; i++) r.use(frame.first, frame.second ? XS_FRAME_WRITABLE : XS_FRAME_NONE);
  for (const Domain* d = first_owner(); d != nullptr; d = d->mm.next_owner) r.p2m(*d);
  all_frames([&](Mfn mfn) { r.compare(mfn); });
  return r.broken;
}

}  // namespace hvtest
