#include "guests/ia64/firmware/firmware.h"

namespace firmware {

extern "C" {
[[gnu::section(".parameters")]] Data firmware_data{};
}

}  // namespace firmware
