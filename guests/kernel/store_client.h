// xenstore as an unprivileged domain uses it: one thread watches what concerns this domain and obeys.
//
//   memory/target     (KiB) -> balloon;  memory/actual is written back
//   control/shutdown  poweroff | reboot | halt | crash | suspend
#pragma once

void store_client_start();
