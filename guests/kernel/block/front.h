// Inside of the frontend of virtual disks: a disk, its requests, and their ways to the backend. Not for
// others.
//
//   block_write() ──Job──> slots, each a request: its frames are granted ──ring──> backend
//        thread <──woken when its last slot is answered── driver's thread <─────── ring
#pragma once
#include "guests/kernel/block/blkif.h"
#include "guests/kernel/block/block.h"
#include "guests/kernel/xenbus/device.h"

constexpr unsigned front_most_pages = BLKIF_MAX_SEGMENTS_PER_REQUEST;
constexpr unsigned front_slots = 8;
static_assert(front_slots <= block_ring_slots);

// What one thread waits for.
struct FrontJob {
  u8 operation;
  unsigned pending;
  int16_t status;  // the last answer that is not BLKIF_RSP_OKAY
  WaitQueue done;
};

// A request and its frames; data is copied, so that a backend that keeps frames gets no others.
struct FrontSlot {
  u8* data;
  grant_ref_t refs[front_most_pages];
  unsigned pages;  // granted
  FrontJob* job;   // null: free
  u8* to;          // where a read is awaited
  u32 bytes;
  blkif_request_t request;  // but for the references
};

struct Front : BlockDisk {
  u32 number;  // "virtual-device"
  BusDevice bus;
  SharedPage ring_page;
  blkif_front_ring_t ring;
  FrontSlot slots[front_slots];
  WaitQueue slot_free;
  bool connected, lost;
  bool refused;  // its new backend has another disk
};

// Of a slot with a job: grants its frames and puts the request into the ring. False: there are no grants
// left.
bool front_send(Front& front, FrontSlot& slot);
// The job is told, and the slot is free.
void front_finish(Front& front, FrontSlot& slot, int16_t status);
void front_take_answers(Front& front);
// The device's whole life.
void front_serve(const char* path);
// From here on block_find() finds it.
void front_add(Front& front);
