// The TLM-2.0 face of a register block: converts a generic payload into register reads and writes.
#pragma once
#include <tlm_utils/simple_target_socket.h>

#include "sim/platform/bus/sim_host.h"

namespace xs::platform {

class RegisterPort : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<RegisterPort> in;

  RegisterPort(sc_core::sc_module_name name, RegisterDevice& device, SimHost& host);

 private:
  void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay);
  bool access(bool write, u64 offset, u8* data, unsigned size);

  RegisterDevice& device_;
  SimHost& host_;
};

}  // namespace xs::platform
