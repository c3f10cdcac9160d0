// How a domain's idea of memory relates to machine frames: one object per model, chosen when the domain is
// made.
//
//                 who holds P2M       guest PTEs hold   decrease_reservation names
//   direct        the guest           MFNs              MFNs
//   translated    the hypervisor      GFNs              GFNs
//   identity      nobody (GFN = MFN)  MFNs              MFNs
//   dom0_pmt      hypervisor + dom0   GFNs              GFNs
//   nested        hardware tables     GFNs              GFNs
//
// Common code hands every operation whose meaning differs through this table and never asks which model it
// is, nor what shape the tables behind it have. All functions run under mm_lock.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

struct MemoryModel {
  xs_memory_model id;
  const char* name;
  /// Feature words of XENVER_get_features, submap 0.
  u32 features;

  int (*domain_init)(Domain* domain);
  /// The frame that `gfn` of a memory_op names, or kInvalidMfn.
  Mfn (*frame_of)(const Domain* domain, Gfn gfn);
  /// 2^order frames from `first`, already owned by the domain, become [gfn, gfn + 2^order).
  int (*populate)(Domain* domain, Gfn gfn, Mfn first, unsigned order);
  /// The domain gives up the frame named `gfn`. -XEN_EBUSY while it is still in use.
  int (*remove)(Domain* domain, Gfn gfn);
  /// XENMEM_add_to_physmap of hypervisor frame `mfn` at `gfn`.
  int (*map_shared)(Domain* domain, Gfn gfn, Mfn mfn);
  /// Gives back all frames; part of the domain's destruction, no VCPU runs. -kRestart: call again.
  int (*relinquish)(Domain* domain);
};

/// nullptr when this build has no such model.
const MemoryModel* memory_model(xs_memory_model id);
const char* memory_model_name(xs_memory_model id);

/// Models of this architecture, ended by nullptr.
extern const MemoryModel* const arch_memory_models[];

}  // namespace hv
