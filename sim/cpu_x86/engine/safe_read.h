#pragma once
#include <sys/uio.h>
#include <unistd.h>

#include <cstddef>

namespace xs::x86 {

/// Reads memory that may not be mapped.
inline bool safe_read(const void* address, void* out, std::size_t size) {
  const iovec to{out, size}, from{const_cast<void*>(address), size};
  return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == static_cast<ssize_t>(size);
}

}  // namespace xs::x86
