#include "sim/platform/bus/dram_port.h"

#include <cstring>

namespace xs::platform {

DramPort::DramPort(sc_core::sc_module_name name, const RamRange& range)
    : sc_module(name), in("in"), range_(range) {
  in.register_b_transport(this, &DramPort::b_transport);
  in.register_get_direct_mem_ptr(this, &DramPort::get_direct_mem_ptr);
  in.register_transport_dbg(this, &DramPort::transport_dbg);
}

// The bus has checked that address and length lie inside the range.
void DramPort::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time&) {
  if (trans.get_byte_enable_ptr()) {
    trans.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    return;
  }
  transport_dbg(trans);
  trans.set_dmi_allowed(true);
  trans.set_response_status(tlm::TLM_OK_RESPONSE);
}

unsigned DramPort::transport_dbg(tlm::tlm_generic_payload& trans) {
  u8* ram = range_.host + trans.get_address();
  if (trans.is_write())
    std::memcpy(ram, trans.get_data_ptr(), trans.get_data_length());
  else if (trans.is_read())
    std::memcpy(trans.get_data_ptr(), ram, trans.get_data_length());
  return trans.get_data_length();
}

bool DramPort::get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
  dmi.set_dmi_ptr(range_.host);
  dmi.set_start_address(0);
  dmi.set_end_address(range_.size - 1);
  dmi.allow_read_write();
  return true;
}

}  // namespace xs::platform
