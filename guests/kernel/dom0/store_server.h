// xenstored: answers the wire protocol on each domain's ring (xen/io/xs_wire.h).
// A domain may read and write below its own /local/domain/<id>, and what permissions let it.
#pragma once
#include "guests/kernel/dom0/domain_list.h"

// -ENOMEM.
long store_connect(Domain& domain);
void store_disconnect(Domain& domain);
// Moves bytes and answers a few requests; true: there may be more, and others come first.
bool store_serve(Domain& domain);
// A write by the toolstack; fires the domains' watches.
long store_write_text(const char* path, const char* text);
void store_fire_watches(const char* path);
// Before the path goes with all below it.
void store_tell_removal(const char* path);
// Told of every change, for watchers in dom0 itself; null: there are none.
extern void (*store_changed)(const char* path);
// All below a path goes, and whoever watched anything of it is told.
long store_remove_tree(const char* path);
// Is `path` the one that is watched, or below it?
bool store_below(const char* path, const char* watched);
