// The local SAPIC of each CPU, and I/O SAPICs (SDM vol. 2 5.8).
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

constexpr u8 kVectorSpurious = 15;
constexpr u8 kVectorKick = 0xe0;   ///< look at need_schedule, events, requests
constexpr u8 kVectorTimer = 0xef;  ///< also sent by other CPUs: the queue's head has changed
constexpr u8 kVectorStop = 0xfe;   ///< somebody panics
constexpr u8 kVectorIoFirst = 0x30;

/// id << 8 | eid of this CPU.
u32 sapic_id();
void sapic_cpu_init();
void sapic_send(u32 id, u8 vector);
/// Takes and handles everything that is pending.
void handle_interrupts();

constexpr unsigned kGsiCount = 64;
void iosapic_init(Paddr address, unsigned first_gsi);
bool gsi_exists(unsigned gsi);
/// Routes `gsi` to CPU 0 and unmasks it. A level interrupt waits for gsi_eoi().
void gsi_enable(unsigned gsi);
void gsi_disable(unsigned gsi);
void gsi_eoi(unsigned gsi);
void gsi_set_trigger(unsigned gsi, bool level, bool active_low);

}  // namespace hv
