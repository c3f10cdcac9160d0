// Xen's PVH hand-over structures; the header needs its includes in this order.
#pragma once
// clang-format off
#include <stdint.h>
#include <xen/xen.h>
#include <xen/arch-x86/hvm/start_info.h>
// clang-format on
