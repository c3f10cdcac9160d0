// Memory: frames, heap, M2P, page typing, domain memory. (The memory half's header.)
//
// frame table: one xs_frame per MFN, virtually indexed by the raw MFN, backed only where there is RAM.
#pragma once
#include "hypervisor/common/boot.h"
#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/lock.h"
#include "hypervisor/common/p2m.h"
#include "hypervisor/common/pmt.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct Vcpu;

struct MemoryModel;
struct LogDirty;

/// One lock for everything that says who may use a frame and how: reference and type counts, domains' frame
/// lists, page-table contents, M2P. It is a leaf but for the flush and heap locks; held across a TLB flush (a
/// CPU that waits for it serves flush requests).
extern Spinlock mm_lock;

/// Holds mm_lock; on release lets go of domains whose last frame went away meanwhile.
class MmGuard {
 public:
  MmGuard();
  ~MmGuard();
  MmGuard(const MmGuard&) = delete;
  MmGuard& operator=(const MmGuard&) = delete;
};

/// For what a copy to or from a guest may lead into (filling a cached translation): the critical section may
/// have begun further up this CPU's call chain, between two steps of an operation.
class MmNestedGuard {
 public:
  MmNestedGuard();
  ~MmNestedGuard();
  MmNestedGuard(const MmNestedGuard&) = delete;
  MmNestedGuard& operator=(const MmNestedGuard&) = delete;

 private:
  bool outer_;
};

/// One entry as the BIOS's INT 15h E820h gives it.
struct __attribute__((packed)) E820Entry {
  u64 start, bytes;
  u32 type;
};

/// What a toolstack lets a domain see as its memory map.
struct MemoryMap {
  static constexpr u32 kMaxEntries = 32;
  u32 count = 0;
  E820Entry entries[kMaxEntries] = {};
};

/// Rings and bounce buffers of a few virtio devices (DomainMm::identity_first).
constexpr unsigned kDeviceFramesOrder = 6;

/// The memory half's part of a Domain. While it owns frames it holds one reference to the domain.
struct DomainMm {
  const MemoryModel* model = nullptr;
  FrameList frames;                 ///< all frames owned, the hypervisor's shared ones excepted
  u64 total_pages = 0;              ///< frames owned: frames.count
  u64 max_pages = 0;                ///< limit (mem-max)
  u64 shared_pages = 0;             ///< hypervisor frames shared with it, not in total_pages
  u64 claimed = 0;                  ///< frames set aside for it (XENMEM_claim_pages), not yet allocated
  MemoryMap* map = nullptr;         ///< under Domain::lock
  u64 pins = 0;                     ///< frames pinned as a type
  P2m p2m;                          ///< in models where the hypervisor holds it
  Pmt* pmt = nullptr;               ///< who reads it, and how
  LogDirty* log_dirty = nullptr;    ///< nullptr: off
  bool log_dirty_switches = false;  ///< ... and is about to be something else
  Gfn identity_first = 0;        ///< [first, first + count): frames whose GFN is their MFN, for devices' use
  u64 identity_count = 0;        ///< 0: none
  Domain* next_owner = nullptr;  ///< list of all domains that may own frames
  Domain* next_released = nullptr;  ///< list of domains to let go of at the end of the critical section,
  unsigned releases = 0;            ///< which may have lost its last frame so many times in it
};

// --- boot ----------------------------------------------------------------------------------------
/// Backs and fills frame table and M2P for all RAM, gives free RAM to the heap. After the final page tables
/// are up; takes early memory by boot_alloc().
void frame_table_init(BootMemory& memory);
/// Builds dom0 from module 0 and leaves it paused with VCPU 0 ready to run. Panics when it cannot.
void dom0_build(const BootMemory& memory);

// --- heap ----------------------------------------------------------------------------------------
/// Frames of the hypervisor's own (owner XS_OWNER_XEN); kInvalidMfn when none is left. Zeroed.
Mfn alloc_frame();
void free_frame(Mfn mfn);
/// 2^order frames, naturally aligned.
Mfn alloc_frames(unsigned order);
void free_frames(Mfn mfn, unsigned order);
u64 free_frame_count();
/// Small objects, zeroed; nullptr when memory is out.
void* allocate(size_t bytes);
void release(void* object);

template <typename T>
T* make() {
  void* memory = allocate(sizeof(T));
  return memory ? new (memory) T() : nullptr;
}

// --- addresses -----------------------------------------------------------------------------------
/// The direct map's address of a frame; both windows (observe.h, xs_layout).
void* frame_to_virt(Mfn mfn);
Mfn virt_to_frame(const void* address);

// --- domain life cycle ---------------------------------------------------------------------------
int mm_domain_init(Domain* domain);
/// A hypervisor frame that the domain may map (shared_info, grant table): type XS_FRAME_SHARED.
void share_frame_with_domain(Mfn mfn, Domain* domain);
/// The hypervisor's own use ends: the frame goes back to the heap when its last mapping has gone, at once if
/// none.
void unshare_frame(Mfn mfn);
/// One slice: 0 done, -kRestart more to do.
int mm_domain_relinquish(Domain* domain);
void mm_domain_destroy(Domain* domain);

/// Takes a reference and the writable type on the frame that the domain names `name`, so that the hypervisor
/// may keep it mapped (registered vcpu_info); false when the domain does not own it or its type forbids.
bool get_writable_frame(Domain* domain, u64 name, Mfn& mfn);
void put_writable_frame(Mfn mfn);

/// Flushes the TLBs of all CPUs and waits.
void arch_flush_tlb_everywhere();

/// Drops all that the domain's VCPUs have cached of its P2M, in CPUs and elsewhere, before a frame changes
/// hands.
void arch_translations_drop(Domain* domain);

// --- faults (called by arch) --------------------------------------------------
/// A guest's page fault: true when the memory half repaired it (a missing cached translation, an emulated
/// page-table write). Otherwise it is the guest's own, and `error_code` what the guest is to be told.
bool mm_handle_guest_fault(Vcpu* vcpu, Vaddr address, u32& error_code);
/// The hypervisor's own fault on an address of the running guest's: true when a missing cached translation
/// was all.
bool mm_handle_hypervisor_fault(Vcpu* vcpu, Vaddr address, u32 error_code);

// --- debug keys ---------------------------------------------------------------------------------------
void mm_dump();

}  // namespace hv

#if __STDC_HOSTED__  // unit tests
#include <new>
#else
inline void* operator new(size_t, void* place) noexcept { return place; }
#endif
