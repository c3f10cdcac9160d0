// What a domain has beside memory, as settings of a stream's configuration ("key=value").
//
//   name=web  target=<KiB>  vif=receive=copy host=1  disk=disk:0+2000 xvda w
//
// Devices are words of `network-attach` and `block-attach`, without the domain. They are read where backends
// have them, whose directories are not the domain's to write.
#pragma once
#include "guests/kernel/dom0/domain_list.h"
#include "guests/kernel/operator/status.h"

constexpr u32 settings_room = 4 * KiB, settings_count = 32;

struct Settings {
  const char* list[settings_count];
  u32 count = 0, used = 0;
  char text[settings_room];
  bool full = false;  // something did not fit

  void add(const char* key, const char* fmt, ...) __attribute__((format(printf, 3, 4)));
};

// False: it has more than the room is for, or a device that cannot be named (the backend's directory is not
// as the toolstack has made it).
bool settings_of(const Domain& domain, Settings& settings);
// `setting` is one of those above: "vif=..." or "disk=...".
void settings_attach(const char* domain, const char* setting, Status& status);
