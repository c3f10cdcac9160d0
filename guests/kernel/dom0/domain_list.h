// The domains that this dom0 has created and serves.
#pragma once
#include "guests/kernel/thread.h"
#include "guests/lib/events.h"
#include "guests/lib/store_ring.h"
#include "guests/lib/xen_abi.h"
#include "hypervisor/abi/observe.h"

#include <xen/io/console.h>

struct StoreConnection;

struct Domain {
  Domain* next;
  u32 id;
  char name[32];
  u64 pages, max_pages;  // its frames' numbers are below the larger one
  u32 vcpus;
  xs_memory_model model;
  Mfn store_frame, console_frame;
  EventPort remote_store_port, remote_console_port;  // in the domain
  EventPort store_port, console_port;                // their ends here; 0: none
  xenstore_domain_interface* store_page;
  xencons_interface* console_page;
  StoreConnection* connection;
  char console_line[200];
  u32 console_length;
  bool asked;         // to suspend
  bool suspended;     // it stands still at its own will, to be saved or to go on
  bool end_reported;  // the operator knows that it has ended
  bool end_settled;   // and it stays as it is, or a thread destroys it
};

Domain* domains_first();
// By name or by decimal id; null when there is none.
Domain* domain_find(const char* name_or_id);
Domain* domain_by_id(u32 id);
// The smallest number above `id`; 0: there is none. For those who wait between two domains.
u32 domains_next_id(u32 id);
// The largest number below `id`; 0: there is none.
u32 domains_id_below(u32 id);
void domains_add(Domain* domain);
void domains_remove(Domain* domain);
