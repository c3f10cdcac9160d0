// Grant tables, version 1 (<xen/grant_table.h>): a domain lets another one use single frames of its own.
//
//   granter                                                   user
//   shared[p] -> page of 512 entries {flags, domid, frame}    mapping[h] {granter, ref, flags}
//     |  the guest writes what it allows,                       | handle h: one per GNTTABOP_map_grant_ref
//     |  GTF_reading and GTF_writing are written here           |
//   active[p] -> 512 times {mfn, readers, writers}  <-----------'
//        what is in use: the frame stays what it was at the first use, whatever the guest writes then
//
// A use is announced in the entry (compare-exchange against the guest, which may withdraw it at any time),
// counted in `active`, and holds general and type references on the frame. Whoever shows the frame (a page
// table entry, a P2M entry, or with XS_GRANT_HELD the grant itself) has these references. Pages are made when
// first asked for. Everything is under mm_lock; a mapping holds a reference on the granter.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

constexpr unsigned kGrantsPerPage = kPageSize / sizeof(grant_entry_v1_t);
constexpr unsigned kMostGrantPages = 32;    ///< 16,384 grants
constexpr unsigned kMostMappingPages = 64;  ///< of a page of mappings each
constexpr unsigned kReservedGrants = GNTTAB_NR_RESERVED_ENTRIES;

/// A grant in use.
struct ActiveGrant {
  Mfn mfn = 0;
  u32 readers = 0, writers = 0;  ///< uses; both 0: not in use
};

/// A mapping that a domain has made, by its handle.
struct GrantMapping {
  Domain* granter = nullptr;  ///< nullptr: free
  u32 ref = 0;
  u32 flags = 0;  ///< GNTMAP_*; 0 of a free one, whose `ref` is then the next free handle
};
constexpr unsigned kMappingsPerPage = kPageSize / sizeof(GrantMapping);

struct DomainGrants {
  unsigned page_limit = kMostGrantPages, mapping_page_limit = kMostMappingPages;
  unsigned pages = 0;
  grant_entry_v1_t* shared[kMostGrantPages] = {};  ///< nullptr once the domain is killed
  ActiveGrant* active[kMostGrantPages] = {};
  unsigned mapping_pages = 0;
  GrantMapping* mapping[kMostMappingPages] = {};
  u32 free_handle = ~0u;  ///< first of the free handles, ~0: none
  u64 mappings = 0;       ///< in use
  u32 released = 0;       ///< handles below are done with: the domain is being destroyed
};

/// What a MemoryModel is told of a mapping to make or to end.
struct GrantPlace {
  u64 address;  ///< as the caller gave it; a model may answer with another one
  u32 flags;    ///< GNTMAP_*
};

// --- life cycle -----------------------------------------------------------------------------------------
/// One slice: ends what a dying domain has mapped. 0 or -kRestart.
int grants_release_mappings(Domain* domain);
/// The tables' pages go back; others may still use what was granted.
void grants_unshare(Domain* domain);
/// The rest, with the domain's structure.
void grants_destroy(Domain* domain);

/// XENMEM_add_to_physmap, space grant_table: the frame of page `index`, made if need be; kInvalidMfn: none.
Mfn grant_table_frame(Domain* domain, u64 index);
/// fn(user, mfn, writable) of each part of a mapping that the domain has; under mm_lock.
void grants_for_each_mapped(const Domain* user, void (*fn)(const Domain*, Mfn, bool));
/// fn(mfn) of each frame that others use for writing by grants of the domain's; under mm_lock.
void grants_for_each_written(const Domain* granter, void (*fn)(Mfn));
/// Model identity: does the domain map the frame by a grant (for writing)?
bool grant_shows(const Domain* domain, Mfn mfn, bool writable);

// --- uses, under mm_lock ----------------------------------------------------------------------------------
bool grant_exists(const Domain* granter, u32 ref);
/// nullptr: the granter is killed, its table is gone. `ref` exists.
grant_entry_v1_t* grant_entry(const Domain* granter, u32 ref);
ActiveGrant& grant_active(const Domain* granter, u32 ref);
enum class GrantUse : u8 { read, write };
/// Announces and counts one more use of `ref` by `user`, and takes the references. A GNTST_*.
int grant_begin(Domain* granter, u32 ref, const Domain* user, GrantUse use, Mfn& mfn);
/// One use less. The caller has let go of the references, and no CPU can reach the frame by it any more.
void grant_end(Domain* granter, u32 ref, GrantUse use);

/// The entry, if it accepts a frame from `giver` and has these flags besides; from here on the receiver must
/// leave it alone until one of the two below. nullptr: it does not.
grant_entry_v1_t* grant_accepts(Domain* receiver, u32 ref, const Domain* giver, u16 more_flags);
void grant_accepts_no_more(grant_entry_v1_t* entry);
/// It is told which frame it has got, where it may know.
void grant_completed(grant_entry_v1_t* entry, const Domain* receiver, Mfn mfn);
/// An entry of the domain's can say so.
bool grant_can_name(const Domain* domain, Mfn mfn);

void grant_put_references(Mfn mfn, bool writable);

/// XS_MARK_GRANT; `flags` are XS_GRANT_*.
void mark_grant(const Domain* granter, const Domain* user, u32 ref, Mfn mfn, xs_grant_use use, u64 flags);

// --- sub-operations, each of one element of the guest's list; they answer in its `status` ----------------
void grant_map(gnttab_map_grant_ref& op);
void grant_transfer(gnttab_transfer& op);
void grant_copy(gnttab_copy& op);
/// XS_GNTTABOP_donate or _exchange: up to kMoveBatch frames, with one flush of each domain.
constexpr unsigned kMoveBatch = 32;
void grant_move_batch(gnttab_transfer* ops, unsigned count, bool exchange);
/// Up to kUnmapBatch mappings end together, with one flush.
constexpr unsigned kUnmapBatch = 32;
void grant_unmap_batch(gnttab_unmap_grant_ref* ops, unsigned count);
void grant_unmap_and_replace(gnttab_unmap_and_replace& op);

}  // namespace hv
