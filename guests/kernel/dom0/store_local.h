// The store as dom0's own drivers use it: straight in the tree.
#pragma once

void store_local_use();
