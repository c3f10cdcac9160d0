// The P2M that the hypervisor holds, of this domain or of another, as far as it may be read
// (hypervisor/abi/pmt.h).
#pragma once
#include "guests/lib/types.h"

struct PmtTable {
  const u8* at;  // the first frame; null: not open
  u32 form;
  unsigned frames;
  Pfn place;  // this domain's frame number of the first frame
  u64 gfns;   // [0, gfns) are covered
};

// The hypervisor lets this domain read its own.
bool pmt_offered();
// Of `domain`, or of DOMID_SELF. 0 or a negative errno.
long pmt_open(unsigned domain, u64 gfns, PmtTable& table);
void pmt_close(unsigned domain, PmtTable& table);
// invalid_frame: none there.
Mfn pmt_machine(const PmtTable& table, Pfn gfn);

// Of a memory model with a table of its own, for device_page() and device_address().
void* pmt_device_page();
// `gfn`: where `va` is, invalid_frame when it is nowhere; `gfns`: what the table must cover. 0: no device
// reaches it.
u64 pmt_device_address(const void* va, Pfn gfn, u64 gfns);
