#pragma once

namespace hv {

void serial_init();
/// Characters arrive by interrupt from now on.
void serial_enable_input();
void serial_interrupt();

}  // namespace hv
