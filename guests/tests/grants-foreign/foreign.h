#pragma once
#include "guests/tests/lib/domain.h"
#include "guests/tests/lib/grants.h"
#include "guests/tests/lib/touch.h"

// Shows another domain's frame at a place for a grant, as only a builder can. 0 or an errno.
long show_foreign(u32 domain, u64 number, const GrantPlace& place);
void end_foreign(const GrantPlace& place);

constexpr unsigned frame_count = 16;
constexpr bool child_translated = test_domain_model != XS_MODEL_DIRECT;

struct Child {
  u32 domain;
  Mfn frames[frame_count];
  GrantPlace place;  // of its table
  grant_ref_t next;

  volatile grant_entry_v1_t& entry(grant_ref_t ref) const {
    return static_cast<volatile grant_entry_v1_t*>(place.va)[ref];
  }
  grant_ref_t write(u16 flags, u64 frame, u32 user) {
    volatile grant_entry_v1_t& e = entry(next);
    e.domid = static_cast<domid_t>(user);
    e.frame = static_cast<u32>(frame);
    __atomic_store_n(&e.flags, flags, __ATOMIC_RELEASE);
    return next++;
  }
  grant_ref_t grant(unsigned frame, u16 flags = GTF_permit_access) {
    return write(flags, frames[frame], test_own_domain());
  }
};

s64 pages_of(u32 domain);
void check_exchange(Child& child);
