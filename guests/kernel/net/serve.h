// serve [pages=<n>]: answers requests (asking.h) from now on, whatever else this kernel does. Each asker has
// pages of its own, which every request of its finds as the one before has left them, and writes anew. When a
// series ends:
//
//   net: served domain 0: 1000 requests, 3 repeated, 0 late, 4000 pages verified
//
// and `net: serve: FAILURE ...` when a page is not as it was left, or a request has been forgotten.
#pragma once
#include "guests/kernel/operator/verbs.h"

void do_serve(const CommandLine& c, Status& status);
constexpr Verb serve_verb = {"serve", any_number, "[pages=<n>]", do_serve};
