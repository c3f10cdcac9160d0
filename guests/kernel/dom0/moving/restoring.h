// Inside of restore: what is known of a domain while it becomes one. Not for others.
#pragma once
#include "guests/kernel/dom0/domain_builder.h"
#include "guests/kernel/dom0/moving/frames.h"
#include "guests/kernel/dom0/moving/medium.h"
#include "guests/kernel/dom0/moving/settings.h"

constexpr u32 restored_vcpus_most = 32;  // XEN_LEGACY_MAX_VCPUS: places of shared_info

// The domain that a stream becomes. It is none's, and paused, until all of it is there.
struct Restoring {
  Restoring() : reader(medium, {.pfn_end = moved_frames_most, .vcpus = restored_vcpus_most}) {}

  MediumReader medium;
  stream::Reader reader;
  DomainConfig config{};
  BuildState build{};
  stream::DomainInfo info{};
  stream::DomainState state{};
  Settings devices;
  u64 target_kib = 0;  // the balloon's; 0: the stream does not say
  MovedFrames frames;
  u64* present = nullptr;  // a bit for each PFN that is memory
  u64 pages = 0, read = 0;
  bool has_state = false, has_shared = false;
  union {
    shared_info_t shared;
    u8 shared_page[page_bytes];
  };
  vcpu_guest_context_t* contexts = nullptr;  // of VCPUs, until there is all that they name
  u64 has_context = 0;
  u64 pfns[stream::batch_most];
  Mfn numbers[stream::batch_most];
};

inline bool is_present(const Restoring& r, Pfn pfn) { return r.present[pfn / 64] >> pfn % 64 & 1; }

// Of the record of pages that the reader has just told: memory for those that have none, and contents. False:
// the stream, or status, says why.
bool restore_pages(Restoring& r, u32 count, Status& status);

// Why it cannot be, when that is not the stream's fault.
inline bool restore_refused(const char* sentence, long error, Status& status) {
  status.fail(error, "%s", sentence);
  return false;
}
