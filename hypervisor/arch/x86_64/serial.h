#pragma once

namespace hv {

void serial_init();
/// Input interrupts on, once their route exists.
void serial_enable_input();
/// The UART's interrupt: hands what was typed to the console.
void serial_interrupt();

}  // namespace hv
