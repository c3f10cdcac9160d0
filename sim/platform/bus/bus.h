// A TLM-2.0 loosely-timed interconnect: one decode table, no arbitration, no latency of its own (cores charge
// the timing model's port_io and mmio). Unmapped addresses read as all ones and answer
// TLM_ADDRESS_ERROR_RESPONSE, on which the core reports an unmodelled access.
//
//     initiators ==in[]==> | base size -> out[i] | ==out[]==> targets (addresses relative to base)
#pragma once
#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>

#include <string>
#include <systemc>
#include <vector>

#include "sim/core/types.h"

namespace xs::platform {

class Bus : public sc_core::sc_module {
 public:
  using TargetSocket =
      tlm::tlm_base_target_socket<32, tlm::tlm_fw_transport_if<>, tlm::tlm_bw_transport_if<>>;

  tlm_utils::multi_passthrough_target_socket<Bus> in;
  tlm_utils::multi_passthrough_initiator_socket<Bus> out;

  explicit Bus(const sc_core::sc_module_name& name);
  /// Decodes [base, base+size) to `target`. Ranges must not overlap (throws std::logic_error).
  void map(u64 base, u64 size, TargetSocket& target);

 private:
  struct Route {
    u64 base, size;
    int target;
  };
  void b_transport(int initiator, tlm::tlm_generic_payload& trans, sc_core::sc_time& delay);
  bool get_direct_mem_ptr(int initiator, tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi);
  unsigned transport_dbg(int initiator, tlm::tlm_generic_payload& trans);
  const Route* decode(const tlm::tlm_generic_payload& trans) const;

  std::vector<Route> routes_;  // ascending
};

}  // namespace xs::platform
