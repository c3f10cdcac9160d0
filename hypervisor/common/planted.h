// Bugs that are planted on purpose, to show that the observer's checks see them. The image hypervisor-planted
// has them all, and its command line names the one that it makes: planted=m2p-kept. The image that is shipped
// has none, and no trace of this in its code.
#pragma once

namespace hv {

// What goes wrong, and in brackets the check that has to see it (docs/monitors.md).
#define HV_PLANTED_BUGS(X)                                                                                   \
  X(owner_kept)            /* a frame that is freed stays its owner's [owner] */                             \
  X(m2p_kept)              /* a frame that is freed keeps its M2P entry [m2p] */                             \
  X(m2p_not_set)           /* a frame that a domain adds to itself gets no M2P entry [p2m] */                \
  X(reference_kept)        /* the end of a mapping does not give its reference back [type_count] */          \
  X(descriptors_untyped)   /* a GDT page is counted, but not typed [type_count] */                           \
  X(type_unchecked)        /* a page table may be mapped writable [writable_table] */                        \
  X(foreign_mapped)        /* an unprivileged domain may map anybody's frame [isolation, foreign_map] */     \
  X(count_kept)            /* a frame that is freed keeps its count [free_frame] */                          \
  X(freed_while_mapped)    /* decrease_reservation frees a frame that is still mapped [free_frame] */        \
  X(flush_missed)          /* a frame gets a new owner without the TLB flush that it needs [stale_tlb] */    \
  X(store_past_routines)   /* the M2P is written by an ordinary store [table_store] */                       \
  X(store_behind)          /* the same, right behind a proper one to the same entry [table_store] */         \
  X(store_unseen)          /* an M2P entry is written in halves, by a routine for other fields [replica] */  \
  X(event_to_wrong_domain) /* an event goes to the sender's own port of that number [event_route] */         \
  /* Grant tables: */                                                                                        \
  X(grant_domid_ignored)    /* a grant may be used by anybody [grant] */                                     \
  X(grant_readonly_ignored) /* a grant for reading is mapped for writing [grant] */                          \
  X(grant_flush_missed)     /* an unmapped grant is still in a TLB [grant] */                                \
  X(grant_entry_kept)       /* an unmapped grant is still in the page table or P2M [isolation] */            \
  /* Memory model translated: */                                                                             \
  X(shadow_kept) /* a P2M entry ends, what was made of it for hardware goes on showing its frame [isolation] \
                  */                                                                                         \
  X(superpage_kept)     /* a frame leaves a superpage, what was made of that for hardware goes on showing it \
                           [isolation] */                                                                    \
  X(entry_kept)         /* decrease_reservation frees a frame and leaves the P2M entry [p2m] */              \
  X(frame_lost)         /* decrease_reservation ends the P2M entry and leaves the frame allocated [p2m] */   \
  X(frame_told)         /* populate_physmap tells a domain its machine frames [leak] */                      \
  X(last_frame_told)    /* so does maximum_ram_page [leak] */                                                \
  X(p2m_to_anybody)     /* whoever asks may read its P2M [isolation] */                                      \
  X(exchange_undropped) /* exchanged frames are still what their places show [isolation] */                  \
  X(device_frames_elsewhere) /* frames for devices are not where their GFNs say [dma] */                     \
  X(iommu_kept)  /* a device may reach a frame that its domain owns no more, by the IOMMU [dma] */           \
  X(device_kept) /* a domain dies, and its device goes on [dma] */                                           \
  /* Log-dirty: */                                                                                           \
  X(copy_unmarked) /* a copy by a grant does not mark the page that it writes [dirty] */                     \
  /* IA-64: */                                                                                               \
  X(translation_unchecked) /* a guest frame that the P2M has not is taken for a machine's [isolation] */     \
  X(rids_shared) /* two domains have the same region identifiers, and no flush between them [tlb_tag] */     \
  X(keys_kept)   /* a VCPU finds the protection keys of the one before [the test guest protection-keys] */

#define HV_PLANTED_NAME(name) name,
enum class Bug { none, HV_PLANTED_BUGS(HV_PLANTED_NAME) };
#undef HV_PLANTED_NAME

#ifdef XS_PLANTED_BUGS
bool planted(Bug bug);
#else
constexpr bool planted(Bug) { return false; }
#endif

}  // namespace hv
