// Log-dirty: which pages of a domain have been written since somebody asked last, for who copies its memory
// while it runs.
//
//   store of the guest's  --[its cached translation has no right to write]--> fault --> mark, then the right
//   store of ours         ------------------------------------------------------------> mark
//   others' mappings      ----------------[at each report, and when they end]---------> mark
//
//   CLEAN:  copy a group of bits, clear them, drop all cached translations; then nothing may write unmarked
//
// A bit stands for a GFN, in model `direct` for the PFN that the M2P tells: a frame that has none is not told
// of. A frame is cached for writing only while its bit is set, so a bit that is set costs nothing more. What
// comes to a GFN, or leaves it, marks it (m2p_set): content that was never there is dirty, and who copies has
// to learn that there is nothing any more.
//
// Others who may write: domains that have frames mapped, by grants for writing or otherwise, and the
// hypervisor in a registered vcpu_info. Their stores are not seen, so each of these frames counts as written
// as long as that lasts. Devices that the domain has would be one more: it cannot have any (-XEN_EBUSY).
//
// mm_lock guards the bits, and is held over a mark and the store that it is for.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct LogDirty;  ///< of a domain; DomainMm::log_dirty is nullptr while it is off

/// Domains that it is on for: what every store asks first.
extern unsigned log_dirty_domains;

/// The hypervisor writes, or has written, this frame, whosever it is.
void log_dirty_mark_frame(Mfn mfn);
inline void log_dirty_mark(Mfn mfn) {
  if (log_dirty_domains != 0) log_dirty_mark_frame(mfn);
}
/// The M2P's entry of the frame is about to become `gfn`.
void log_dirty_place_changes(Mfn mfn, Gfn gfn);

/// Log-dirty is on for the domain: may a translation that is made now let it write this frame of its own?
/// `writes`: it is about to, which marks it.
bool log_dirty_may_write(const Domain* domain, Mfn mfn, bool writes);

/// An entry of another domain's, by which it may write the frame, begins or ends: in its page tables
/// (`direct`) or its P2M. Counted in the frame table whether log-dirty is on or off.
void foreign_writer_begins(Mfn mfn);
void foreign_writer_ends(Mfn mfn);

/// XEN_DOMCTL_shadow_op but for the allocation: OFF, ENABLE_LOGDIRTY, CLEAN, PEEK. -XEN_EOPNOTSUPP: another.
long log_dirty_op(Domain* domain, xen_domctl_shadow_op& op);
/// The domain dies. mm_lock is held.
void log_dirty_domain_ends(Domain* domain);

/// Makes what the domain's model needs so that stores of its own are noticed, while it runs; then, when
/// nothing of it does, it is used. 0 or -XEN_ENOMEM; then, and in the end, it goes, while nothing runs.
int arch_log_dirty_prepare(Domain* domain);
int arch_log_dirty_begin(Domain* domain);
void arch_log_dirty_end(Domain* domain);

}  // namespace hv
