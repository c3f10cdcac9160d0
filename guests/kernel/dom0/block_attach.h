#pragma once
#include "guests/kernel/operator/verbs.h"

// block-attach <domain> <target> <vdev> <mode> [backend=<domain>]: targets are those of block/slice.h, vdev
// is xvda to xvdp, mode r or w. Once more, after the backend's domain has gone: another one.
void do_block_attach(const CommandLine& c, Status& status);
// Somebody writes there; or, of a slice that is to be written, anybody has it.
struct Slice;
bool disk_is_in_use(u32 backend, const Slice& wanted);
constexpr Verb block_attach_verb = {
    "block-attach", any_number, "<domain> disk[:<first>+<sectors>]|file:<name> <vdev> r|w [backend=<domain>]",
    do_block_attach};
