#include "guests/kernel/virtio/virtio_mmio.h"

#include "guests/kernel/memory_model.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

namespace {
constexpr u32 offset_descriptors = 0;
constexpr u32 offset_available = 1024;
constexpr u32 offset_used = 2048;
static_assert(virtio_queue_size * sizeof(VirtioDescriptor) <= offset_available);
constexpr u64 poll_interval_ns = 50000;
constexpr u64 lost_interrupt_ns = 20 * ns_per_ms;
// Every idle VCPU wakes for a deadline, all at once, and contends for the kernel's lock and the hypervisor's:
// an idle system must have few of them.
constexpr u64 lost_input_ns = ns_per_s;

void write_address(VirtioDevice& d, u32 low_register, u64 address) {
  virtio_write(d, low_register, static_cast<u32>(address));
  virtio_write(d, low_register + 4, static_cast<u32>(address >> 32));
}

void add_status(VirtioDevice& d, u32 bit) {
  virtio_write(d, VIRTIO_MMIO_STATUS, virtio_read(d, VIRTIO_MMIO_STATUS) | bit);
}

// Without VERSION_1 (bit 32) it is a legacy device.
bool negotiate(VirtioDevice& d, u32 wanted) {
  virtio_write(d, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
  if (!(virtio_read(d, VIRTIO_MMIO_DEVICE_FEATURES) & (1u << (VIRTIO_F_VERSION_1 - 32)))) return false;
  if (wanted) {
    virtio_write(d, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
    d.features = virtio_read(d, VIRTIO_MMIO_DEVICE_FEATURES) & wanted;
  }
  virtio_write(d, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
  virtio_write(d, VIRTIO_MMIO_DRIVER_FEATURES, d.features);
  virtio_write(d, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
  virtio_write(d, VIRTIO_MMIO_DRIVER_FEATURES, 1u << (VIRTIO_F_VERSION_1 - 32));
  add_status(d, VIRTIO_CONFIG_S_FEATURES_OK);
  return virtio_read(d, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_FEATURES_OK;
}

long start_queue(VirtioDevice& d, VirtioQueue& q, unsigned index, VirtioPage (*take)()) {
  virtio_write(d, VIRTIO_MMIO_QUEUE_SEL, index);
  if (virtio_read(d, VIRTIO_MMIO_QUEUE_NUM_MAX) < virtio_queue_size) return -XEN_ENXIO;
  const VirtioPage taken = take();
  auto* page = static_cast<u8*>(taken.va);
  if (!page) return -XEN_ENOMEM;
  memset(page, 0, page_bytes);
  q = {&d,
       index,
       reinterpret_cast<VirtioDescriptor*>(page + offset_descriptors),
       reinterpret_cast<volatile VirtioAvailable*>(page + offset_available),
       reinterpret_cast<volatile VirtioUsed*>(page + offset_used),
       0};
  const u64 machine = taken.machine;
  virtio_write(d, VIRTIO_MMIO_QUEUE_NUM, virtio_queue_size);
  write_address(d, VIRTIO_MMIO_QUEUE_DESC_LOW, machine + offset_descriptors);
  write_address(d, VIRTIO_MMIO_QUEUE_AVAIL_LOW, machine + offset_available);
  write_address(d, VIRTIO_MMIO_QUEUE_USED_LOW, machine + offset_used);
  virtio_write(d, VIRTIO_MMIO_QUEUE_READY, 1);
  return 0;
}
}  // namespace

u32 virtio_read(const VirtioDevice& d, u32 offset) {
  return *reinterpret_cast<volatile u32*>(d.regs + offset);
}
void virtio_write(VirtioDevice& d, u32 offset, u32 value) {
  *reinterpret_cast<volatile u32*>(d.regs + offset) = value;
}

u64 machine_address(const void* va) { return memory_model->device_address(va); }

VirtioPage virtio_page() {
  void* page = memory_model->device_page();
  return {page, page ? machine_address(page) : 0};
}

void virtio_stop(VirtioDevice& d) { virtio_write(d, VIRTIO_MMIO_STATUS, 0); }

long virtio_start(VirtioDevice& d, VirtioQueue* queues, unsigned count, u32 wanted, VirtioPage (*take)()) {
  virtio_stop(d);
  add_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE);
  add_status(d, VIRTIO_CONFIG_S_DRIVER);
  long error = negotiate(d, wanted) ? 0 : -XEN_ENXIO;
  for (unsigned i = 0; i < count && !error; i++) error = start_queue(d, queues[i], i, take);
  add_status(d, error ? VIRTIO_CONFIG_S_FAILED : VIRTIO_CONFIG_S_DRIVER_OK);
  return error;
}

void virtio_submit(VirtioQueue& q, unsigned first, const VirtioBuffer* buffers, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    bool last = i + 1 == count;
    u16 flags = static_cast<u16>((buffers[i].device_writes ? virtio_descriptor_write : 0) |
                                 (last ? 0 : virtio_descriptor_next));
    q.descriptors[first + i] = {buffers[i].machine, buffers[i].length, flags,
                                static_cast<u16>(last ? 0 : first + i + 1)};
  }
  u16 at = q.available->index;
  q.available->ring[at % virtio_queue_size] = static_cast<u16>(first);
  __atomic_thread_fence(__ATOMIC_RELEASE);  // the device may look as soon as index has moved
  q.available->index = static_cast<u16>(at + 1);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  virtio_write(*q.device, VIRTIO_MMIO_QUEUE_NOTIFY, q.index);
}

bool virtio_collect(VirtioQueue& q, unsigned& first, u32& length) {
  if (q.used->index == q.used_seen) return false;
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  auto& element = q.used->ring[q.used_seen % virtio_queue_size];
  first = element.id % virtio_queue_size;
  length = element.length;
  q.used_seen++;
  return true;
}

// With an interrupt the deadline only guards against a lost one. False: it has passed.
static bool wait_guarded(VirtioDevice& d, u64 guard_ns) {
  return wait_on(d.interrupt, now_ns() + (d.interrupts ? guard_ns : poll_interval_ns));
}

// A device that says nothing is looked at: it may have been taken away.
void virtio_wait(VirtioDevice& d) {
  if (!wait_guarded(d, lost_interrupt_ns) && d.interrupts) virtio_read(d, VIRTIO_MMIO_INTERRUPT_STATUS);
}
void virtio_watch(VirtioDevice& d) { wait_guarded(d, lost_input_ns); }
