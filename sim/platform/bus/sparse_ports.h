// I/O ports as memory, four to a page of 4 KiB, as IA-64 platforms have them (SDM vol. 2 10.7):
//
//     offset 25:12 = port 15:2 | 11:2 (as in the port; not looked at) | 1:0 = port 1:0
#pragma once
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <systemc>

#include "sim/core/types.h"

namespace xs::platform {

class SparsePorts : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<SparsePorts> in;
  tlm_utils::simple_initiator_socket<SparsePorts> out;  ///< the payload's address is the port

  explicit SparsePorts(const sc_core::sc_module_name& name);
  static constexpr u64 port_of(u64 offset) { return offset >> 12 << 2 | (offset & 3); }

 private:
  void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay);
};

}  // namespace xs::platform
