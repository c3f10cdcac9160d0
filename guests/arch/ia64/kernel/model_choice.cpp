// What all models share: region 7 shows all of memory. And the choice between those of a domain.
#include "arch_cpu.h"
#include "guests/kernel/memory_model.h"
#include "layout.h"

extern const MemoryModel model_identity, model_translated, model_with_pmt;

const MemoryModel* arch_model(const DomainTables& tables) {
  if (tables.pmt) return &model_with_pmt;
  return tables.translated ? &model_translated : &model_identity;
}

void* frame_va(Pfn pfn) {
  return reinterpret_cast<void*>(KERNEL_BASE + (memory_model->machine(pfn) << page_shift));
}
Pfn va_frame(const void* va) {
  return memory_model->guest_frame((reinterpret_cast<u64>(va) - KERNEL_BASE) >> page_shift);
}
