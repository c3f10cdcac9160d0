#pragma once
#include "guests/kernel/operator/verbs.h"

// Writes some pages, again and again, at a given rate: a word of each, or with verify=1 all of it. Each page
// is looked at before it is written again. A round begins every `every_us`; rounds that begin later than
// that, since the domain was suspended or the one before took longer, are counted. detach=1: in a thread of
// its own, as often as asked, or until the domain ends.
//
//   write-pages: 64 pages, 200 rounds, 1234567 ns of stores, 0 wrong
//   write-pages: 3 rounds began late                                      (if any)
//
// Wrong ones are told when they are found: `write-pages: FAILURE page 12 is not as round 34 left it`.
void do_write_pages(const CommandLine& c, Status& status);
constexpr Verb write_pages_verb = {"write-pages", any_number,
                                   "[pages=64] [every_us=1000] [rounds=200|forever] [verify=1] [detach=1]",
                                   do_write_pages};
