#include "guests/kernel/foreign_window.h"

#include "guests/kernel/memory_model.h"

u8* ForeignWindow::show(unsigned domain, const Mfn* frames, unsigned count, long& error) {
  if (!memory_model->replace_foreign || count > count_) close();
  if (pages_) {
    error = memory_model->replace_foreign(pages_, domain, frames, count);
    if (error) close();
  } else {
    pages_ = model_map_foreign(domain, frames, count, writable_, error);
    count_ = pages_ ? count : 0;
  }
  return static_cast<u8*>(pages_);
}

void ForeignWindow::close() {
  if (pages_) model_unmap_window(pages_, count_);
  pages_ = nullptr;
  count_ = 0;
}
