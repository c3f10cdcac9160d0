// The balloon: a thread that moves this domain's memory towards a target.
//
//   above target: free frames ──release──> hypervisor, frame becomes Absent
//   below target: Absent frames ──accept──> Free
#pragma once
#include "guests/lib/types.h"

// What must stay for the kernel itself; a target below leaves the guest without room for its own tables.
constexpr u64 balloon_reserve_kib = 1024;

// Called (on the balloon thread) whenever the domain's size has changed or an attempt has ended.
using BalloonReport = void (*)(u64 actual_kib, u64 target_kib);

void balloon_start(BalloonReport report);
void balloon_set_target(u64 kib);
// The domain's size has changed otherwise, and is not what it should be.
void balloon_look();
// Frames that the domain is to have besides those that it has and those that it is promised.
u64 balloon_lacks();
u64 balloon_target_kib();
u64 balloon_actual_kib();
u64 balloon_limit_kib();
// What it could give away now.
u64 balloon_spare_kib();
