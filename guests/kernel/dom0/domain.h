// What becomes of domains: served, watched, ended.
#pragma once
#include "guests/kernel/dom0/domain_list.h"

// Maps the shared pages, binds the event channels and starts serving. Takes the Domain over when it succeeds.
long domain_connect(Domain* domain);
// Releases everything dom0 holds of the domain and destroys it; the hypervisor may need several calls.
long domain_destroy(Domain* domain);
// The part of it that also serves a half-built domain: unmaps, closes ports, frees the record.
void domain_disconnect(Domain* domain);
// Asks the domain to stand still in SHUTDOWN_suspend, and waits for it. -EBUSY: it has been asked already;
// -ETIMEDOUT: it has not answered, and is asked no more; -ESRCH: it has ended meanwhile.
long domain_suspend(u32 id);
// A suspended domain goes on, as itself.
long domain_resume(u32 id);
// Starts the thread that notices domains which crashed or shut down (VIRQ_DOM_EXC).
void domain_watch_start();

// Guests' PV console rings (for guests that may not use the hypervisor's console), printed by whole lines.
void console_ring_drain(Domain& domain);
