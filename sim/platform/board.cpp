#include "sim/platform/board.h"

#include "sim/core/error.h"
#include "sim/platform/isa_ports.h"

namespace xs::platform {

Board::Board(const MachineConfig& machine, Dram& memory, StopRequests& stop)
    : config(machine),
      dram(memory),
      dma(memory, [this](u64 pa, u64 size) { invalidate_code(pa, size); }),
      uart(host, line(isa::irq_com1)),
      debug_exit([&stop](u32 value) { stop.exit(value); }) {
  for (const RamRange& range : dram.ram()) {
    dram_ports_.push_back(std::make_unique<DramPort>(sc_core::sc_gen_unique_name("dram"), range));
    memory_bus.map(range.base, range.size, dram_ports_.back()->in);
  }
  add_device(port_bus, "debug_exit", isa::debug_exit, DebugExit::register_bytes, debug_exit);
  add_device(port_bus, "uart", isa::com1, Uart16550::register_bytes, uart);
}

Board::~Board() = default;

void Board::add_device(Bus& bus, const char* name, u64 base, u64 size, RegisterDevice& device) {
  register_ports_.push_back(std::make_unique<RegisterPort>(name, device, host));
  bus.map(base, size, register_ports_.back()->in);
}

void Board::add_virtio_slots(const VirtioSlots& where) {
  where_ = where;
  for (unsigned slot = 0; slot < where.count; ++slot) {
    slot_dma_.push_back(std::make_unique<Dma>(
        dram, [this](u64 pa, u64 size) { invalidate_code(pa, size); },
        [this, slot](u64 pa, u64 size, bool write) { return guard_dma(slot, pa, size, write); }));
    virtio_slots_.push_back(std::make_unique<VirtioMmio>(*slot_dma_.back(), line(where.gsi + slot)));
    add_device(memory_bus, ("virtio_mmio" + std::to_string(slot)).c_str(), where.base + slot * where.step,
               where.step, *virtio_slots_.back());
  }
  if (!config.iommu) return;
  iommu = std::make_unique<Iommu>(dram, where.count);
  add_device(memory_bus, "iommu", iommu_registers, XS_IOMMU_REGISTER_BYTES, *iommu);
}

IommuPlace Board::iommu_place() const {
  return {iommu ? iommu_registers : 0, where_.count, static_cast<u32>(where_.step), where_.base};
}

bool Board::guard_dma(unsigned slot, u64 pa, u64 size, bool write) {
  const bool allowed = !iommu || iommu->allows(slot, pa, size, write);
  if (!dma_observer) return allowed;
  const DmaAccess access{
      virtio_slots_[slot]->device()->name(), slot, pa, size, write, host.now_ps(), slot_registers(slot)};
  allowed ? dma_observer->on_dma(access) : dma_observer->on_dma_refused(access);
  return allowed;
}

void Board::plug(VirtioDevice& device, std::optional<unsigned> wanted) {
  if (wanted) {
    if (*wanted >= virtio_slots_.size()) throw Error("the machine has no slot " + std::to_string(*wanted));
    if (const VirtioDevice* there = virtio_slots_[*wanted]->device())
      throw Error("slot " + std::to_string(*wanted) + " has a " + there->name() + " device already");
    return virtio_slots_[*wanted]->attach(device);
  }
  for (auto slot = virtio_slots_.rbegin(); slot != virtio_slots_.rend(); ++slot)
    if (!(*slot)->device()) return (*slot)->attach(device);
  throw Error("the machine has " + std::to_string(virtio_slots_.size()) + " slots for devices, all taken");
}

void Board::add_disk(const std::string& file, bool read_only, std::optional<unsigned> slot) {
  const DiskTiming timing{config.disk_latency_ns, config.disk_bytes_per_s};
  const std::string serial = "disk" + std::to_string(disks.size());
  disks.push_back(std::make_unique<VirtioBlock>(host, file, read_only, timing, serial));
  plug(*disks.back(), slot);
}

void Board::add_console(ConsoleSink* sink) {
  consoles.push_back(std::make_unique<VirtioConsole>(host, sink));
  plug(*consoles.back());
}

void Board::add_network() {
  network = std::make_unique<Network>(host, config.network.value());
  plug(network->device, config.network->slot);
}

std::vector<unsigned> Board::occupied_slots() const {
  std::vector<unsigned> slots;
  for (unsigned i = 0; i < virtio_slots_.size(); ++i)
    if (virtio_slots_[i]->device()) slots.push_back(i);
  return slots;
}

bool Board::virtio_activity() const {
  for (const auto& slot : virtio_slots_)
    if (slot->device() && slot->device()->busy()) return true;
  return network && network->busy();
}

}  // namespace xs::platform
