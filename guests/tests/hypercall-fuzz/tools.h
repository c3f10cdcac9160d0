// The toolstack's hypercalls, where the guest is dom0: hostile operations on domains made for that.
#pragma once

// Domains that hostile calls have made go, a new one to be tormented comes. Nothing in a domU.
void tools_heal();
