// DRAM as a TLM-2.0 target: one range, DMI granted for all of it.
#pragma once
#include <tlm_utils/simple_target_socket.h>

#include <systemc>

#include "sim/core/memory_port.h"

namespace xs::platform {

class DramPort : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<DramPort> in;

  DramPort(sc_core::sc_module_name name, const RamRange& range);

 private:
  void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay);
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi);
  unsigned transport_dbg(tlm::tlm_generic_payload& trans);

  RamRange range_;
};

}  // namespace xs::platform
