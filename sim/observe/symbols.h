// Code address -> text, over several images. Used for backtraces, unmodelled accesses and violations.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "sim/observe/image.h"

namespace xs::observe {

class Symbolizer {
 public:
  /// Images are asked in the order added; the first whose loadable segments contain the address answers.
  /// Guest kernels share addresses: use one symbolizer per domain.
  void add(std::shared_ptr<const Image> image) { images_.push_back(std::move(image)); }
  /// "xen.elf: do_memory_op+0x1f (hypervisor/common/memory.cpp:120)", as much of it as is known; the bare
  /// address "0xffff…" when no image contains it.
  std::string describe(u64 address) const;
  /// True when an image contains the address.
  bool covers(u64 address) const;
  /// Function name only, or "" .
  std::string function(u64 address) const;
  /// Rewrites the hypervisor's raw backtrace lines "(XEN)    [<ffff…>]" by appending describe().
  std::string annotate_backtrace(const std::string& console_line) const;

 private:
  std::vector<std::shared_ptr<const Image>> images_;
};

}  // namespace xs::observe
