#include "sim/platform/bus/bus.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace xs::platform {

Bus::Bus(const sc_core::sc_module_name& name) : sc_module(name), in("in"), out("out") {
  in.register_b_transport(this, &Bus::b_transport);
  in.register_get_direct_mem_ptr(this, &Bus::get_direct_mem_ptr);
  in.register_transport_dbg(this, &Bus::transport_dbg);
}

void Bus::map(u64 base, u64 size, TargetSocket& target) {
  for (const Route& r : routes_)
    if (base < r.base + r.size && r.base < base + size) throw std::logic_error("overlapping bus ranges");
  const Route route{base, size, static_cast<int>(routes_.size())};
  out.bind(target);
  const auto place =
      std::find_if(routes_.begin(), routes_.end(), [&](const Route& r) { return r.base > base; });
  routes_.insert(place, route);
}

const Bus::Route* Bus::decode(const tlm::tlm_generic_payload& trans) const {
  const u64 address = trans.get_address();
  auto after = std::upper_bound(routes_.begin(), routes_.end(), address,
                                [](u64 a, const Route& r) { return a < r.base; });
  if (after == routes_.begin()) return nullptr;
  const Route& route = *--after;
  const u64 offset = address - route.base;
  return offset < route.size && trans.get_data_length() <= route.size - offset ? &route : nullptr;
}

void Bus::b_transport(int, tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
  const Route* route = decode(trans);
  if (!route) {
    if (trans.is_read()) std::memset(trans.get_data_ptr(), 0xff, trans.get_data_length());
    trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  const u64 address = trans.get_address();
  trans.set_address(address - route->base);
  out[route->target]->b_transport(trans, delay);
  trans.set_address(address);
}

bool Bus::get_direct_mem_ptr(int, tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) {
  const Route* route = decode(trans);
  if (!route) {
    dmi.set_start_address(trans.get_address());
    dmi.set_end_address(trans.get_address());
    return false;
  }
  const u64 address = trans.get_address();
  trans.set_address(address - route->base);
  const bool granted = out[route->target]->get_direct_mem_ptr(trans, dmi);
  trans.set_address(address);
  dmi.set_start_address(dmi.get_start_address() + route->base);
  dmi.set_end_address(std::min<u64>(dmi.get_end_address(), route->size - 1) + route->base);
  return granted;
}

unsigned Bus::transport_dbg(int, tlm::tlm_generic_payload& trans) {
  const Route* route = decode(trans);
  if (!route) return 0;
  const u64 address = trans.get_address();
  trans.set_address(address - route->base);
  const unsigned bytes = out[route->target]->transport_dbg(trans);
  trans.set_address(address);
  return bytes;
}

}  // namespace xs::platform
