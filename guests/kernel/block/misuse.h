// A frontend that is no friend of its backend's.
//
// block-misuse [disk=xvda] [ring=1]   requests that must be refused, each by its status; then (ring=1) more
// of
//                                     them than the ring can hold, after which the backend must be gone
#pragma once
#include "guests/kernel/block/blkif.h"
#include "guests/kernel/block/block.h"
#include "guests/kernel/operator/verbs.h"

// The request as it is, but for its id. 0, -EOPNOTSUPP or -EIO, as it is answered.
long block_send(BlockDisk& disk, const blkif_request_t& request);
// Claims requests that are not there; the backend has gone before the deadline.
bool block_overrun(BlockDisk& disk, u64 deadline_ns);
u32 block_backend(const BlockDisk& disk);

void do_block_misuse(const CommandLine& c, Status& status);
constexpr Verb block_misuse_verb = {"block-misuse", any_number, "[disk=<vdev>] [ring=1]", do_block_misuse};
