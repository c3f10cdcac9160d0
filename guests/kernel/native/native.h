// The kernel without a hypervisor: what it does where a domain has its toolstack or its xenstore.
#pragma once
#include "guests/kernel/operator/operator.h"

// Starts the processes and serves an operator; `line` is where he sits when there is no virtio console.
void native_start(const OperatorPort& line);
