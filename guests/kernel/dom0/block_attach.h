#pragma once
#include "guests/kernel/operator/verbs.h"

// block-attach <domain> <target> <vdev> <mode> [backend=<domain>]: targets are those of block/slice.h, vdev
// is xvda to xvdp, mode r or w. Once more, after the backend's domain has gone: another one.
void do_block_attach(const CommandLine& c, Status& status);
constexpr Verb block_attach_verb = {
    "block-attach", any_number, "<domain> disk[:<first>+<sectors>]|file:<name> <vdev> r|w [backend=<domain>]",
    do_block_attach};
