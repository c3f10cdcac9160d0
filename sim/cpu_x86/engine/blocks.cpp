// The block hook: exact instruction counts and cycles per translated block, and the decision to stop before
// one.
//
// A block is charged whole when it starts; Core takes back what a fault or an intercept in its middle left
// undone (instructions_before). Inside a REP string instruction each iteration is a block of one instruction.
#include <algorithm>
#include <cstring>

#include "sim/core/error.h"
#include "sim/cpu_x86/engine/engine_impl.h"
#include "sim/cpu_x86/system/data_accesses.h"
#include "sim/cpu_x86/system/decode.h"

namespace xs::x86 {

namespace {

constexpr bool may_be_port_io(u8 byte) {
  return (byte >= 0x6c && byte <= 0x6f) || (byte >= 0xe4 && byte <= 0xe7) || (byte >= 0xec && byte <= 0xef);
}

constexpr bool may_be_far(u8 byte, u8 next) {
  return byte == 0xca || byte == 0xcb || byte == 0x9a || byte == 0xea ||
         (byte == 0xff && next < 0xc0 && ((next >> 3 & 7) == 3 || (next >> 3 & 7) == 5));
}

}  // namespace

// The hottest code of the simulator: one call per executed block.
void Engine::Impl::on_block(uc_engine*, u64 address, u32 size, void* user) {
  Impl& e = *static_cast<Impl*>(user);
  const Block& b = e.slot_of(address);
  if (b.address == address && b.key == e.key(size)) [[likely]] {
    const u64 cycles = e.cycles + b.demand;
    if (cycles <= e.limit) [[likely]] {
      e.cycles = cycles;
      e.current = &b;
      return;
    }
  }
  e.look_closer(address, size);
}

/// The same in `exact` fidelity. Steps inside a block (code_stops.cpp) were told of when it began.
void Engine::Impl::on_block_seen(uc_engine* uc, u64 address, u32 size, void* user) {
  Impl& e = *static_cast<Impl*>(user);
  const bool told = e.bootstrapping || e.in_block || e.unseen;
  on_block(uc, address, size, user);
  const bool stopped = e.exit_set && !(e.in_block && !told);
  if (!told && !stopped) e.client.access(address, e.current->size, mmu::AccessKind::fetch, e.user_mode());
}

void Engine::Impl::look_closer(u64 address, u32 size) {
  if (bootstrapping) {
    if (first_block_size == 0) first_block_size = size;
    return;
  }
  if (part_awaited) return start_part(address, size);
  if (passing != Passing::no) return pass_iret(address, size);
  if (at_limit()) return stop_at_block(address, EngineExit::Kind::limit);
  if (beginning) return begin(address, size);
  if (stepping) return start_step(address, size);
  Block& b = block(address, size);
  if (!accept(b)) return stop_at_block(address, exit.kind);
  start(b);
}

void Engine::Impl::start_step(u64 address, u32 size) {
  if (++step_blocks > 1) return stop_at_block(address, EngineExit::Kind::stepped);
  if (in_block) return;  // charged when the block began
  stepped_block.address = address;
  stepped_block.size = size;
  stepped_block.frame = stepped_block.frame2 = code_page(address).frame;
  current = &stepped_block;
}

bool Engine::Impl::user_mode() const {
  context->load();
  return (context->hflags() & hf_cpl) == hf_cpl;
}

void Engine::Impl::start(const Block& b) {
  retire(b.instructions);
  charge_other(b.cycles - b.instructions * config.timing.instruction);
  current = &b;
}

/// Between blocks: nothing more is to run, nor to be fetched.
bool Engine::Impl::at_limit() const {
  return cycles >= run_limit && (!stepping || beginning) && passing != Passing::at_iret;
}

/// True when the block may run now; what its end means is then announced.
bool Engine::Impl::accept(Block& b) {
  if (cycles + b.demand <= limit) return true;
  if (must_stop(b)) return false;
  if (b.flags & block_iret) client.iret();
  if (b.flags & block_flags) client.loads_flags();
  return true;
}

/// What on_block() does, then stops in front of the block: step_in_block() executes it.
void Engine::Impl::begin(u64 address, u32 size) {
  Block& b = block(address, size);
  limit = attention ? 0 : run_limit;
  if (accept(b))
    start(b);
  else if (over_limit)
    begin_part();
  else
    return stop_at_block(address, exit.kind);
  in_block = true;
  executed = 0;
  stop_at_block(address, EngineExit::Kind::stepped);
}

bool Engine::Impl::must_stop(Block& b) {
  const bool careful =
      (b.flags & block_careful) ||
      ((b.flags & block_port_io) && (careful_ports || self.cpl() > (read(UC_X86_REG_RFLAGS) >> 12 & 3)));
  if (buffer_full()) return stopped_for_buffer = true;
  Attention wanted = Attention::none;
  if (limit == 0) {
    wanted = client.attention();
    attention = wanted != Attention::none;
    if (!attention) limit = run_limit;
  }
  // When its last instruction would begin behind the limit; one that costs more than others may end there.
  const bool longer = cycles + (b.instructions - 1) * config.timing.instruction >= run_limit;
  if (wanted == Attention::now)
    exit.kind = EngineExit::Kind::attention;
  else if (careful)
    exit.kind = EngineExit::Kind::careful;
  else if (longer)
    over_limit = &b;
  else
    return false;
  return true;
}

// With a code hook anywhere Unicorn leaves RIP stale here: the hook's address is the truth.
void Engine::Impl::stop_at_block(u64 address, EngineExit::Kind kind) {
  rip = address - code_base();
  exit.kind = kind;
  exit_set = true;
  uc_emu_stop(uc);
}

u64 Engine::Impl::code_base() const {
  context->load();
  return context->hflags() & hf_cs64 ? 0 : context->segment(seg_cs).base;
}

unsigned Engine::Impl::code_bits() const {
  context->load();
  return context->hflags() & hf_cs64 ? 64 : context->hflags() & hf_cs32 ? 32 : 16;
}

Block& Engine::Impl::block(u64 address, u32 size) {
  Block& b = slot_of(address);
  if (b.address != address) {
    std::swap(b, displaced[static_cast<std::size_t>(&b - blocks.data())]);
    b.key = 0;  // what it was may not be so any more
  }
  if (b.address != address || b.key != key(size)) refresh(b, address, size);
  return b;
}

void Engine::Impl::new_generation() {
  nonglobal_blocks.clear();
  stamp += u64{1} << key_size_bits;
}

void Engine::Impl::note_nonglobal(Block& b) {
  if (nonglobal_blocks.size() >= most_nonglobal_blocks) new_generation();
  nonglobal_blocks.push_back(&b);
}

/// Keeps what is known when the bytes are still the same ones, examines the block otherwise.
void Engine::Impl::refresh(Block& b, u64 address, u32 size) {
  const CodePage page = code_page(address), page2 = code_page(address + size - 1);
  const u32 frame = page.frame, frame2 = page2.frame;
  const bool known = b.address == address && b.size == size && b.frame == frame && b.frame2 == frame2 &&
                     b.version == frames.version(frame) && b.version2 == frames.version(frame2);
  if (!page.global || !page2.global) note_nonglobal(b);
  b.key = key(size);
  if (known) return;
  b.address = address;
  b.size = size;
  b.frame = frame;
  b.frame2 = frame2;
  b.version = frames.version(frame);
  b.version2 = frames.version(frame2);
  examine(b);
}

void Engine::Impl::examine(Block& b) {
  uc_tb tb{};
  const uc_err error = uc_ctl_request_cache(uc, b.address, &tb);
  if (error != UC_ERR_OK || tb.size != b.size) throw Error("Unicorn lost the running block");
  b.instructions = tb.icount;
  b.cycles = tb.icount * config.timing.instruction;
  b.flags = 0;
  bool port_io = false, unannounced = false, far = false;
  for (u32 i = 0; i < b.size; ++i) {
    const u8 byte = code_byte(b, i);
    port_io = port_io || may_be_port_io(byte);
    far = far || may_be_far(byte, i + 1 < b.size ? code_byte(b, i + 1) : u8{0});
    unannounced =
        unannounced || (byte == 0x0f && i + 1 < b.size && code_byte(b, i + 1) == 0xc7) ||
        (byte == 0x77 && i >= 2 && (code_byte(b, i - 2) == 0xc5 || (i >= 3 && code_byte(b, i - 3) == 0xc4)));
  }
  const u8 last = code_byte(b, b.size - 1), before = b.size > 1 ? code_byte(b, b.size - 2) : u8{0};
  const bool returns = last == 0xcf || (last == 0x07 && before == 0x0f);
  if (flags_watched && (returns || last == 0x9d)) b.flags |= block_flags;
  if (config.stop_at_aligned && has_aligned_operand(block_bytes(b), b.address, code_bits()))
    b.flags |= block_careful;
  if (port_io || unannounced || returns || far) note_traits(b);
  b.demand = b.flags ? always_look : b.cycles;
}

void Engine::Impl::note_traits(Block& b) {
  const BlockTraits traits = block_traits(block_bytes(b), b.address, code_bits());
  if (traits.port_io) b.flags |= block_port_io;
  if (traits.hidden || traits.far) b.flags |= block_careful;
  if (traits.ends_with_iret) {
    b.flags |= block_iret;
    b.cycles += config.timing.iret;
  }
  if (traits.ends_with_sysret) {
    b.flags |= block_sysret;
    b.cycles += config.timing.syscall;
  }
}

// Frames of the pages that code runs from, as the fetch fills named them. A fill is always asked after a page
// was forgotten, so an entry of the current generation is the translation in use.
Engine::Impl::CodePage Engine::Impl::code_page(u64 va) {
  const u64 vpn = va >> frame_shift;
  const CodePage& page = code_pages[vpn % code_pages.size()];
  if (page.vpn == vpn && page.generation == stamp) [[likely]]
    return page;
  const FillAnswer answer = client.fill(vpn << frame_shift, mmu::AccessKind::fetch, self.cpl() == 3);
  const u32 frame = answer.ok ? frames.frame(answer.pa) : CodeFrames::none;
  if (frame == CodeFrames::none) return {vpn, stamp, frames.outside(), false};
  note_code_page(vpn, frame, answer.global);
  return page;
}

void Engine::Impl::note_code_page(u64 vpn, u32 frame, bool global) {
  code_pages[vpn % code_pages.size()] = {vpn, stamp, frame, global};
  code_seen[seen_slot(vpn)] = flush_stamp;
}

/// May be wrong one way: true for a page that ran no code.
bool Engine::Impl::runs_code_of(u64 va) const {
  return code_seen[seen_slot(va >> frame_shift)] == flush_stamp;
}

u8 Engine::Impl::code_byte(const Block& b, u32 offset) const {
  const u64 at = (b.address & frame_mask) + offset;
  const u32 frame = at < frame_size ? b.frame : b.frame2;
  if (frame == frames.outside()) return 0xff;
  return *memory.host(frames.address(frame) + (at & frame_mask));
}

bool Engine::running_code(u64 pc, std::array<u8, 15>& bytes) const {
  const Impl& e = *impl_;
  const Block* b = e.current;
  const u64 linear = pc + e.code_base();
  if (b == &e.stepped_block || linear - b->address >= b->size) return false;
  if ((b->address ^ (b->address + b->size - 1)) >> frame_shift || b->frame == e.frames.outside())
    return false;
  const u64 offset = linear & frame_mask;
  const u8* host = e.frames.host(b->frame) + offset;
  if (offset + bytes.size() <= frame_size) {  // what lies behind the block is not looked at
    std::memcpy(bytes.data(), host, bytes.size());
    return true;
  }
  bytes.fill(0xff);
  std::memcpy(bytes.data(), host, frame_size - offset);
  return true;
}

u64 Engine::Impl::instructions_before(u64 linear) {
  if (linear == current->address) return 0;
  if (linear - current->address > current->size) return charged_instructions();
  const u32 version = frames.version(current->frame);
  Position& p = positions[(linear ^ linear >> 12) & (positions.size() - 1)];
  if (p.block == current->address && p.address == linear && p.frame == current->frame && p.version == version)
    return p.count;
  std::vector<u8> bytes(linear - current->address);
  for (u32 i = 0; i < bytes.size(); ++i) bytes[i] = code_byte(*current, i);
  const u64 count = count_instructions(bytes, current->address, code_bits());
  p = {current->address, linear, current->frame, version, static_cast<u32>(count)};
  return count;
}

u64 Engine::instructions_at(u64 pc) const {
  Impl& e = *impl_;
  return e.instructions() - e.charged_instructions() + e.instructions_before(pc + e.code_base());
}

std::vector<u8> Engine::Impl::block_bytes(const Block& b) const {
  std::vector<u8> bytes(b.size);
  for (u32 i = 0; i < bytes.size(); ++i) bytes[i] = code_byte(b, i);
  return bytes;
}

std::vector<u8> Engine::block_code() const { return impl_->block_bytes(impl_->last_block()); }

/// What is known of blocks is found out anew.
void Engine::watch_flags(bool on) {
  if (impl_->flags_watched == on) return;
  impl_->flags_watched = on;
  for (auto* table : {&impl_->blocks, &impl_->displaced})
    for (Block& b : *table) b.address = ~u64{0}, b.size = 0;
}

void Engine::request_attention() {
  impl_->attention = true;
  impl_->limit = 0;
}

}  // namespace xs::x86
