// Grants as tests use them: mapped wherever the memory model shows them.
#pragma once
#include "guests/lib/grant.h"
#include "guests/tests/lib/test.h"

// What becomes of a mapping differs by model: the hypervisor changes the domain's page table (direct), its
// P2M (translated), or nothing but what the domain may insert (identity).
enum class GrantModel { direct, translated, identity };
GrantModel test_grant_model();

// Where one mapping can be; nothing is there.
struct GrantPlace {
  u64 address;  // what GNTTABOP_map_grant_ref is told
  u32 flags;    // GNTMAP_* that belong to it
  void* va;     // null: known when the grant is mapped
};
GrantPlace test_grant_place();     // each call gives a new one
void* test_grant_va(u64 address);  // of places whose va is null

// Where frames are translated: a guest frame number that has no memory; not far from those that have, so that
// dom0 finds no device there either.
Pfn test_free_number();

struct GrantMapping {
  int status;
  grant_handle_t handle;
  u64 address, device_address;
  void* va;
};
// `flags`: GNTMAP_* besides those of the place.
GrantMapping test_map_grant(const GrantPlace& place, u32 domain, grant_ref_t ref, u32 flags);
inline GrantMapping test_map_grant(const GrantPlace& place, u32 domain, grant_ref_t ref) {
  return test_map_grant(place, domain, ref, GNTMAP_host_map);
}
// Each answers with the operation's GNTST_*; ERROR when the hypercall itself fails.
int test_unmap_grant(grant_handle_t handle, u64 address, u64 device_address = 0);
inline int test_unmap_grant(const GrantMapping& m) { return test_unmap_grant(m.handle, m.address); }

// One structure of an operation.
template <typename T>
int test_grant_op(unsigned op, T& argument) {
  if (long error = hypercall_grant_table_op(op, &argument, 1))
    test_error("grant_table_op %u: %s", op, errno_name(error));
  return argument.status;
}

// A GNTST_* against the expected one.
void test_status(const char* what, int found, int expected);
// The same of a refusal. Other hypervisors, which do not always give the error that the header names, are
// held to refusing.
void test_refusal(const char* what, int found, int expected);
bool test_on_this_hypervisor();

u32 test_own_domain();  // the number by which others know it
// Nothing else of the table is in use: a table of one page is there, and grant_access() works.
void test_grant_table();

// Frames leave the domain and come to it.
int test_transfer(u64 frame, u32 domain, grant_ref_t ref);
// XS_GNTTABOP_donate or _exchange, of one frame; what it is exchanged for is in `frame` then, where the model
// tells.
int test_move(unsigned operation, u64& frame, u32 domain, grant_ref_t ref);
// A transferred frame leaves no hole: a fresh one takes its place.
bool test_transfer_replaces();
void test_let_go(Pfn page);                // nothing but its allocation refers to the page's frame any more
void* test_take_in(Pfn page, u64 number);  // the frame of that number is the page's; where it is seen
void test_give_back(Pfn page);             // to the hypervisor
void test_get_again(Pfn page);             // a frame for it, where that can be
// decrease_reservation or populate_physmap of one frame, whose number may be another one then.
long test_reserve(unsigned operation, xen_pfn_t& frame);
long test_pages();  // that the domain has
