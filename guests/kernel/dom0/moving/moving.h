// Domains leave this dom0 in a stream and come to it in one (docs/stream.md, docs/migration.md).
//
//   save      suspend ─> static data ─> memory ─> what else there is ─> destroy, or go on
//   restore   static data: an empty domain ─> memory ─> what else there is ─> devices ─> it runs
//
// What a stream's records are about in an architecture and memory model: arch/<arch>/kernel/moving_*.cpp.
#pragma once
#include "guests/kernel/dom0/domain_list.h"
#include "guests/kernel/operator/verbs.h"
#include "guests/lib/stream/format.h"

void do_save(const CommandLine& c, Status& status);
void do_restore(const CommandLine& c, Status& status);
constexpr Verb save_verb = {"save", any_number, "<domain> disk|disk:<first>+<sectors> [checkpoint=1]",
                            do_save};
constexpr Verb restore_verb = {"restore", any_number, "disk|disk:<first>+<sectors>|file:<name> [name=<name>]",
                               do_restore};

// --- architecture ---
// Whether domains of that model can be moved.
bool arch_moves(xs_memory_model model);
stream::DomainType arch_stream_type(xs_memory_model model);
// Where the domain's start_info is: by the registers of its VCPU 0 as it suspended, or by its shared_info.
Pfn arch_start_info(const vcpu_guest_context_t& first, const shared_info_t& shared);
// What of shared_info was about the domain that it was.
void arch_forget_shared_info(shared_info_t& shared);
