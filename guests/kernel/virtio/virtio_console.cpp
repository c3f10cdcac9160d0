// virtio console, port 0: queue 0 receives, queue 1 sends. VIRTIO 1.2 section 5.3 (without MULTIPORT).
//
// Each direction has `slots` frames; descriptor n belongs to frame n. Received frames wait in arrival order
// until the operator has read them, then they go back to the device.
#include "guests/kernel/virtio/virtio_console.h"

#include "guests/kernel/memory_model.h"
#include "guests/lib/errno.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

namespace {
constexpr unsigned slots = 4;

struct Console {
  VirtioDevice* device;
  VirtioQueue queues[2];
  u8* receive[slots];
  u8* send[slots];
  bool sending[slots];
  unsigned current;  // frame being read by the operator
  u32 current_length, current_at;
};
Console console;
VirtioQueue& receive_queue() { return console.queues[0]; }
VirtioQueue& send_queue() { return console.queues[1]; }

bool allocate_frames(u8** frames) {
  for (unsigned i = 0; i < slots; i++) {
    frames[i] = static_cast<u8*>(memory_model->device_page());
    if (!frames[i]) return false;
  }
  return true;
}

void offer(unsigned slot) {
  VirtioBuffer buffer{machine_address(console.receive[slot]), page_bytes, true};
  virtio_submit(receive_queue(), slot, &buffer, 1);
}

size_t read_console(void*, char* to, size_t size) {
  if (console.current_at == console.current_length) {
    u32 length;
    if (!virtio_collect(receive_queue(), console.current, length)) return 0;
    console.current_at = 0;
    console.current_length = min_of<u32>(length, page_bytes);
  }
  size_t n = min_of<size_t>(size, console.current_length - console.current_at);
  memcpy(to, console.receive[console.current] + console.current_at, n);
  console.current_at += static_cast<u32>(n);
  if (console.current_at == console.current_length) offer(console.current);
  return n;
}

unsigned free_send_slot() {
  for (;;) {
    unsigned done;
    u32 length;
    while (virtio_collect(send_queue(), done, length)) console.sending[done % slots] = false;
    for (unsigned i = 0; i < slots; i++)
      if (!console.sending[i]) return i;
    virtio_wait(*console.device);
  }
}

void write_console(void*, const char* text, size_t length) {
  while (length) {
    unsigned slot = free_send_slot();
    auto n = min_of<size_t>(length, page_bytes);
    memcpy(console.send[slot], text, n);
    console.sending[slot] = true;
    VirtioBuffer buffer{machine_address(console.send[slot]), static_cast<u32>(n), false};
    virtio_submit(send_queue(), slot, &buffer, 1);
    text += n, length -= n;
  }
}

// Interrupts (or the poll interval) become wake-ups of the operator thread.
void watch_thread(void*) {
  for (;;) {
    operator_wake();
    virtio_watch(*console.device);
  }
}
}  // namespace

long virtio_console_use(VirtioDevice& device, OperatorPort& port) {
  console.device = &device;
  if (long error = virtio_start(device, console.queues, 2)) return error;
  if (!allocate_frames(console.receive) || !allocate_frames(console.send)) return -XEN_ENOMEM;
  for (unsigned i = 0; i < slots; i++) offer(i);
  if (!thread_create("operator-port", watch_thread, nullptr)) return -XEN_ENOMEM;
  port = {write_console, read_console, nullptr};
  return 0;
}
