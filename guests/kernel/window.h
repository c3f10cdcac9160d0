// Places for what is not this guest's own: frames of other domains and devices. A place is a number below
// window_pages; what it means as an address or as a frame number is the architecture's and the model's.
#pragma once
#include "guests/lib/types.h"

constexpr unsigned window_pages = 2048;

// First of a run of `count` free places, now taken; negative when there is none.
s64 window_take(unsigned count);
void window_give(unsigned slot, unsigned count);
