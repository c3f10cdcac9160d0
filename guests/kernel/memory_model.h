// The seam to the memory model: how this guest's frame numbers, machine memory and kernel addresses belong
// together.
//
//   Pfn ──model_machine()──> the number by which page tables and hypercalls know the frame:
//                            its Mfn by the guest's own P2M (direct), the Pfn itself (translated)
//   Pfn ──frame_va()──> kernel address  the direct map, which covers every Pfn this guest may ever own
//
// One kernel runs in every model: the platform says which one this is (Xen: XENVER_get_features).
// The implementations are the architecture's: arch/<arch>/kernel/model_*.cpp.
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
  u64 extra;  // frames owned outside [0, limit), for devices
};

struct GrantOps;    // granted.h
struct MachineMap;  // machine_map.h

struct MemoryModel {
  const char* name;

  // Builds the model's tables and the direct map, and publishes the P2M where the model has one of its own.
  BootFrames (*boot)();
  // Calls `give` for each frame inside [first_taken, end_taken) that nothing needs any more.
  void (*reclaim)(void (*give)(Pfn first, u64 count));

  Mfn (*machine)(Pfn pfn);      // invalid_frame: the guest does not own this frame now
  Pfn (*guest_frame)(Mfn mfn);  // and back

  // Gives frames back to the hypervisor (they must be mapped nowhere but in the direct map), and takes memory
  // for frames given back before, which `accept` changes to those that have come where a frame's number is
  // not this kernel's to choose. At most model_batch at a time.
  ModelResult (*release)(const Pfn* frames, unsigned count);
  ModelResult (*accept)(Pfn* frames, unsigned count);

  // Maps frames of another domain, by the numbers that the hypervisor knows them by, side by side. Null when
  // a frame is refused (error says why).
  void* (*map_foreign)(unsigned domain, const Mfn* frames, unsigned count, bool writable, long& error);
  // Device registers at a machine address; uncached.
  void* (*map_device)(u64 machine_address, u64 bytes, long& error);
  void (*unmap_window)(void* va, unsigned count);

  // Memory that devices access: a page, kept for ever (null: none left); and what a device calls a byte of
  // this kernel's memory, whatever page it is in. 0: it cannot reach that.
  void* (*device_page)();
  u64 (*device_address)(const void* va);
  // The tables that say the same, for drivers that look it up themselves; null: there are none to be read.
  const MachineMap* (*machine_map)();

  const GrantOps* grants;  // null: no other domain's frames can be had

  // The same as device_page(): a power of two of them, up to model_batch, side by side for the kernel and for
  // devices.
  void* (*device_pages)(unsigned count);

  // As `accept`, model_extent frames from `first` on, a multiple of that, in one piece of the machine's
  // memory. Null: pieces are nothing to this model.
  ModelResult (*accept_extent)(Pfn first) = nullptr;

  // This kernel goes on in another domain, made of its memory: what tells the hypervisor machine frames is
  // made anew. Null: nothing does.
  void (*resumed)() = nullptr;
};

extern const MemoryModel* memory_model;  // set before anything else here is used

// What the hypervisor says of a domain's tables.
struct DomainTables {
  bool translated;  // they hold guest frames: XENFEAT_auto_translated_physmap
  bool plain;       // they are this domain's own memory: XENFEAT_writable_page_tables
  bool pmt;         // translated, and it may read the hypervisor's P2M (pmt.h)
};
const MemoryModel* arch_model(const DomainTables& tables);

// For boot(). A domU may grow up to its maximum reservation; dom0's may be unlimited, so it never grows past
// what it got.
Pfn model_reservation_limit();

constexpr unsigned model_batch = 128;
constexpr unsigned model_extent_order = 9, model_extent = 1u << model_extent_order;  // 2 MiB
void* frame_va(Pfn pfn);
Pfn va_frame(const void* va);

inline BootFrames model_boot() { return memory_model->boot(); }
inline void model_reclaim(void (*give)(Pfn first, u64 count)) { memory_model->reclaim(give); }
inline Mfn model_machine(Pfn pfn) { return memory_model->machine(pfn); }
inline Pfn model_guest_frame(Mfn mfn) { return memory_model->guest_frame(mfn); }
inline ModelResult model_release(const Pfn* frames, unsigned count) {
  return memory_model->release(frames, count);
}
inline ModelResult model_accept(Pfn* frames, unsigned count) { return memory_model->accept(frames, count); }
inline void* model_map_foreign(unsigned domain, const Mfn* frames, unsigned count, bool writable,
                               long& error) {
  return memory_model->map_foreign(domain, frames, count, writable, error);
}
inline void* model_map_device(u64 machine_address, u64 bytes, long& error) {
  return memory_model->map_device(machine_address, bytes, error);
}
inline void model_unmap_window(void* va, unsigned count) { memory_model->unmap_window(va, count); }
