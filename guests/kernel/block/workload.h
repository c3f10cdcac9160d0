// What a domain does with a virtual disk. Both wait for it, as it may be attached later.
//
// block-verify [disk=xvda] [sectors=] [rounds=]   writes, flushes, reads back and compares
// block-hash [disk=xvda]                          FNV-1a of all of it
#pragma once
#include "guests/kernel/block/block.h"
#include "guests/kernel/operator/verbs.h"

// The disk that a verb is about, once it is there; null: status says why. `keys` are all that the verb knows.
BlockDisk* block_disk_of(const CommandLine& c, const char* const* keys, unsigned key_count, Status& status);

void do_block_verify(const CommandLine& c, Status& status);
void do_block_hash(const CommandLine& c, Status& status);
constexpr Verb block_verify_verb = {"block-verify", any_number, "[disk=<vdev>] [sectors=<n>] [rounds=<n>]",
                                    do_block_verify};
constexpr Verb block_hash_verb = {"block-hash", any_number, "[disk=<vdev>]", do_block_hash};
