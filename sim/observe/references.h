// References that page tables hold, counted from machine memory.
//
//   validated L4/L3/L2 entry --> one type and one general reference on the table it names
//   validated L1 entry, writable --> one writable-type and one general reference on the frame
//   validated L1 entry, read-only --> one general reference
//
// Slots 256..271 of an L4 are the hypervisor's (xen/arch-x86/xen-x86_64.h) and hold none.
#pragma once
#include <functional>
#include <vector>

#include "sim/core/memory_port.h"
#include "sim/observe/trace_state.h"

namespace xs::observe {

struct References {
  u32 general = 0, type = 0;
};

/// One present entry of a validated table.
struct TableEntry {
  u64 table_mfn = 0;
  u32 table_owner = 0;
  unsigned level = 0;  ///< of the table, 1..4
  unsigned slot = 0;
  u64 target_mfn = 0;
  bool writable = false;
};

class ReferenceCounter {
 public:
  ReferenceCounter(MemoryPort& memory, const TraceState& state) : memory_(memory), state_(state) {}
  /// Visits every present entry of every validated table of any domain, and counts references on RAM frames.
  /// `type_refs(index)`: current type references of a frame; tables without any are not in use.
  void walk(const std::function<u64(u32 index)>& type_refs,
            const std::function<void(const TableEntry&)>& visit);
  /// One more, that is no table's.
  void add(u32 index, bool with_type) {
    ++references_;
    ++counts_[index].general;
    counts_[index].type += with_type;
  }
  const References& at(u32 index) const { return counts_[index]; }
  u64 tables() const { return tables_; }
  u64 references() const { return references_; }

 private:
  void walk_table(u32 index, unsigned level, const std::function<void(const TableEntry&)>& visit);

  MemoryPort& memory_;
  const TraceState& state_;
  std::vector<References> counts_;
  u64 tables_ = 0, references_ = 0;
};

}  // namespace xs::observe
