// How big P2Ms are, and what their entries say: the ones that the hypervisor holds, page by page as it has
// announced them, and the ones that guests publish.
#include "sim/observe/observer_impl.h"

namespace xs::observe {
namespace {

void count_entry(P2mShape& shape, const HeldP2mEntry& e) {
  if (e.mfn == invalid_frame) return;
  ++shape.entries;
  shape.same += e.gfn == e.mfn;
  shape.read_only += !e.writable;
  shape.foreign += e.foreign;
  shape.granted += e.granted;
  shape.shared += e.shared;
  shape.superpages += e.superpage && e.gfn % HeldP2ms::entries_per_page == 0;
}

void count_published(P2mShape& shape, const GuestP2m& p2m, MemoryPort& memory) {
  shape.own_pages = p2m.pages();
  for (u64 gfn = 0; gfn < p2m.entries(); ++gfn) {
    const u64 mfn = p2m.read(memory, gfn);
    if (!p2m_entry_valid(mfn)) continue;
    ++shape.entries;
    shape.same += gfn == mfn;
  }
}

}  // namespace

std::vector<P2mShape> Observer::p2m_shapes() const {
  const Impl& i = *impl_;
  std::vector<P2mShape> out;
  if (!i.state_) return out;
  std::map<u32, P2mShape> shapes;
  for (const auto& [mfn, page] : i.held_p2m.pages())
    if (page.level >= 1 && page.level <= P2mShape{}.held.size()) ++shapes[page.domid].held[page.level - 1];
  i.held_p2m.for_each(*i.memory,
                      [&](u32 domid, u64, const HeldP2mEntry& e) { count_entry(shapes[domid], e); });
  for (const auto& [domid, record] : i.state_->domains()) {
    GuestP2m published;
    if (record.model == XS_MODEL_DIRECT && i.read_published(domid, published))
      count_published(shapes[domid], published, *i.memory);
  }
  for (auto& [domid, shape] : shapes) {
    shape.domid = domid;
    out.push_back(shape);
  }
  return out;
}

}  // namespace xs::observe
