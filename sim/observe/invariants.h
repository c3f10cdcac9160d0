// What must hold between operations (DESIGN section 10), checked on the replica, the guests' published
// P2Ms and the page tables in machine memory.
#pragma once
#include <string>
#include <vector>

#include "sim/core/types.h"

namespace xs::observe {

enum class Invariant : u8 {
  owner,           ///< every RAM frame has exactly one known owner
  total,           ///< frames sum to the machine's total
  m2p,             ///< M2P of free frames invalid; no GFN of a domain claimed by two frames
  p2m,             ///< P2M and M2P agree
  type_count,      ///< type counts match the tables' references
  writable_table,  ///< no writable mapping of a page table or descriptor frame
  foreign_map,     ///< an unprivileged domain maps only its own and shared frames
  free_frame,      ///< no type, no reference on a free frame
  isolation,       ///< a TLB entry for a frame that the domain may not see
  stale_tlb,       ///< a frame got a new owner while a TLB still mapped it for a guest
  leak,            ///< a machine address in memory or registers of a domain whose model hides them
  table_store,     ///< a store to frame table or M2P from outside of the store routines
  event_route,     ///< an event reached a port that its sender's is not connected to
  tlb_tag,         ///< a TLB entry under a VCPU's tags for a frame that its domain may not see
  grant,           ///< a grant was used that was not given so, or what was shown by one outlives it
  dirty,           ///< a page has changed and log-dirty does not tell
  dma              ///< a device reached a frame that the domain which drives it may not reach
};
inline constexpr unsigned invariant_count = static_cast<unsigned>(Invariant::dma) + 1;
const char* invariant_name(Invariant which);

struct Violation {
  Invariant which = Invariant::owner;
  u64 mfn = 0;
  std::string text;  ///< names the frame, the domains, the last operation on it and the PC
};

struct CheckReport {
  std::vector<Violation> violations;  ///< at most 100 per invariant
  u64 violation_count = 0;            ///< all of them
  std::vector<std::string> skipped;   ///< "dom3: P2M not compared: memory_op.decrease_reservation is running"
  u64 frames_unmanaged = 0;           ///< DRAM that never had an owner: the firmware keeps it
  u64 frames_checked = 0, p2m_entries_checked = 0, tables_walked = 0, references_counted = 0;
  u64 words_searched = 0;  ///< for machine addresses
  bool ok() const { return violation_count == 0; }
  std::string to_text() const;
};

}  // namespace xs::observe
