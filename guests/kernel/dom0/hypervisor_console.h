// The hypervisor's own console as operator channel, for machines without virtio: dom0 may read its input.
#pragma once
#include "guests/kernel/operator/operator.h"

OperatorPort hypervisor_console_port();
