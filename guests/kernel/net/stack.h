// As much of IP as a workload needs: echo, and datagrams whose contents can be verified.
#pragma once
#include "guests/kernel/net/interface.h"
#include "guests/kernel/operator/verbs.h"

// This kernel's own address is that of `domain`; its packets leave by `port`.
void stack_use(u32 domain, NetPort& port);
// ... and by that port no more.
void stack_leave(NetPort& port);
// A packet for this kernel has come in; taken over.
void stack_receive(Packet* packet);

// Whom commands may name besides by number; null: nobody.
extern bool (*stack_name)(const char* name, u64& domain);
// ping <domain>|<address> [count=] [bytes=], stream <domain>|<address> [packets=] [bytes=]
void do_ping(const CommandLine& c, Status& status);
void do_stream(const CommandLine& c, Status& status);
constexpr Verb ping_verb = {"ping", any_number, "<domain>|<address> [count=<n>] [bytes=<n>]", do_ping};
constexpr Verb stream_verb = {"stream", any_number, "<domain>|<address> [packets=<n>] [bytes=<n>]",
                              do_stream};
