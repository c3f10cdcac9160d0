#pragma once
#include "guests/kernel/operator/command_line.h"

// network-attach <domain> [receive=copy|flip|donate-copy|donate-free|exchange] [backend=<domain>]
void do_network_attach(const CommandLine& c, Status& status);
// Numbers of domains by their names, for commands of the network.
bool device_owner(const char* name, u64& domain);
// dom0's number on the network: `host=<n>` on its command line, 0 unless told. A machine that shares a wire
// with others needs one that leaves room for its domains.
u32 network_own_host();
// The number that the domain's first interface has on the network: its own behind dom0's, unless it is told
// another or has been another domain before.
bool network_host(const char* name, u64& host);
