// 16550 that firmware calls its console: the console, and the operator's line where there is no virtio
// console.
#pragma once
#include "guests/kernel/operator/operator.h"

void serial_init(u64 physical_address);
void serial_write(const char* text, size_t length);
OperatorPort serial_operator_port();
