#pragma once
#include "guests/tests/lib/domain.h"
#include "guests/tests/lib/grants.h"
#include "guests/tests/lib/touch.h"

// A frame of the test's own, and a grant of it to itself.
struct OwnGrant {
  Pfn page;
  grant_ref_t ref;

  volatile u64& word() const { return *static_cast<volatile u64*>(test_va(page)); }
  u64 machine() const { return test_machine(page); }
  volatile u16& flags() const { return grant_entry(ref).flags; }
};
OwnGrant grant_to_self(bool readonly = false);
void end_grant(const OwnGrant& g);
constexpr u16 in_use = GTF_reading | GTF_writing;
constexpr grant_handle_t no_handle = 0xfffffff0;

void check_map_refusals();
void check_unmap_refusals();
void check_operation_refusals();
void check_copies();
void check_transfers();
void check_moves();  // frames that are exchanged and donated
void check_given_back();
void check_devices();     // where machine addresses are known
void check_replaced();    // GNTTABOP_unmap_and_replace
void check_translated();  // places in the P2M
void check_model();       // of these what there is, and the architecture's own
