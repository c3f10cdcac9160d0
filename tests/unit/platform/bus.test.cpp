// The interconnect and its TLM faces. SystemC elaborates once, so one test case builds one small system.
#include "sim/platform/bus/bus.h"

#include <tlm_utils/simple_initiator_socket.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "sim/platform/bus/dram_port.h"
#include "sim/platform/bus/register_port.h"
#include "sim/platform/bus/sparse_ports.h"

using namespace xs;
using namespace xs::platform;

namespace {

struct Initiator : sc_core::sc_module {
  tlm_utils::simple_initiator_socket<Initiator> out;
  explicit Initiator(const sc_core::sc_module_name& name) : sc_module(name), out("out") {}

  tlm::tlm_response_status access(tlm::tlm_command command, u64 address, void* data, unsigned size,
                                  sc_core::sc_time delay = sc_core::SC_ZERO_TIME) {
    tlm::tlm_generic_payload trans;
    set(trans, command, address, data, size);
    out->b_transport(trans, delay);
    CHECK(trans.get_address() == address);
    return trans.get_response_status();
  }
  static void set(tlm::tlm_generic_payload& trans, tlm::tlm_command command, u64 address, void* data,
                  unsigned size) {
    trans.set_command(command);
    trans.set_address(address);
    trans.set_data_ptr(static_cast<unsigned char*>(data));
    trans.set_data_length(size);
    trans.set_streaming_width(size);
    trans.set_byte_enable_ptr(nullptr);
  }
};

struct Recorder : RegisterDevice {
  struct Access {
    u64 offset;
    unsigned size;
    u64 value;
    u64 time;
  };
  SimHost& host;
  unsigned widest;
  std::vector<Access> writes;
  Recorder(SimHost& h, unsigned w) : host(h), widest(w) {}
  unsigned max_access() const override { return widest; }
  bool read(u64 offset, unsigned size, u64& value) override {
    value = 0x11 * (offset + 1) * (size == 1 ? 1 : 0x01010101);
    return offset != 7;
  }
  bool write(u64 offset, unsigned size, u64 value) override {
    writes.push_back({offset, size, value, host.now_ps()});
    return true;
  }
};

constexpr auto rd = tlm::TLM_READ_COMMAND;
constexpr auto wr = tlm::TLM_WRITE_COMMAND;
constexpr auto ok = tlm::TLM_OK_RESPONSE;
constexpr auto nobody = tlm::TLM_ADDRESS_ERROR_RESPONSE;

constexpr u64 sparse_base = 0x100000000;

struct System {
  SimHost host;
  Initiator a{"a"}, b{"b"};
  Bus bus{"bus"};
  std::vector<u8> ram = std::vector<u8>(0x2000);
  DramPort dram{"dram", RamRange{0x100000, 0x2000, ram.data()}};
  Recorder narrow_device{host, 1}, wide_device{host, 4};
  RegisterPort narrow{"narrow", narrow_device, host}, wide{"wide", wide_device, host};
  SparsePorts sparse{"sparse"};
  System() {
    sparse.out.bind(bus.in);
    bus.map(sparse_base, u64{64} << 20, sparse.in);
    a.out.bind(bus.in);
    b.out.bind(bus.in);
    bus.map(0x5000, 8, wide.in);
    bus.map(0x100000, 0x2000, dram.in);
    bus.map(0x3f8, 8, narrow.in);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
};

}  // namespace

TEST_CASE("the bus decodes, splits, refuses and grants direct memory") {
  System s;
  u64 value = 0;

  CHECK(s.a.access(rd, 0x3f9, &value, 1) == ok);
  CHECK(value == 0x22);
  CHECK(s.b.access(rd, 0x5004, &value, 4) == ok);
  CHECK(value == 0x55555555);

  // A device of bytes sees bytes, lowest first; a word device sees words.
  value = 0xddccbbaa;
  CHECK(s.a.access(wr, 0x3fa, &value, 4, sc_core::sc_time(7, sc_core::SC_NS)) == ok);
  REQUIRE(s.narrow_device.writes.size() == 4);
  for (unsigned i = 0; i < 4; ++i) {
    CHECK(s.narrow_device.writes[i].offset == 2 + i);
    CHECK(s.narrow_device.writes[i].value == 0xaa + 0x11 * i);
    CHECK(s.narrow_device.writes[i].time == 7000);  // the initiator's local time
  }
  CHECK(s.host.now_ps() == 0);
  CHECK(s.a.access(wr, 0x5000, &value, 8) == ok);
  CHECK(s.wide_device.writes.size() == 2);

  // Nobody there, half of it there, or a register that is not modelled: all ones.
  for (u64 address : {u64{0x400}, u64{0x3f7}, u64{0x5008}, u64{0xffffffffffffffff}, u64{0}}) {
    value = 0;
    CHECK(s.a.access(rd, address, &value, 1) == nobody);
    CHECK(value == 0xff);
  }
  value = 0;
  CHECK(s.a.access(rd, 0x3fe, &value, 4) == nobody);
  CHECK(value == 0xffffffff);
  CHECK(s.a.access(rd, 0x3ff, &value, 1) == nobody);
  CHECK(s.a.access(wr, 0x400, &value, 1) == nobody);

  // Ports four to a page: 0x3f9 is byte 1 of page 0xfe. Bits 11:2 repeat the port's, and count for nothing.
  CHECK(s.a.access(rd, sparse_base + (0x3f9 >> 2 << 12 | 0x3f9), &value, 1) == ok);
  CHECK((value & 0xff) == 0x22);
  CHECK(s.a.access(rd, sparse_base + (0x3f9 >> 2 << 12 | 1), &value, 1) == ok);
  CHECK((value & 0xff) == 0x22);
  CHECK(s.a.access(rd, sparse_base + (0x400 >> 2 << 12), &value, 1) == nobody);
  CHECK(s.a.access(rd, sparse_base + (0x3f8 >> 2 << 12), &value, 8) == tlm::TLM_BURST_ERROR_RESPONSE);

  // DRAM by transport, debug transport and pointer is the same memory.
  value = 0x1122334455667788;
  CHECK(s.b.access(wr, 0x101ff8, &value, 8) == ok);
  CHECK(std::memcmp(&s.ram[0x1ff8], &value, 8) == 0);
  CHECK(s.b.access(wr, 0x101ffc, &value, 8) == nobody);
  u64 again = 0;
  tlm::tlm_generic_payload debug;
  Initiator::set(debug, rd, 0x101ff8, &again, 8);
  CHECK(s.a.out->transport_dbg(debug) == 8);
  CHECK(again == value);
  tlm::tlm_dmi dmi;
  tlm::tlm_generic_payload ask;
  Initiator::set(ask, rd, 0x100800, &value, 8);
  CHECK(s.a.out->get_direct_mem_ptr(ask, dmi));
  CHECK(dmi.get_dmi_ptr() == s.ram.data());
  CHECK(dmi.get_start_address() == 0x100000);
  CHECK(dmi.get_end_address() == 0x101fff);
  tlm::tlm_generic_payload refuse;
  Initiator::set(refuse, rd, 0x9000, &value, 8);
  CHECK_FALSE(s.a.out->get_direct_mem_ptr(refuse, dmi));

  CHECK_THROWS_AS(s.bus.map(0x100fff, 2, s.narrow.in), std::logic_error);
}
