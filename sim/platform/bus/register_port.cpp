#include "sim/platform/bus/register_port.h"

#include <algorithm>
#include <cstring>

namespace xs::platform {

RegisterPort::RegisterPort(sc_core::sc_module_name name, RegisterDevice& device, SimHost& host)
    : sc_module(name), in("in"), device_(device), host_(host) {
  in.register_b_transport(this, &RegisterPort::b_transport);
}

void RegisterPort::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
  const unsigned length = trans.get_data_length();
  if (trans.get_byte_enable_ptr() || length == 0 || length > 8 || (length & (length - 1))) {
    trans.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    return;
  }
  SimHost::Access scope(host_, delay);
  const bool write = trans.is_write();
  const unsigned step = std::min(length, device_.max_access());
  bool ok = true;
  for (unsigned done = 0; done < length; done += step)
    ok = access(write, trans.get_address() + done, trans.get_data_ptr() + done, step) && ok;
  trans.set_response_status(ok ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

bool RegisterPort::access(bool write, u64 offset, u8* data, unsigned size) {
  u64 value = ~u64{0};
  if (write) {
    value = 0;
    std::memcpy(&value, data, size);
    return device_.write(offset, size, value);
  }
  const bool ok = device_.read(offset, size, value);
  if (!ok) value = ~u64{0};
  std::memcpy(data, &value, size);
  return ok;
}

}  // namespace xs::platform
