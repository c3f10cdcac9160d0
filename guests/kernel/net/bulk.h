// Much data over TCP, every byte of which is verified: to port 9 (discard, RFC 863), which every kernel with
// an interface serves.
#pragma once
#include "guests/kernel/operator/verbs.h"

void bulk_serve();
void do_bulk(const CommandLine& c, Status& status);
constexpr Verb bulk_verb = {"bulk", any_number, "<domain>|<address> [bytes=<n>]", do_bulk};
