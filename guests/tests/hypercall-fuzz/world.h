// What hostile calls are about.
//
//   arguments, one run of the builder's mapping:
//     | canary | args 0 | args 1 | read-only | hole | canary |
//     calls get their structures in args 0-1; what runs over their end meets the read-only page, then nothing
//   play frames: mapped or not, typed, pinned, given back, exchanged; heal() makes them ordinary again
//     in model translated: mapped or not, in own page tables, given back
//   areas: a page that the hypervisor may write whenever it likes (runstate, time)
#pragma once
#include "guests/tests/hypercall-fuzz/random.h"
#include "guests/tests/lib/test.h"

constexpr unsigned play_frames = 32;
constexpr u64 args_bytes = 2 * page_bytes;

struct World {
  u8* args;          // args 0
  u8* read_only;     // behind args 1
  u8* hole;          // behind that
  u8* readable_end;  // of what the guest can read from args on
  u8* areas;
  Pfn play;                   // play frame i is mapped at test_va(play + i), when it is
  Mfn play_mfn[play_frames];  // invalid_frame: lost and not yet replaced
  Pfn vcpu_info;              // frame for the one VCPUOP_register_vcpu_info that succeeds
  u64 max_ram_frame;          // of the machine
  u32 child;                  // dom0: a domain made to be tormented; 0 none
};
extern World world;

void world_init();
// Puts everything back that calls may have moved: traps, callbacks, descriptor tables, pins, mappings. Play
// frames that are gone for good are replaced.
void world_heal();
// In model translated shared_info can be sent anywhere, and away: it is where the guest finds its time and
// its events. Before those are let in again.
void world_bring_shared_info_back();
// The canaries and the guest's code are as they were.
bool world_unharmed();

// A call's own memory. arguments_begin() starts anew; place() stores a structure or array somewhere, mostly
// where the hypervisor can read and write it, and answers with its address. `written` says that the call may
// write it.
void arguments_begin();
// Of an array whose elements must not be cut (zeros follow), `unit` is their size; bytes is a multiple of it.
u64 place(const void* data, u64 bytes, bool written, u64 unit = 1);
template <typename T>
u64 place(const T& data, bool written = false) {
  return place(&data, sizeof data, written);
}
// A good place; null when a list's calls before it have used up the room.
u8* reserve(u64 bytes, bool written);
// Before a call, and after it: nothing has changed but what place() was told of.
void arguments_remember();
bool arguments_unharmed();

// Values of each kind that arguments have: mostly useful, sometimes extreme.
u64 any_number();
u64 any_count(u64 useful);  // an array's length
// The length of the array placed at `address`: too large only where what follows it is no memory to be taken
// for more of it, which could name anything.
u64 count_of_list(u64 address, u64 bytes, u64 entries);
u64 any_address();      // never memory of this guest that it needs
u64 any_frame();        // of this guest, of others, of nobody
u64 play_frame();       // of the playground
u64 frame_to_write();   // as any_frame, but none that the guest needs as it is
u64 frame_to_lose();    // as any_frame, where the hypervisor does not let the guest lose what it needs
u64 core_table();       // one of its own page tables in use
u64 protected_table();  // the same, where the hypervisor protects it from its own domain; else what is none
unsigned any_vcpu();
u32 any_port();
u16 any_domain();
