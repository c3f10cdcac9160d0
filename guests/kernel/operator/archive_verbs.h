// files: the members of the archive; hash <file>: FNV-1a of one.
#pragma once
#include "guests/kernel/operator/verbs.h"

void do_files(const CommandLine& c, Status& status);
void do_hash(const CommandLine& c, Status& status);
constexpr Verb files_verb = {"files", 0, "", do_files};
constexpr Verb hash_verb = {"hash", 1, "<file>", do_hash};
