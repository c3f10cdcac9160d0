// Memory on the bare machine: this kernel owns all of it.
#include "../model_flat.h"
#include "guests/kernel/native/ram.h"

extern const MemoryModel model_native;
constexpr MemoryModel model_native = {"native",        flat_boot,   flat_reclaim,     ram_machine,
                                      ram_guest_frame, flat_refuse, flat_accept_none, flat_no_foreign,
                                      flat_map_device, flat_unmap,  flat_device_page, flat_device_address,
                                      nullptr,         nullptr,     flat_device_pages};
