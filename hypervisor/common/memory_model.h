// How a domain's idea of memory relates to machine frames: one object per model, chosen when the domain is
// made.
//
//                 who holds P2M   who reads it   guest PTEs hold   decrease_reservation names
//   direct        the guest       the guest      MFNs              MFNs
//   translated    the hypervisor  nobody         GFNs              GFNs
//   dom0_pmt      the hypervisor  dom0           GFNs              GFNs
//   exposed       the hypervisor  the guest      GFNs              GFNs
//   identity      nobody (GFN = MFN)             MFNs              MFNs
//   nested        hardware tables nobody         GFNs              GFNs
//
// Common code hands every operation whose meaning differs through this table and never asks which model it
// is, nor what shape the tables behind it have. All functions run under mm_lock.
//
// A frame's *name* is the number by which hypercalls on a domain's frames call it: its MFN, or in models that
// hide MFNs its GFN.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct GrantPlace;

/// Who may read the P2M that the hypervisor holds for a domain (pmt.h).
enum class P2mReader : u8 { nobody, privileged, itself };

struct MemoryModel {
  xs_memory_model id;
  const char* name;
  /// Feature words of XENVER_get_features, submap 0.
  u32 features;

  /// Names are GFNs: the hypervisor holds the P2M, no machine address is the domain's to know, and its page
  /// tables are its own business.
  bool hides_mfns;

  /// Its page tables, where there are any, are plain memory of the domain's: the processor does not walk
  /// them, but what the hypervisor makes of them.
  bool plain_tables;

  P2mReader p2m_reader;

  /// A GFN is its MFN: memory lies where the machine has it, with holes.
  bool names_stay;

  int (*domain_init)(Domain* domain);
  /// The frame of that name, or kInvalidMfn. Whose frame it is remains to be checked.
  Mfn (*frame_of)(const Domain* domain, u64 name);
  /// The name of one of the domain's frames, or XS_M2P_INVALID.
  u64 (*name_of)(const Domain* domain, Mfn mfn);
  /// What a translation of `gfn`, or of what an entry of the domain's tables names, may use, as an entry of a
  /// P2M (MFN, WRITABLE); without PRESENT: nothing.
  u64 (*backing)(const Domain* domain, Gfn gfn);
  /// 2^order frames from `first`, already owned by the domain, become [gfn, gfn + 2^order).
  int (*populate)(Domain* domain, Gfn gfn, Mfn first, unsigned order);
  /// The domain gives up the frame named `gfn`. -XEN_EBUSY while it is still in use.
  int (*remove)(Domain* domain, Gfn gfn);
  /// XENMEM_add_to_physmap of hypervisor frame `mfn` at `gfn`.
  int (*map_shared)(Domain* domain, Gfn gfn, Mfn mfn);
  /// XENMEM_add_to_physmap_batch, gmfn_foreign: the frame that `owner` names `name` appears at `gfn`, which
  /// is changed to where it is when names stay; -XEN_EEXIST then when it is there already.
  int (*map_foreign)(Domain* domain, Gfn& gfn, Domain* owner, u64 name);
  /// XENMEM_remove_from_physmap of what the two above have mapped.
  int (*unmap)(Domain* domain, Gfn gfn);
  /// A granted frame appears at place.address, which may be changed to where it is. What shows it takes over
  /// one general and, if writable, one type reference. A GNTST_*.
  int (*grant_map)(Domain* domain, GrantPlace& place, Mfn mfn);
  /// It is shown there no more, but CPUs may know it until grant_flush. `writable`: as it was; whoever calls
  /// lets go of the references then. A GNTST_*.
  int (*grant_unmap)(Domain* domain, const GrantPlace& place, Mfn mfn, bool& writable);
  /// What is shown at `from` is shown at place.address instead of the granted frame.
  int (*grant_replace)(Domain* domain, const GrantPlace& place, u64 from, Mfn mfn, bool& writable);
  void (*grant_flush)(Domain* domain);
  /// The page of a device's registers, which is the domain's no more, is shown to it no more; CPUs may know
  /// it.
  void (*hide_device)(Domain* domain, Mfn mfn);
  /// A frame that nothing refers to leaves the domain, which keeps its reference for whoever calls. A
  /// GNTST_*.
  int (*steal)(Domain* domain, u64 name, Mfn& mfn);
  /// A frame that has become the domain's is its GFN from now on, in models that know of it. A GNTST_*.
  int (*accept)(Domain* domain, Gfn gfn, Mfn mfn);
  /// Like steal, but nothing takes the frame's place, CPUs may know it there until arch_translations_drop,
  /// and `gfn` says which place that is (XS_M2P_INVALID: the model does not know).
  int (*take_out)(Domain* domain, u64 name, Mfn& mfn, Gfn& gfn);
  /// A frame that has become the domain's, or has stayed it, is at the place from which one was taken out.
  void (*put_in)(Domain* domain, Gfn gfn, Mfn mfn);
  /// Gives back all frames; part of the domain's destruction, no VCPU runs. -kRestart: call again.
  int (*relinquish)(Domain* domain);
};

/// nullptr when this build has no such model.
const MemoryModel* memory_model(xs_memory_model id);
const char* memory_model_name(xs_memory_model id);
/// The model of that name; false when there is none of it here.
bool memory_model_by_name(const char* name, xs_memory_model& id);

/// What `translated` is on the architecture, and somebody reads the P2M.
constexpr MemoryModel with_reader(MemoryModel translated, xs_memory_model id, const char* name,
                                  P2mReader reader) {
  translated.id = id;
  translated.name = name;
  translated.p2m_reader = reader;
  return translated;
}

/// Models of this architecture, dom0's usual one first, ended by nullptr.
extern const MemoryModel* const arch_memory_models[];

}  // namespace hv
