#pragma once
#include "guests/kernel/operator/verbs.h"

// device-attach <domain> <slot>: the device in a slot that dom0 leaves alone (`hide=`) is the domain's: its
// page of registers and its interrupt. device-detach <domain> <slot>: it is nobody's again.
void do_device_attach(const CommandLine& c, Status& status);
void do_device_detach(const CommandLine& c, Status& status);
