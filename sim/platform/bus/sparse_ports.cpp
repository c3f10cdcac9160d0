#include "sim/platform/bus/sparse_ports.h"

namespace xs::platform {

SparsePorts::SparsePorts(const sc_core::sc_module_name& name) : sc_module(name), in("in"), out("out") {
  in.register_b_transport(this, &SparsePorts::b_transport);
}

void SparsePorts::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
  constexpr unsigned widest = 4;  // of IN and OUT
  if (trans.get_data_length() > widest) {
    trans.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    return;
  }
  const u64 offset = trans.get_address();
  trans.set_address(port_of(offset));
  out->b_transport(trans, delay);
  trans.set_address(offset);
}

}  // namespace xs::platform
