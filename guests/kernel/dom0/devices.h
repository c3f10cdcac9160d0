// Paravirtual devices as the toolstack makes them: two directories in xenstore, one for each end.
#pragma once
#include "guests/kernel/dom0/domain.h"
#include "guests/kernel/operator/command_line.h"

// network-attach <domain> [receive=copy|flip] [backend=<domain>]
void do_network_attach(const CommandLine& c, Status& status);
// Numbers of domains by their names, for commands of the network.
bool device_owner(const char* name, u64& domain);
// The frontends' directories have gone: waits until backends have let go of the domain's memory.
void devices_settle(u32 domain);
