// Xen's public guest ABI (package libxen-dev). The tools' view adds the domctl and sysctl structures.
// Error numbers are XEN_E*; handlers return their negatives.
#pragma once
#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif
#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <stdint.h>

#include "arch_xen_abi.h"  // <xen/xen.h> with this architecture's guest structures

#include <xen/callback.h>
#include <xen/domctl.h>
#include <xen/elfnote.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>
