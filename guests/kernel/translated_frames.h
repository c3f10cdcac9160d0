// Memory model `translated`, where the P2M is the hypervisor's: changes that a guest asks for by its own
// frame numbers. The same on every architecture.
#pragma once
#include "guests/kernel/memory_model.h"

ModelResult translated_release(const Pfn* list, unsigned count);
ModelResult translated_accept(Pfn* list, unsigned count);
ModelResult translated_accept_extent(Pfn first);

// Frames whose number is their machine frame number, for devices; none: count is 0.
struct IdentityFrames {
  Pfn first;
  u64 count;
};
IdentityFrames translated_identity_frames();

// Guest frame numbers [result, + window_pages) that are nobody's, one for each place of the window.
Pfn translated_foreign_first(const IdentityFrames& identity);
// The same as near to [0, limit) as can be, for a table of all of them that is dense.
Pfn translated_foreign_near(Pfn limit);
// Frames of another domain become this guest's [first, + count). All, or none and an error.
long translated_place(unsigned domain, Pfn first, const Mfn* list, unsigned count);
void translated_unplace(Pfn first, unsigned count);
// GrantOps: the P2M says all, once the frame number is told.
u64 translated_accept_as(Pfn frame);
void translated_adopt(Pfn* list, const u64* numbers, unsigned count);
void translated_surrender(const Pfn* list, u64* numbers, unsigned count);
