// The seam to the memory model: how this guest's frame numbers, machine memory and kernel addresses belong
// together.
//
//   Pfn ──model_machine()──> Mfn        own P2M (direct); identity or the hypervisor's table in other models
//   Pfn ──frame_va()──> kernel address  the direct map, which covers every Pfn this guest may ever own
//
// One implementation per model, chosen by the architecture: arch/<arch>/kernel/model_*.cpp.
#pragma once
#include "guests/lib/types.h"

struct ModelResult {
  u64 done;    // items handled, always a prefix of the input
  long error;  // 0, or why the rest was not handled (negative errno)
};

struct BootFrames {
  Pfn limit;        // frames this guest may ever own: [0, limit)
  Pfn given;        // frames it owned at boot: [0, given)
  Pfn first_taken;  // the image, what the builder left and the model's own tables: [first_taken, end_taken)
  Pfn end_taken;
};

// Builds the model's tables and the direct map, and publishes the P2M where the model has one of its own.
BootFrames model_boot();

// Calls `give` for each frame inside [first_taken, end_taken) that nothing needs any more.
void model_reclaim(void (*give)(Pfn first, u64 count));

void* frame_va(Pfn pfn);
Pfn va_frame(const void* va);
Mfn model_machine(Pfn pfn);      // invalid_frame: the guest does not own this frame now
Pfn model_guest_frame(Mfn mfn);  // the hypervisor's M2P

// Gives frames back to the hypervisor (they must be mapped nowhere but in the direct map), and takes memory
// for frames given back before. At most model_batch at a time.
constexpr unsigned model_batch = 128;
ModelResult model_release(const Pfn* frames, unsigned count);
ModelResult model_accept(const Pfn* frames, unsigned count);

// Maps machine frames of another domain side by side. Null when a frame is refused (error says why).
void* model_map_foreign(unsigned domain, const Mfn* frames, unsigned count, bool writable, long& error);
// Device registers at a machine address; uncached.
void* model_map_device(u64 machine_address, u64 bytes, long& error);
void model_unmap_window(void* va, unsigned count);
