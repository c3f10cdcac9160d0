// A view of a domain's frames that shows some after others: where the model can, in the places of those
// before, so that nothing is taken away, and flushed, until all is done. Open, it keeps the frames that it
// has shown last from leaving their domain, which therefore cannot end, and to log-dirty they count as
// written (docs/memory-models.md): close it before either matters.
#pragma once
#include "guests/lib/types.h"

class ForeignWindow {
 public:
  explicit ForeignWindow(bool writable) : writable_(writable) {}
  ~ForeignWindow() { close(); }
  ForeignWindow(const ForeignWindow&) = delete;
  ForeignWindow& operator=(const ForeignWindow&) = delete;

  // Side by side; valid until the next call. Null when a frame is refused (error says why): it is closed
  // then.
  u8* show(unsigned domain, const Mfn* frames, unsigned count, long& error);
  void close();

 private:
  bool writable_;
  void* pages_ = nullptr;
  unsigned count_ = 0;
};
