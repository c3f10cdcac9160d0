// ask: asks a server (serve.h), one request at a time, each until it is answered, and verifies by the answers
// that none was lost and none done twice.
//
//   net: ask domain 1: 1000 requests, 1000 answered, 3 repeated, longest gap 12.345 ms
//
// Behind that, when something is wrong: `net: ask domain 1: FAILURE ...`. The gap is the longest time between
// two answers: how long the server was away, as an asker sees it. detach=1: in a thread of its own.
#pragma once
#include "guests/kernel/operator/verbs.h"

void do_ask(const CommandLine& c, Status& status);
constexpr Verb ask_verb = {
    "ask", any_number,
    "<domain>|<address> [requests=<n>] [bytes=<n>] [interval_us=<n>] [timeout_s=<n>] [detach=1]", do_ask};
