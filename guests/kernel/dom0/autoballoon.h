// Room for a new domain. With `autoballoon=on` on dom0's command line dom0 donates what is missing by its
// balloon, as xl does; otherwise what is not free is not there.
#pragma once
#include "guests/kernel/dom0/domain_builder.h"
#include "guests/kernel/operator/operator.h"

// False, and says why, when there is not enough memory.
bool make_room(const DomainConfig& config, Status& status);
