// What all models share, and the choice between them.
#include "direct_map.h"
#include "guests/kernel/memory_model.h"
#include "table_ops.h"

extern const MemoryModel model_direct, model_identity, model_translated, model_with_pmt;
TableOps table_ops;

const MemoryModel* arch_model(const DomainTables& tables) {
  if (tables.pmt) return &model_with_pmt;
  if (tables.translated) return &model_translated;
  return tables.plain ? &model_identity : &model_direct;
}

void* frame_va(Pfn pfn) { return reinterpret_cast<void*>(direct_map_base + (pfn << page_shift)); }
Pfn va_frame(const void* va) { return (reinterpret_cast<u64>(va) - direct_map_base) >> page_shift; }
