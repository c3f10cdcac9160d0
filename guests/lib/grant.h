// This domain's grant table, version 1 (<xen/grant_table.h>): which of its frames other domains may use, or
// give it.
//
//   pages shared with the hypervisor   | 8 reserved | entry | entry | ... 512 a page
//   entry                              { flags: what is allowed, and what is done with it; domid; frame }
//   free entries                       flags 0; `frame` is the next free one's number
//
// References are given out by one VCPU at a time: under the kernel's lock, or a test's only VCPU.
#pragma once
#include "arch_cpu.h"
#include "guests/lib/hypercall.h"

constexpr grant_ref_t no_grant = ~grant_ref_t{0};
constexpr unsigned grants_per_page = page_bytes / sizeof(grant_entry_v1_t);
constexpr unsigned grant_most_pages = 32;

// Makes the table `pages` long (it never becomes shorter) and shows it; for those that are new, references
// become free. `place`: where addresses are mapped page by page, the address of so many pages whose own
// mapping is given up; nobody's business elsewhere. 0 or a negative errno; ENOMEM: what the hypervisor
// refuses.
long grant_table_set_up(void* place, unsigned pages);
volatile grant_entry_v1_t& grant_entry(grant_ref_t ref);
// For a suspension: the table's pages are mapped nowhere from here on. `links` takes a word for each of the
// table's grant_references().
u32 grant_references();
void grant_table_take_down(u32* links);
// Shows them again. With `links` they are another domain's, empty: references in use stay so, and allow
// nothing.
long grant_table_bring_up(void* place, const u32* links);
// Where the hypervisor translates: puts a page of the table where it is shown, should it have left.
long grant_table_place(unsigned page);

// Allows `user` to use a frame of this domain, by the number that hypercalls know it by (model_machine()).
// no_grant: all references are in use.
grant_ref_t grant_access(domid_t user, u64 frame, bool readonly);
// False while the user still uses it; then the entry stays as it is.
bool grant_end_access(grant_ref_t ref);

// Allows `giver` to give this domain a frame. `place`: the guest frame number that it will have, where the
// hypervisor translates; 0 elsewhere. With XS_GTF_EXCHANGE among the flags (hypervisor/abi/grants.h): the
// frame that the giver gets for it, mapped nowhere.
grant_ref_t grant_transfer_ref(domid_t giver, u64 place, u16 more_flags = 0);
// What has been given: the number that hypercalls know it by. invalid_frame: nothing, and nothing will be.
u64 grant_end_transfer(grant_ref_t ref);

// The architecture's part. Shows a page of the table by the number that the hypervisor tells.
void* arch_show_grant_page(void* place, u64 number);
void arch_hide_grant_page(void* page);
