// The store as dom0's own drivers use it: straight in the tree.
#pragma once

void store_local_use();
// What a change of `path` is to them; called by whoever makes it.
void store_local_fire(const char* path);
