// A moving domain's frames: the numbers that its stream has (its own, PFNs), and those by which the
// hypervisor knows them.
//
//   plain     they are the same: GFNs. Nothing in the domain's memory or registers says otherwise
//   direct    MFNs, in its page tables, its P2M, its registers: each is made a PFN on the way out and another
//   machine's
//             MFN on the way in
#pragma once
#include "guests/lib/stream/format.h"
#include "guests/lib/xen_abi.h"

constexpr Pfn moved_frames_most = 1ull << 24;  // 64 GiB

class MovedFrames {
 public:
  ~MovedFrames();
  MovedFrames() = default;
  MovedFrames(const MovedFrames&) = delete;
  MovedFrames& operator=(const MovedFrames&) = delete;

  // For PFNs below `end`. False: no memory.
  bool begin(u32 domain, bool plain, Pfn end);
  bool plain() const { return plain_; }
  u32 domain() const { return domain_; }
  Pfn end() const { return end_; }

  // invalid_frame: there is none.
  Mfn machine(Pfn pfn) const { return pfn >= end_ ? invalid_frame : plain_ ? pfn : machine_[pfn]; }
  Pfn guest(Mfn mfn) const;
  // False: it has another PFN already.
  bool set(Pfn pfn, Mfn mfn);

  // What a page was when it came last; of those that are not plain.
  stream::PageType type(Pfn pfn) const { return static_cast<stream::PageType>(types_[pfn]); }
  void set_type(Pfn pfn, stream::PageType type) { types_[pfn] = static_cast<u8>(type); }

  // The frames that hold the domain's own P2M, in its order.
  u32 p2m_count() const { return static_cast<u32>(div_up(end_, stream::p2m_entries)); }
  u64* p2m() { return p2m_; }
  const u64* p2m() const { return p2m_; }

 private:
  u32 slot_of(Mfn mfn) const;

  bool plain_ = true;
  u32 domain_ = 0;
  Pfn end_ = 0;
  u64* machine_ = nullptr;
  u64* p2m_ = nullptr;
  u8* types_ = nullptr;
  u32* by_machine_ = nullptr;  // PFN + 1 by a hash of the MFN; 0: free
  u32 slots_ = 0;              // a power of two
};

// Runs use(page) on a frame of the domain's that is mapped meanwhile.
template <typename Use>
long with_frame(u32 domain, Mfn frame, bool writable, Use use);

// --- architecture: of frames that are not plain (arch/<arch>/kernel/moving_*.cpp); 0 or a negative errno ---
// Where its numbers end, as it says itself.
Pfn arch_end_of(const shared_info_t& shared);
// Fills in `frames` by the domain's own P2M.
long arch_frames_of(MovedFrames& frames, const shared_info_t& shared);
// A copy of a page becomes what the stream has; -EINVAL: it names a frame that is not the domain's.
long arch_page_out(const MovedFrames& frames, stream::PageType type, u64* page);
long arch_context_out(const MovedFrames& frames, u32 vcpu, vcpu_guest_context_t& context);
// All memory has come: the pages, P2M and page tables, become this machine's, and page tables are pinned.
long arch_frames_in(const MovedFrames& frames);
long arch_context_in(const MovedFrames& frames, u32 vcpu, vcpu_guest_context_t& context);

#include "guests/kernel/memory_model.h"

template <typename Use>
long with_frame(u32 domain, Mfn frame, bool writable, Use use) {
  long error;
  void* const page = model_map_foreign(domain, &frame, 1, writable, error);
  if (!page) return error;
  error = use(static_cast<u64*>(page));
  model_unmap_window(page, 1);
  return error;
}
