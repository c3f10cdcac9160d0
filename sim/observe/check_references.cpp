// Counts match uses; what page tables name may be named.
//
//     type references    = pin + table entries of that sort + VCPU slots + the hypervisor's own use of a
//     shared page general references = the owner's own + pin + table entries + VCPU slots
//     grants in use that no entry shows count besides
#include <fmt/format.h>

#include "sim/observe/invariant_checker.h"
#include "sim/observe/names.h"

namespace xs::observe {
namespace {

/// What a VCPU's slot asks of the frame that it names.
bool type_fits(xs_kept what, unsigned type) {
  switch (what) {
    case XS_KEPT_KERNEL_TABLE:
    case XS_KEPT_USER_TABLE:
      return type == XS_FRAME_L4;
    case XS_KEPT_GDT:
    case XS_KEPT_LDT:
      return type == XS_FRAME_SEGDESC;
    default:
      return type == XS_FRAME_WRITABLE || type == XS_FRAME_SHARED;
  }
}

std::string slot_name(const KeptSlot& slot) {
  static constexpr const char* names[] = {"kernel page table", "user page table", "GDT page", "LDT page",
                                          "vcpu_info"};
  const bool paged = slot.what == XS_KEPT_GDT || slot.what == XS_KEPT_LDT;
  return paged ? fmt::format("{} {}", names[slot.what], slot.page) : names[slot.what];
}

}  // namespace

void InvariantChecker::check_references() {
  const auto type_refs = [&](u32 i) { return o_.counts_[i].type_info & XS_TYPE_COUNT; };
  references_.walk(type_refs, [&](const TableEntry& e) { check_entry(e); });
  count_foreign_entries();
  count_held_grants();
  report_.tables_walked = references_.tables();
  report_.references_counted = references_.references();
  check_kept();
  for (u32 i = 0; i < frames(); ++i)
    if (is_domain(s_.frame(i).owner) && !counts_move(i)) check_counts(i);
}

void InvariantChecker::check_entry(const TableEntry& e) {
  const u32 target = s_.ram().index(e.target_mfn);
  if (target == RamMap::none || in_motion(e.table_owner)) return;
  const FrameView f = o_.frame_view(target);
  const auto where = [&] {
    return fmt::format("slot {} of L{} table {:#x} of {}", e.slot, e.level, e.table_mfn,
                       label(e.table_owner));
  };
  if (f.owner == XS_OWNER_FREE)
    return violate(Invariant::free_frame, f.mfn,
                   fmt::format("free frame {:#x} is named by {}", f.mfn, where()));
  if (e.level > 1) return;
  const bool own = f.owner == e.table_owner, privileged = e.table_owner == 0;
  if (!own && !privileged && exceeds_grants(e.table_owner, target, e.writable)) {
    const GrantInUse granted = s_.grants().of_user(e.table_owner, f.mfn, f.owner);
    violate(
        Invariant::foreign_map, f.mfn,
        fmt::format("frame {:#x} of {} is mapped {}by {}{}", f.mfn, label(f.owner),
                    granted.all() != 0 && e.writable ? "writable " : "", where(),
                    granted.all() == 0 ? "" : ", which is more than by grants: " + mappings_text(granted)));
  }
  const bool guarded =
      f.owner == XS_OWNER_XEN || (f.type_count != 0 && f.type >= XS_FRAME_L1 && f.type <= XS_FRAME_SEGDESC);
  if (e.writable && guarded)
    violate(Invariant::writable_table, f.mfn,
            fmt::format("frame {:#x} of {}, type {}, is mapped writable by {}", f.mfn, label(f.owner),
                        frame_type_name(f.type), where()));
}

// What VCPUs name outside of tables, as the hypervisor tells it by marks.
void InvariantChecker::check_kept() {
  for (const auto& [slot, mfn] : o_.kept) {
    const u32 index = s_.ram().index(mfn);
    if (index != RamMap::none) ++kept_[index];
    if (!in_motion(dv_domid(slot.dv))) check_kept_frame(slot, mfn);
  }
}

void InvariantChecker::check_kept_frame(const KeptSlot& slot, u64 mfn) {
  const u32 domid = dv_domid(slot.dv);
  const auto who = [&] {
    return fmt::format("{} of {} vcpu{}", slot_name(slot), label(domid), dv_vcpu(slot.dv));
  };
  const auto frame = o_.frame(mfn);
  if (!frame)
    violate(Invariant::type_count, mfn, fmt::format("{} is frame {:#x}, which is not RAM", who(), mfn));
  else if (frame->owner != domid)
    violate(Invariant::type_count, mfn,
            fmt::format("{} is frame {:#x}, which {} owns", who(), mfn, label(frame->owner)));
  else if (!type_fits(slot.what, frame->type))
    violate(Invariant::type_count, mfn,
            fmt::format("{} is frame {:#x}, which has type {}", who(), mfn, frame_type_name(frame->type)));
}

void InvariantChecker::check_counts(u32 index) {
  const FrameView f = o_.frame_view(index);
  const References& r = references_.at(index);
  const auto found = kept_.find(index);
  const u64 kept = found == kept_.end() ? 0 : found->second;
  // A shared page's own reference is the hypervisor's use of it, until the hypervisor gives the page up.
  const u64 own_use = f.type == XS_FRAME_SHARED && f.allocated ? 1 : 0;
  const u64 type = own_use + f.pinned + r.type + kept;
  const u64 general = f.allocated + f.pinned + r.general + kept;
  if (f.type == XS_FRAME_NONE && f.type_count != 0)
    return violate(Invariant::type_count, f.mfn,
                   fmt::format("frame {:#x} of {} has {} type references without a type", f.mfn,
                               label(f.owner), f.type_count));
  if (f.type_count != type)
    return violate(Invariant::type_count, f.mfn,
                   fmt::format("frame {:#x} of {}, type {}, has {} type references, but {} uses are found",
                               f.mfn, label(f.owner), frame_type_name(f.type), f.type_count, type));
  if (f.general_count != general)
    violate(Invariant::type_count, f.mfn,
            fmt::format("frame {:#x} of {} has {} general references, but {} uses are found", f.mfn,
                        label(f.owner), f.general_count, general));
}

}  // namespace xs::observe
