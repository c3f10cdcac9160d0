// The P2M that the hypervisor holds, of this domain or of another, as far as it may be read
// (hypervisor/abi/pmt.h).
#pragma once
#include "arch_cpu.h"
#include "guests/lib/types.h"

#include "hypervisor/abi/observe.h"
#include "hypervisor/abi/pmt.h"

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
// Of a frame number that the table covers; null: a tree has no leaf there.
inline const u8* pmt_entry(const PmtTable& t, Pfn gfn) {
  const u64 size = t.form & XS_PMT_PLAIN ? sizeof(u32) : sizeof(u64), each = page_bytes / size;
  const u8* leaf = t.at + gfn / each * page_bytes;
  if (t.form & XS_PMT_TREE) {
    const u64 at = __atomic_load_n(reinterpret_cast<const u64*>(t.at) + gfn / each, __ATOMIC_ACQUIRE);
    if (!at) return nullptr;
    leaf = t.at + (at - t.place) * page_bytes;
  }
  return leaf + gfn % each * size;
}

// invalid_frame: none there.
inline Mfn pmt_machine(const PmtTable& t, Pfn gfn) {
  const u8* at = gfn < t.gfns ? pmt_entry(t, gfn) : nullptr;
  if (!at) return invalid_frame;
  if (t.form & XS_PMT_PLAIN) {
    const u32 mfn = __atomic_load_n(reinterpret_cast<const u32*>(at), __ATOMIC_RELAXED);
    return mfn == XS_PMT_NONE ? invalid_frame : mfn;
  }
  const u64 entry = __atomic_load_n(reinterpret_cast<const u64*>(at), __ATOMIC_RELAXED);
  return entry & XS_P2M_PRESENT ? entry >> XS_P2M_MFN_SHIFT : invalid_frame;
}

// What the entry says from now on, in a table that is for writing: so it is when pmt_commit() says so.
void pmt_write(const PmtTable& table, Pfn gfn, Mfn mfn);
// Has what this domain's table says of these frames taken over, all or nothing; 0 or a negative errno. At
// most XS_PMT_COMMIT_MOST.
long pmt_commit(const Pfn* gfns, unsigned count);
// This domain's own table, if it is open for writing; else null.
const PmtTable* pmt_to_write();

// Of a memory model whose domain reads its own: MemoryModel::device_page, and the table, which covers frame
// numbers [0, gfns) and stays open.
void* pmt_device_page();
const PmtTable& pmt_own(u64 gfns);
// This kernel goes on in another domain: its table, if it had one, is another one's.
void pmt_resumed();
