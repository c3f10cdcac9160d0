// Paravirtual devices as the toolstack makes them: two directories in xenstore, one for each end.
#pragma once
#include "guests/kernel/dom0/domain_list.h"

struct DeviceEnds {
  char front[64], back[64];  // the directories
  u32 domain, backend;
};
DeviceEnds device_ends(const char* kind, u32 domain, u32 backend, unsigned number);

// What a directory says of the device, beside what every device's does; a null key ends a list.
struct DeviceKey {
  const char* key;
  const char* value;
};
// 0 or a negative errno.
long device_add(const DeviceEnds& ends, const DeviceKey* front, const DeviceKey* back);
// The frontends' directories have gone: waits until backends have let go of the domain's memory.
void devices_settle(u32 domain);
