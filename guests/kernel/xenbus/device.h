// One end of a split driver (xen/io/xenbus.h): a directory of its own in xenstore, and one of the other end.
//
//   frontend  device/vif/0 ──backend──>   /local/domain/0/backend/vif/1/0
//             state  <────────────────frontend── state
//
//   Initialising 1 ─ InitWait 2 (backend) ─ Initialised 3 (frontend) ─ Connected 4 ─ Closing 5 ─ Closed 6
//
// Each end writes its own state and watches the other's.
#pragma once
#include "guests/kernel/granted.h"
#include "guests/kernel/xenbus/store.h"
#include "guests/lib/events.h"
#include "guests/lib/grant.h"

#include <xen/io/xenbus.h>

struct BusDevice {
  char own[64];    // directory of this end
  char other[64];  // ... and of the other one; "" until bus_open()
  char other_state[80];
  u32 other_domain;
  WaitQueue wake;  // other end's state, event, or what the driver itself has to do
  StoreWatcher watcher;
  EventPort port;   // 0: none
  bool moved;       // there has been an event, or the driver itself has something to do
  bool orphaned;    // its other end was another domain's: this kernel has gone on in a new one since
  BusDevice* next;  // of all that are open
};

// Reads who is at the other end ("backend" and "backend-id", or "frontend" and "frontend-id") and watches it.
long bus_open(BusDevice& device, const char* own, const char* other_end);
void bus_close(BusDevice& device);
// The other end's domain has gone. Waits until the toolstack has made this end's directory anew, for another
// one.
void bus_reopen(BusDevice& device, const char* other_end);
void bus_set_state(BusDevice& device, XenbusState state);
// XenbusStateUnknown: there is none (any more).
XenbusState bus_other_state(const BusDevice& device);
// Blocks until the other end's state is one of `states` (bits 1 << state); returns it.
XenbusState bus_wait_for(BusDevice& device, u32 states);

constexpr u32 bus_states(XenbusState a) { return 1u << a; }
template <typename... More>
constexpr u32 bus_states(XenbusState a, More... more) {
  return bus_states(a) | bus_states(more...);
}
constexpr u32 bus_gone = bus_states(XenbusStateUnknown, XenbusStateClosing, XenbusStateClosed);

// This kernel goes on in another domain: every other end has gone, and with it the event channels.
void bus_devices_resumed();

// The driver's thread has something to do.
void bus_wake(BusDevice& device);
// The other end has left one of these states since this was last asked; for the driver's loop.
bool bus_other_left(BusDevice& device, u32 states);
// Until there is an event, a change of the other end's state, or bus_wake(); whatever came since `moved` was
// cleared counts.
void bus_wait(BusDevice& device);

// The event channel: a frontend's, to be told to the other end, or a backend's to what it has been told.
long bus_offer_port(BusDevice& device);
long bus_bind_port(BusDevice& device);
void bus_close_port(BusDevice& device);
// A backend's: maps the page whose reference the frontend tells by `key`.
long bus_map_ring(BusDevice& device, const char* key, GrantedPages& page);
// This end is closed, unless the toolstack has named another one meanwhile.
void bus_set_closed(BusDevice& device, const char* other_end);
// A backend's end: its directory goes when the frontend's has gone.
void bus_leave(BusDevice& device);

// This domain's number, as the store has it; false: it does not tell.
bool bus_own_domain(u32& domain);

// Every directory that appears below `directory` (as "device/vif/0", or "backend/vif/1/0" with two levels) is
// told once to `found`, which keeps the device's thread running until the directory has gone; then it may be
// told again.
struct BusType {
  const char* directory;
  unsigned levels;
  void (*serve)(const char* path);  // the device's whole life, in a thread of its own
};
void bus_watch_for(const BusType& type);

// A page shared with the other end's domain.
struct SharedPage {
  void* va;
  grant_ref_t ref;
};
// Zeroed; va is null when there is no memory or no grant left.
SharedPage share_page(u32 domain);
// False while the other end still uses it: the page is kept then.
bool unshare_page(SharedPage& page);
