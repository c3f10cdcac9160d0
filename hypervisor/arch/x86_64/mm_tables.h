// Typed page tables of model `direct`: what an entry refers to, and changing entries of validated tables.
//
//   L4 --type L3--> L3 --type L2--> L2 --type L1--> L1 --reference, WRITABLE type if RW--> any own frame
//                                                      \-> foreign frames and device memory: privileged
//                                                      domains only
//
// Everything here runs under mm_lock. Recursion is at most four levels deep: a table refers only to lower
// types, and entries that lead back to their own or a higher level are refused (-XEN_EINVAL), so linear
// (self-mapping) tables do not exist.
#pragma once
#include "hypervisor/arch/x86_64/mm_pte.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

/// Whose frames a new L1 entry may name.
struct FrameSource {
  enum Kind { frames_of_domain, device_memory, hypervisor_tables } kind = frames_of_domain;
  Domain* domain = nullptr;
};

/// Takes what a present entry of a table of `table_owner` refers to. `pte` is adjusted to what may be
/// written: always user-accessible (the guest's kernel runs in ring 3 too), never global.
int entry_get(unsigned level, Pte& pte, Domain* table_owner, const FrameSource& source);
void entry_put(unsigned level, Pte pte, Domain* table_owner);

enum class AccessedDirty { replace, preserve };

/// Changes one entry of a validated table: new references first, then the entry, then the old references go.
/// -XEN_EINVAL, -XEN_EPERM: not allowed; nothing has changed.
int entry_update(Mfn table, unsigned level, unsigned slot, Pte pte, AccessedDirty mode, Domain* table_owner,
                 const FrameSource& source);

/// The same, provided that the entry still is `expected`; -XEN_EAGAIN when it is not.
int entry_exchange(Mfn table, unsigned level, unsigned slot, Pte expected, Pte pte, Domain* table_owner,
                   const FrameSource& source);

/// The domains that a page-table hypercall is about, by DOMID: the caller (DOMID_SELF), another one, or the
/// special DOMID_IO and DOMID_XEN; the latter three for privileged callers.
class FrameSourceRef {
 public:
  explicit FrameSourceRef(DomId id);
  int error() const { return error_; }
  const FrameSource& source() const { return source_; }
  Domain* domain() const { return source_.domain; }  ///< nullptr for the special ones

 private:
  DomainRef domain_;
  FrameSource source_;
  int error_ = 0;
};

/// Checks and repairs a page of segment descriptors; false when one of them is unsafe.
bool descriptor_page_is_safe(u64* descriptors);
/// True if the guest may load such a descriptor; adjusts its privilege level to the ring guests run in.
bool descriptor_make_safe(u64& descriptor);

}  // namespace hv
