// A domain on its way out of this dom0: what of it is written to a stream, wherever that goes.
//
//   begin()        what it is; from here on the stream can be written
//   static_data()
//   find_frames()  its P2M; again whenever that may have changed
//   pages()        some of its memory, any number of times
//   state()        what else there is, once it stands still; then Writer::end()
#pragma once
#include "guests/kernel/dom0/moving/frames.h"
#include "guests/kernel/dom0/moving/settings.h"
#include "guests/kernel/foreign_window.h"
#include "guests/kernel/heap.h"
#include "guests/lib/domctl.h"
#include "guests/lib/stream/writer.h"

// Bits by PFN.
class PageSet {
 public:
  ~PageSet() { heap_free(bits_); }
  PageSet() = default;
  PageSet(const PageSet&) = delete;
  PageSet& operator=(const PageSet&) = delete;

  // Empty. False: no memory.
  bool begin(Pfn end);
  bool has(Pfn pfn) const { return bits_[pfn / 64] >> pfn % 64 & 1; }
  void add(Pfn pfn) { bits_[pfn / 64] |= 1ull << pfn % 64; }
  void remove(Pfn pfn) { bits_[pfn / 64] &= ~(1ull << pfn % 64); }
  void add_all();
  void add(const PageSet& other);
  void clear();
  u64 count() const;
  u8* bytes() { return reinterpret_cast<u8*>(bits_); }  // as shadow_op's bitmap: the lowest bit first

 private:
  u64* bits_ = nullptr;
  Pfn end_ = 0;
};

struct Sending {
  Sending(const Domain& d, stream::Sink& sink);

  bool begin();
  bool static_data();
  // `runs`: the domain may be changing it at this moment; what is not plain is left out.
  bool find_frames(bool runs);
  // The P2M's own pages, before the first memory of a domain that is not plain.
  bool p2m_frames();
  // Those of `set`, whose numbers are in [first, first + stream::batch_most), as one record. Of a domain that
  // runs, pages may be gone, or name frames that are not known yet: they go empty, and are added to `later`,
  // which is null for one that stands still.
  bool pages(const PageSet& set, Pfn first, PageSet* later);
  bool state();
  // Nothing of the domain is mapped any more: it could not end otherwise.
  void close() { window_.close(); }

  bool plain() const { return frames.plain(); }
  bool refuse(long why) { return error = why, false; }
  // Why it could not be read, or does not fit into a stream.
  void tell_failure(Status& status) const;

  const u32 id;
  stream::Writer writer;
  MovedFrames frames;
  long error = 0;  // of the domain's side; the stream's own failure is the writer's
  Pfn end = 0;

 private:
  bool read_shared_info();
  bool find_pages(const PageSet& set, Pfn first, u32& found);
  bool contents(u32 count, PageSet* later);
  bool contents_one_by_one(u32 at, u32 count, PageSet* later);
  bool content(u64 entry, const u8* page, PageSet* later);
  bool vcpus(u32 count);

  const xs_memory_model model_;
  Settings settings_;
  xen_domctl_getdomaininfo info_;
  vcpu_guest_context_t context_;
  union {
    shared_info_t shared_;
    u8 shared_page_[page_bytes];
  };
  u64 page_[page_bytes / sizeof(u64)];
  u64 entries_[stream::batch_most], numbers_[stream::batch_most];
  ForeignWindow window_{false};
  PageSet told_;  // pages that have been sent: when one is gone that is told, too
};
