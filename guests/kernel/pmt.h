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

// What the entry says from now on, in a table that is for writing: so it is when pmt_commit() says so.
void pmt_write(const PmtTable& table, Pfn gfn, Mfn mfn);
// Has what this domain's table says of these frames taken over, all or nothing; 0 or a negative errno. At
// most XS_PMT_COMMIT_MOST.
long pmt_commit(const Pfn* gfns, unsigned count);
// This domain's own table, if it is open for writing; else null.
const PmtTable* pmt_to_write();

// Of a memory model with a table of its own, for device_page() and device_address().
void* pmt_device_page();
// `gfn`: where `va` is, invalid_frame when it is nowhere; `gfns`: what the table must cover. 0: no device
// reaches it.
u64 pmt_device_address(const void* va, Pfn gfn, u64 gfns);
