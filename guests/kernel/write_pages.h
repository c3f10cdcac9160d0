#pragma once
#include "guests/kernel/operator/verbs.h"

// Writes a word of each of some pages, again and again, at a given rate, and says how long the stores took:
//
//   write-pages: 64 pages, 200 rounds, 1234567 ns of stores, 0 wrong
void do_write_pages(const CommandLine& c, Status& status);
constexpr Verb write_pages_verb = {"write-pages", any_number, "[pages=64] [every_us=1000] [rounds=200]",
                                   do_write_pages};
