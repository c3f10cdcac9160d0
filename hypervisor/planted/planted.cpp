// Which bug the command line asks for. Not in the hypervisor that is shipped (common/planted.h).
#include "hypervisor/common/planted.h"

#include "hypervisor/common/boot.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/print.h"

namespace hv {
namespace {

struct Name {
  const char* text;
  Bug bug;
};
#define HV_PLANTED_ROW(name) {#name, Bug::name},
constexpr Name kNames[] = {{"none", Bug::none}, HV_PLANTED_BUGS(HV_PLANTED_ROW)};
#undef HV_PLANTED_ROW

Bug asked_for() {
  char text[40];
  if (!cmdline_value(boot_memory.cmdline, "planted=", text, sizeof text)) return Bug::none;
  for (char& c : text)
    if (c == '-') c = '_';
  for (const Name& name : kNames)
    if (strcmp(text, name.text) == 0) return name.bug;
  panic("planted=%s: no such bug", text);
}

}  // namespace

bool planted(Bug bug) {
  static const Bug chosen = asked_for();
  return chosen == bug;
}

}  // namespace hv
