// Bugs that are planted on purpose, to show that the observer's checks see them. One build has one bug at
// most, by the compile definition XS_PLANTED_BUG; the image that is shipped has none, and no trace of this in
// its code.
#pragma once

namespace hv {

/// What goes wrong, and in brackets the check that has to see it (docs/monitors.md).
enum class Bug {
  none,
  owner_kept,             ///< a frame that is freed stays its owner's [owner]
  m2p_kept,               ///< a frame that is freed keeps its M2P entry [m2p]
  m2p_not_set,            ///< a frame that a domain adds to itself gets no M2P entry [p2m]
  reference_kept,         ///< the end of a mapping does not give its reference back [type_count]
  descriptors_untyped,    ///< a GDT page is counted, but not typed [type_count]
  type_unchecked,         ///< a page table may be mapped writable [writable_table]
  foreign_mapped,         ///< an unprivileged domain may map anybody's frame [isolation, foreign_map]
  count_kept,             ///< a frame that is freed keeps its count [free_frame]
  freed_while_mapped,     ///< decrease_reservation frees a frame that is still mapped [free_frame]
  flush_missed,           ///< a frame gets a new owner without the TLB flush that it needs [stale_tlb]
  store_past_routines,    ///< the M2P is written by an ordinary store [table_store]
  store_behind,           ///< the same, right behind a proper one to the same entry [table_store]
  store_unseen,           ///< an M2P entry is written in halves, by a routine for other fields [replica]
  event_to_wrong_domain,  ///< an event goes to the sender's own port of that number [event_route]
  // Memory model translated:
  shadow_kept,      ///< a P2M entry ends, shadow tables go on showing its frame [isolation]
  entry_kept,       ///< decrease_reservation frees a frame and leaves the P2M entry [p2m]
  frame_lost,       ///< decrease_reservation ends the P2M entry and leaves the frame allocated [p2m]
  frame_told,       ///< populate_physmap tells a domain its machine frames [leak]
  last_frame_told,  ///< so does maximum_ram_page [leak]
};

#ifdef XS_PLANTED_BUG
constexpr Bug kPlanted = Bug::XS_PLANTED_BUG;
#else
constexpr Bug kPlanted = Bug::none;
#endif
constexpr bool planted(Bug bug) { return kPlanted == bug; }

}  // namespace hv
