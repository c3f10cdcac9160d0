// The general register stack and its engine (SDM vol. 2 chapter 6).
//
//                 invalid          dirty            current frame
//     below_    ┌──────────────┬──────────────┐   ┌───────────────────────┐  r32.. of the core: always at
//               └──────────────┴──────────────┘   └───────────────────────┘  the same place
//                              ▲              ▲    r32           r32 + sof
//                              BSPSTORE       BSP  (their addresses in the backing store)
//
// Of the 96 physical registers, those of the dirty partition and of the frame are in use; the rest is free.
// A call copies the caller's locals below and moves its outputs down to r32, a return does the opposite: a
// frame is small, and all other instructions find their registers where their numbers say. `below_` is longer
// than 96 and does not wrap; when an end is reached the dirty registers are moved to its middle.
//
// Registers that were stored are free at once: there is no clean partition, and the engine never works ahead
// (RSC.mode is "enforced lazy" in effect: 6.5.5 leaves that to the implementation).
//
// `dirty_` is negative while a frame is incomplete: so many of its first registers are still in memory after
// br.ret or rfi, and BSPSTORE is above BSP (6.7).
#pragma once
#include <vector>

#include "sim/core/types.h"

namespace xs::ia64 {

/// Current frame marker (SDM vol. 1 3.1.7), as it stands in CFM, PFS.pfm and IFS.ifm.
struct FrameMarker {
  u64 raw = 0;
  static constexpr unsigned bits = 38;
  constexpr unsigned sof() const { return raw & 0x7f; }             ///< registers of the frame, 0..96
  constexpr unsigned sol() const { return raw >> 7 & 0x7f; }        ///< of them inputs and locals
  constexpr unsigned sor() const { return (raw >> 14 & 0xf) * 8; }  ///< rotating ones
  constexpr unsigned rrb_gr() const { return raw >> 18 & 0x7f; }
  constexpr unsigned rrb_fr() const { return raw >> 25 & 0x7f; }
  constexpr unsigned rrb_pr() const { return raw >> 32 & 0x3f; }
  static constexpr FrameMarker make(unsigned sof, unsigned sol, unsigned sor) {
    return {u64{sof} | u64{sol} << 7 | u64{sor / 8} << 14};
  }
};

/// Backing store addresses: every 64th doubleword, at address bits 8:3 all ones, holds the NaT bits of the 63
/// below.
constexpr bool is_collection(u64 address) { return (address & 0x1f8) == 0x1f8; }
constexpr unsigned collection_bit(u64 address) { return address >> 3 & 0x3f; }
/// Address `registers` places above (or below) that of a register.
u64 skip_registers(u64 address, i64 registers);

class RegisterStackMemory {
 public:
  virtual ~RegisterStackMemory() = default;
  /// One doubleword, in RSC's byte order, at RSC.pl. False: refused; the interruption has been noted.
  virtual bool store(u64 address, u64 value) = 0;
  virtual bool load(u64 address, u64& value) = 0;
  /// Where the doubleword lies, when it and its neighbours in the page may be moved without further ado; or
  /// null.
  virtual u8* place(u64 address, bool write) = 0;
};

class RegisterStack {
 public:
  static constexpr unsigned physical = 96;

  /// Copies are made in pieces of this many registers: so many more than 96 must be there behind r32.
  static constexpr unsigned slack = 8;

  /// `values` and `nats`: r32 onwards, physical + slack of each. `any_nat`: false promises that no NaT bit is
  /// set anywhere, here included.
  RegisterStack(RegisterStackMemory& memory, u64* values, u8* nats, bool& any_nat);

  FrameMarker frame() const { return frame_; }
  /// Rotating bases change by branches, clrrrb and returns; sizes do not.
  void set_frame(FrameMarker marker) { frame_ = marker; }
  /// The register whose place in the backing store is `address`, between BSPSTORE and the frame's end.
  u8* held(u64 address);
  bool has_nats() const;  ///< of dirty registers
  void forget_nats();     ///< before `any_nat` becomes false: there are none

  u64 bsp() const { return skip_registers(bspstore_, dirty_); }
  u64 bspstore() const { return bspstore_; }
  u64 rnat() const { return rnat_; }
  void set_rnat(u64 value) { rnat_ = value; }
  /// mov ar.bspstore: the dirty registers go along (6.5.4).
  void set_bspstore(u64 address) { bspstore_ = address & ~u64{7}; }

  // Each of these makes what progress it can; false: the memory refused, and the same call goes on from
  // there.
  bool alloc(FrameMarker wanted);  ///< sizes are legal and fit together
  bool flush();                    ///< flushrs
  /// loadrs: so many doublewords below BSP are in registers, as dirty ones; all others are invalid.
  bool load(unsigned doublewords);
  /// Loads what an incomplete frame lacks. To be called before the next instruction, unless an interruption
  /// has ended that (RSE.CFLE clear).
  bool complete();
  /// As far as place() serves; the rest is left to complete().
  void complete_quickly();
  bool incomplete() const { return dirty_ < 0 && loading_; }
  // An interruption ends the loading (RSE.CFLE becomes 0); br.ret and rfi let it go on (6.8).
  void suspend() { loading_ = false; }
  void resume() { loading_ = true; }
  /// Number of r32 of this frame, counted through all frames below: names a register for the ALAT.
  u64 position() const { return position_; }

  void call();   ///< br.call: the frame shrinks to the outputs
  void cover();  ///< the frame becomes part of the dirty partition, an empty one follows
  /// br.ret, rfi: back to a frame of which `locals` registers lie below. False: a frame that cannot be, with
  /// `locals` above its size; the frame is then empty (6.2, "bad PFS").
  bool back(FrameMarker to, unsigned locals);

  /// Dirty registers and those of collections between them, as RSC.loadrs and BSP - BSPSTORE count them.
  u64 dirty_bytes() const { return bsp() - bspstore_; }

 private:
  void push(unsigned locals);
  void pop(unsigned locals, unsigned others);
  bool make_room(unsigned frame_size);
  void store_run(i64 most);
  bool store_one();
  bool load_one();
  bool loaded(u64 value);
  void centre();

  RegisterStackMemory& memory_;
  u64* values_;
  u8* nats_;
  bool& any_nat_;
  std::vector<u64> below_;
  std::vector<u8> below_nats_;
  std::size_t top_;  ///< where the dirty partition ends in below_
  i64 dirty_ = 0;
  bool loading_ = true;
  u64 position_ = 0;
  FrameMarker frame_;
  u64 bspstore_ = 0, rnat_ = 0;
};

}  // namespace xs::ia64
