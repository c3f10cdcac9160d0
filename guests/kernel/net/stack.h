// As much of IP as a workload needs: echo, datagrams whose contents can be verified, and TCP (tcp.h, bulk.h).
#pragma once
#include "guests/kernel/net/interface.h"
#include "guests/kernel/operator/verbs.h"

// This kernel is the host of that number; its packets leave by `port`.
void stack_use(u32 host, NetPort& port);
// ... and by that port no more.
void stack_leave(NetPort& port);
// A packet for this kernel has come in; taken over.
void stack_receive(Packet* packet);

// A datagram for this kernel whose checksum is right; the bytes are behind UDP's header, and here for the
// call.
struct Datagram {
  u32 from;
  u16 from_port, to_port;
  const u8* bytes;
  u32 length;
};
// Datagrams to ports from `first` to `last` are taken by `take`. Again: by another one.
void stack_listen(u16 first, u16 last, void (*take)(const Datagram& datagram));
// As any datagram it may get lost, here already.
void stack_send_datagram(u32 to, u16 from_port, u16 to_port, const u8* bytes, u32 length);
// The host that a command names, once there is an interface, and somebody says that he is this host.
bool stack_find(const char* name, u64& host, Status& status);

// Whom commands may name besides by number; null: nobody.
extern bool (*stack_name)(const char* name, u64& domain);
// ping <domain>|<address> [count=] [bytes=], stream <domain>|<address> [packets=] [bytes=]
void do_ping(const CommandLine& c, Status& status);
void do_stream(const CommandLine& c, Status& status);
constexpr Verb ping_verb = {"ping", any_number, "<domain>|<address> [count=<n>] [bytes=<n>]", do_ping};
constexpr Verb stream_verb = {"stream", any_number, "<domain>|<address> [packets=<n>] [bytes=<n>]",
                              do_stream};
