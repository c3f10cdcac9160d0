// Descriptor tables of the bare machine, and the entries of entry.S that they lead to.
#pragma once

void descriptors_init();
