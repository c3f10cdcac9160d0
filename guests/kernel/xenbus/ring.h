// Before any header of <xen/io/> that defines rings: what xen/io/ring.h expects to be there already.
#pragma once
#include "arch_cpu.h"
#include "guests/lib/hypercall.h"

#define xen_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
