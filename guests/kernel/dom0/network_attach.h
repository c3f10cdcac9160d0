#pragma once
#include "guests/kernel/operator/command_line.h"

// network-attach <domain> [receive=copy|flip|donate-copy|donate-free|exchange] [backend=<domain>]
void do_network_attach(const CommandLine& c, Status& status);
// Numbers of domains by their names, for commands of the network.
bool device_owner(const char* name, u64& domain);
// The number that the domain's first interface has on the network: its own, unless it has been another domain
// before.
bool network_host(const char* name, u64& host);
