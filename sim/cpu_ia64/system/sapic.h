// Local SAPIC: the external interrupt control registers of one core, and the bus over which interrupts reach
// it (SDM vol. 2 5.8).
//
//     message (IPI, IOSAPIC, ITM) --> IRR --mov =ivr--> in service --mov eoi= --> gone
//                                      | masked by TPR, by what is in service, by PSR.i
#pragma once
#include <array>
#include <vector>

#include "sim/core/types.h"

namespace xs::ia64 {

/// Vectors with a meaning of their own (5.8.1); 16 to 255 are ordinary ones, the higher the more urgent.
inline constexpr u8 vector_extint = 0, vector_nmi = 2, vector_spurious = 15;

struct SapicMessage {
  enum class Delivery : u8 { interrupt = 0, pmi = 2, nmi = 4, init = 5, extint = 7 };
  u8 id = 0, eid = 0;
  Delivery delivery = Delivery::interrupt;
  u8 vector = 0;
};

class SapicAgent {
 public:
  virtual ~SapicAgent() = default;
  virtual bool answers(u8 id, u8 eid) const = 0;
  virtual void deliver(const SapicMessage&) = 0;
};

class EoiListener {
 public:
  virtual ~EoiListener() = default;
  virtual void on_eoi(u8 vector) = 0;
};

class SapicBus {
 public:
  void attach(SapicAgent& agent) { agents_.push_back(&agent); }
  void attach(EoiListener& listener) { listeners_.push_back(&listener); }
  void send(const SapicMessage& message) {
    for (SapicAgent* agent : agents_)
      if (agent->answers(message.id, message.eid)) agent->deliver(message);
  }
  void broadcast_eoi(u8 vector) {
    for (EoiListener* l : listeners_) l->on_eoi(vector);
  }

 private:
  std::vector<SapicAgent*> agents_;
  std::vector<EoiListener*> listeners_;
};

/// Processor interrupt block: stores of 8 bytes at these physical addresses are messages (5.8.4).
inline constexpr u64 interrupt_block = 0xfee00000, interrupt_block_size = 0x200000;
inline constexpr u64 block_inta = 0x1e0000, block_xtp = 0x1e0008, block_ipis = 0x100000;
/// Places of this implementation, for its firmware, in what the manual leaves reserved: a store of 8 bytes
/// halts the core that makes it; another ends the run, for a call that firmware does not serve.
inline constexpr u64 block_halt = 0x1e1000, block_refused = 0x1e1008;

class Sapic {
 public:
  static constexpr unsigned none = 256;

  /// Writes to control registers of this unit; false: a reserved field is not 0.
  bool write_lid(u64 value);
  bool write_tpr(u64 value);
  bool write_vector_register(unsigned which, u64 value);  ///< ITV, PMV, CMCV: 0 to 2
  bool write_lrr(unsigned which, u64 value);
  u64 lid() const { return lid_; }
  u64 tpr() const { return tpr_; }
  u64 vector_register(unsigned which) const { return vectors_[which]; }
  u64 lrr(unsigned which) const { return lrr_[which]; }
  u64 irr(unsigned word) const { return requested_[word]; }

  void request(u8 vector) {
    requested_[vector >> 6] |= u64{1} << (vector & 63);
    judge();
  }
  /// The interval timer has reached ITM.
  void timer() { local(0); }
  void local(unsigned which);
  /// The most urgent request that neither TPR nor one in service holds back; `none`. PSR.i is not asked.
  unsigned deliverable() const { return deliverable_; }
  /// mov =ivr: that one goes into service; 15 when there is none.
  u8 acknowledge();
  /// mov eoi=: the vector that was in service, or `none`.
  unsigned end();

 private:
  static int urgency(unsigned vector);
  unsigned most_urgent() const;
  /// After each change: interruptions and returns ask for the outcome more often than it changes.
  void judge() { deliverable_ = most_urgent(); }
  unsigned highest(const std::array<u64, 4>& set) const;

  u64 lid_ = 0, tpr_ = 0;
  std::array<u64, 3> vectors_{0x10000, 0x10000, 0x10000};  ///< masked
  std::array<u64, 2> lrr_{0x10000, 0x10000};
  std::array<u64, 4> requested_{}, in_service_{};
  unsigned deliverable_ = none;
};

}  // namespace xs::ia64
