// A domU that drives devices for others: `backend=net` or `backend=block` on its command line.
#pragma once

// True: it drives the network, so that it has no interface of another's.
bool driver_domain_start(const char* command_line);
