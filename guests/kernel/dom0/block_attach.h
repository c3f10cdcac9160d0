#pragma once
#include "guests/kernel/operator/verbs.h"

// block-attach <domain> <target> <vdev> <mode>: targets are those of block/slice.h, vdev is xvda to xvdp,
// mode r or w.
void do_block_attach(const CommandLine& c, Status& status);
constexpr Verb block_attach_verb = {
    "block-attach", 4, "<domain> disk[:<first>+<sectors>]|file:<name> <vdev> r|w", do_block_attach};
