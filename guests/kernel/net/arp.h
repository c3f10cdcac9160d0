// Whose station an address is. Domains' need not be asked for; others' are (ARP, RFC 826).
#pragma once
#include "guests/kernel/net/interface.h"

// False: not known.
bool arp_station(u32 host, u8 (&station)[6]);
// Asks by `out`, as the host `own`, until somebody answers; false: nobody does.
bool arp_find(NetPort& out, u32 own, u32 host);
// A packet of ARP has come in.
void arp_receive(NetPort& out, u32 own, const Packet& packet);
