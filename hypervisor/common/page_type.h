// What a frame is used as. Everything here runs under mm_lock.
//
//   type_info: type | PINNED | VALIDATED | references
//
//   A frame has one type at a time; it changes only at type count 0, after a flush of whatever stale
//   translation may still use the frame by its old type (a CPU that could still write to a page table, or
//   still walks through a former one, would undo the validation). The first reference to a table type
//   validates the contents, which takes references on what the table names; the last one drops them.
#pragma once
#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

/// One more use of the frame as `type`. A hypervisor page shared with the domain may be mapped writable as it
/// is. -XEN_EINVAL: in use as another type, or its contents are not valid; -XEN_E* of the validation.
int type_get(Mfn mfn, xs_frame_type type, Domain* domain);
void type_put(Mfn mfn, Domain* domain);

/// A mapping of the frame ends without a flush, which a change of owner or type must then make up for.
void frame_mapping_ends(Mfn mfn);

/// frame_get() and type_get() together.
int frame_and_type_get(Mfn mfn, xs_frame_type type, Domain* domain);
void frame_and_type_put(Mfn mfn, Domain* domain);

/// Pin: one type reference and one frame reference that last until unpin, at most once per frame.
int type_pin(Mfn mfn, xs_frame_type type, Domain* domain);
int type_unpin(Mfn mfn, Domain* domain);

// --- per architecture ---------------------------------------------------------------------------------
/// Checks a frame that is about to be a table (or descriptor page) and takes references on what it names; on
/// failure none are left. Types WRITABLE and SHARED never come here.
int arch_validate_type(Mfn mfn, xs_frame_type type, Domain* domain);
void arch_invalidate_type(Mfn mfn, xs_frame_type type, Domain* domain);

}  // namespace hv
