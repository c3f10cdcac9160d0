#include "guests/lib/errno.h"

#include "guests/lib/types.h"

namespace {
struct ErrnoName {
  int value;
  const char* name;
};
constexpr ErrnoName names[] = {
#define XEN_ERRNO(name, value) {value, #name},
#include <xen/errno.h>
};
}  // namespace

const char* errno_name(long error) {
  long value = error < 0 ? -error : error;
  for (const auto& e : names)
    if (e.value == value) return e.name;
  return "EUNKNOWN";
}
