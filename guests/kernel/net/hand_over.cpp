#include "guests/kernel/net/hand_over.h"

#include "guests/kernel/balloon.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/granted.h"
#include "hypervisor/abi/grants.h"

namespace {
void copy_out(domid_t domain, Departure* departures, unsigned count) {
  static gnttab_copy_t ops[net_batch];  // one backend at a time: nothing blocks between filling and reading
  for (unsigned i = 0; i < count; i++) {
    const Packet& p = *departures[i].packet;
    ops[i] = {};
    ops[i].source.u.gmfn = model_machine(p.frame);
    ops[i].source.domid = DOMID_SELF;
    ops[i].source.offset = static_cast<u16>(p.offset);
    ops[i].dest.u.ref = departures[i].request.gref;
    ops[i].dest.domid = domain;
    ops[i].len = static_cast<u16>(p.length);
    ops[i].flags = GNTCOPY_dest_gref;
  }
  hypercall_grant_table_op(GNTTABOP_copy, ops, count);
  for (unsigned i = 0; i < count; i++) {
    departures[i].done = ops[i].status == GNTST_okay;
    packet_free(departures[i].packet);
  }
}

// --- with their frames -----------------------------------------------------------------------------------
struct Moved {
  Pfn frames[net_batch];
  u64 numbers[net_batch];
  gnttab_transfer_t ops[net_batch];
};

// Frames are given up and go by one list; their packets are no more.
void move_out(unsigned operation, domid_t domain, Departure* departures, unsigned count, Moved& m) {
  for (unsigned i = 0; i < count; i++) m.frames[i] = departures[i].packet->frame;
  memory_model->grants->surrender(m.frames, m.numbers, count);
  for (unsigned i = 0; i < count; i++)
    m.ops[i] = {m.numbers[i], domain, departures[i].request.gref, GNTST_general_error};
  hypercall_grant_table_op(operation, m.ops, count);
  for (unsigned i = 0; i < count; i++) {
    departures[i].done = m.ops[i].status == GNTST_okay;
    packet_forget(departures[i].packet);
  }
}

// What has been transferred must be replaced, or this domain shrinks with every packet.
void replace(Pfn* frames, unsigned count) {
  if (memory_model->grants->transfer_replaces) {
    for (unsigned i = 0; i < count; i++) frames_free(frames[i]);
    return;
  }
  for (unsigned i = 0; i < count; i++) frames_mark(frames[i], FrameState::Absent);
  const ModelResult r = model_accept(frames, count);
  for (unsigned i = 0; i < r.done; i++) frames_mark(frames[i], FrameState::Free);
  if (r.done < count) balloon_look();
}

void flip_out(domid_t domain, Departure* departures, unsigned count) {
  Moved m;
  move_out(GNTTABOP_transfer, domain, departures, count, m);
  unsigned gone = 0;
  for (unsigned i = 0; i < count; i++)
    if (m.ops[i].status == GNTST_bad_page)
      memory_model->grants->adopt(&m.frames[i], &m.numbers[i], 1), frames_free(m.frames[i]);
    else
      m.frames[gone++] = m.frames[i];
  replace(m.frames, gone);
}

// --- donated: others are taken when a batch is gone ------------------------------------------------------
Pfn gone[model_batch];
unsigned gone_count;

// As many as the balloon has not taken meanwhile, and the domain is to have.
void take_others() {
  unsigned n = 0;
  for (unsigned i = 0; i < gone_count; i++)
    if (frame_info(gone[i]).state == FrameState::Absent) gone[n++] = gone[i];
  gone_count = 0;
  n = static_cast<unsigned>(min_of(u64{n}, balloon_lacks()));
  const ModelResult r = model_accept(gone, n);
  for (unsigned i = 0; i < r.done; i++) frames_mark(gone[i], FrameState::Free);
  if (r.done < n) balloon_look();
}

void donate_out(domid_t domain, Departure* departures, unsigned count) {
  Moved m;
  move_out(XS_GNTTABOP_donate, domain, departures, count, m);
  for (unsigned i = 0; i < count; i++) {
    if (departures[i].done) {
      frames_mark(m.frames[i], FrameState::Absent);
      gone[gone_count++] = m.frames[i];
      if (gone_count == model_batch) take_others();
    } else {
      memory_model->grants->put_in(&m.frames[i], &m.numbers[i], 1);
      frames_free(m.frames[i]);
    }
  }
}

// --- exchanged: each frame has another one in its place, or is itself again ------------------------------
void exchange_out(domid_t domain, Departure* departures, unsigned count) {
  Moved m;
  move_out(XS_GNTTABOP_exchange, domain, departures, count, m);
  for (unsigned i = 0; i < count; i++) m.numbers[i] = m.ops[i].mfn;
  memory_model->grants->put_in(m.frames, m.numbers, count);
  for (unsigned i = 0; i < count; i++) frames_free(m.frames[i]);
}
}  // namespace

void hand_over(Receive how, domid_t domain, Departure* departures, unsigned count) {
  constexpr void (*ways[])(domid_t, Departure*, unsigned) = {copy_out, flip_out, donate_out, exchange_out};
  ways[static_cast<unsigned>(how)](domain, departures, count);
}
