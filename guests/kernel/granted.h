// Frames that other domains grant to this one, and frames that change hands, as the memory model does it.
#pragma once
#include "guests/kernel/memory_model.h"
#include "guests/lib/grant.h"

constexpr unsigned granted_most = 16;  // pages mapped side by side
// Of this domain's own table: what the rings and buffers of one device need, and for how many devices.
constexpr unsigned grant_pages_per_device = 2, grant_pages_most = 16;

// Pages of another domain, mapped by their references.
struct GrantedPages {
  void* va;  // null: none
  unsigned count;
  grant_handle_t handles[granted_most];
  u64 places[granted_most];  // host_addr of each
};

struct GrantOps {
  // Addresses that may show the pages of this domain's own table (grant_table_set_up); null where any may.
  void* table_place;
  // Chooses a run of addresses and says what `host_addr` of each is; null: none left.
  void* (*take_places)(unsigned count, u64* places);
  void (*give_places)(void* va, unsigned count);
  u32 map_flags;  // beside GNTMAP_host_map
  // Where pages are that have been mapped at `places`, when the hypervisor chooses.
  void* (*shown_at)(void* va, const u64* places, bool writable, unsigned count);

  // What an entry that accepts a frame names: the guest frame number it is to have, if the hypervisor asks.
  u64 (*accept_as)(Pfn frame);
  // Frames that have come by transfers, told by `numbers`, become the absent frames `frames`, or `frames` is
  // changed to what they are; at most model_batch.
  void (*adopt)(Pfn* frames, const u64* numbers, unsigned count);
  // Frames that the hypervisor has put into the places `frames`, which were taken out before; the same.
  void (*put_in)(Pfn* frames, const u64* numbers, unsigned count);
  // Frames are given up at once, mapped nowhere; `numbers` is what hypercalls call them.
  void (*surrender)(const Pfn* frames, u64* numbers, unsigned count);
  // The same of frames that are offered for others, which may take its time; adopt() ends it either way.
  void (*offer)(const Pfn* frames, u64* numbers, unsigned count);
  // The hypervisor puts a fresh frame in the place of one that is transferred.
  bool transfer_replaces;
  // What is offered stays where it is until it is taken.
  bool offered_stays = false;
};

// Makes this domain's grant table ready for one device more. 0 or a negative errno.
long granted_start();
// All or none. 0 or a negative errno.
long granted_map(unsigned domain, const grant_ref_t* refs, unsigned count, bool writable,
                 GrantedPages& pages);
void granted_unmap(GrantedPages& pages);
