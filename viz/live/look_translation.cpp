// One address of a machine that stands still: by whom it is looked at, on which way it gets where.
#include <fmt/format.h>

#include "sim/observe/event.h"
#include "viz/live/look.h"

namespace xs::viz {
namespace {

using observe::SavedVcpu;

u32 dv_of(u32 domid, u32 vcpu) { return domid << 16 | vcpu; }

class Look {
 public:
  Look(platform::Machine& machine, const observe::Observer& observer, const scenario::VcpuControls& vcpus,
       const TranslationWish& wish)
      : machine_(machine), observer_(observer), vcpus_(vcpus), saved_(vcpus.list()) {
    out_.wish = wish;
  }

  TranslationImage take();

 private:
  void list_subjects();
  const SavedVcpu* find_subject();
  void explain(const SavedVcpu* vcpu);
  void compare();
  void name_frames(const std::optional<Explanation>& way);
  void list_tlb();

  platform::Machine& machine_;
  const observe::Observer& observer_;
  const scenario::VcpuControls& vcpus_;
  const std::vector<SavedVcpu> saved_;
  TranslationImage out_;
};

void Look::list_subjects() {
  for (unsigned cpu = 0; cpu < machine_.cpus(); ++cpu) {
    SubjectImage& s = out_.subjects.emplace_back();
    s.subject.cpu = cpu;
    if (const auto v = observer_.running(cpu)) s.dv = dv_of(v->domid, v->vcpu);
  }
  for (const SavedVcpu& v : saved_) {
    const u32 dv = dv_of(v.domid, v.vcpu);
    out_.subjects.push_back({{std::nullopt, dv}, dv, vcpus_.core_of(v.domid, v.vcpu) ? "" : v.state});
  }
}

/// Null: the hypervisor keeps nothing of such a VCPU.
const SavedVcpu* Look::find_subject() {
  const Subject& wanted = out_.wish.subject;
  out_.cpu = wanted.cpu;
  if (wanted.cpu) {
    out_.known = *wanted.cpu < machine_.cpus();
    if (const auto v = observer_.running(*wanted.cpu)) out_.dv = dv_of(v->domid, v->vcpu);
  } else {
    out_.dv = wanted.dv;
    out_.cpu = vcpus_.core_of(observe::dv_domid(wanted.dv), observe::dv_vcpu(wanted.dv));
  }
  for (const SavedVcpu& v : saved_)
    if (out_.dv == dv_of(v.domid, v.vcpu)) return out_.known = true, &v;
  return nullptr;
}

void Look::explain(const SavedVcpu* vcpu) {
  const std::unique_ptr<CpuControl> saved = vcpu ? vcpus_.control_of(*vcpu) : nullptr;
  const CpuControl* registers = out_.cpu ? &machine_.control(*out_.cpu) : saved.get();
  for (unsigned i = 0; i < address_places; ++i)
    out_.places[i] = registers->place(static_cast<AddressPlace>(i));
  out_.va = out_.wish.va;
  if (out_.wish.place) out_.va = out_.places[static_cast<unsigned>(*out_.wish.place)].value_or(out_.va);
  if (out_.cpu) {
    out_.guest_code = machine_.cpu(*out_.cpu).in_guest();
    out_.processor = machine_.control(*out_.cpu).explain(out_.va, out_.wish.use);
  }
  if (!vcpu) return;
  const auto domain = observer_.domain(vcpu->domid);
  const bool walks_own = domain && domain->model == XS_MODEL_DIRECT;  // the CPU shows them already
  if (out_.cpu && walks_own) return;
  out_.own = saved->explain(out_.va, out_.wish.use);
  if (out_.processor && out_.own->of_hypervisor) out_.own.reset();
}

// The guest's tables may have changed since: the processor's are right until it flushes.
void Look::compare() {
  if (!out_.processor || !out_.own || !out_.guest_code) return;
  const TranslationOutcome &cpu = out_.processor->now, &own = out_.own->now;
  if (cpu.ok && own.ok && cpu.pa >> frame_shift != own.pa >> frame_shift)
    out_.differ = fmt::format("the processor goes to frame {:#x}, the guest's own tables say {:#x}",
                              cpu.pa >> frame_shift, own.pa >> frame_shift);
  if (cpu.ok && !own.ok && !out_.own->partial)
    out_.differ = "the processor still has what the guest's own tables have no more";
}

void Look::name_frames(const std::optional<Explanation>& way) {
  if (!way) return;
  const auto name = [&](u64 mfn) { out_.frames.emplace(mfn, frame_image(observer_, mfn)); };
  if (way->now.ok) name(way->now.pa >> frame_shift);
  if (way->held) name(way->held->pa >> frame_shift);
  for (const TranslationStep& step : way->steps) {
    if (step.at) name(*step.at >> frame_shift);
    if (step.frame) name(*step.frame);
  }
}

void Look::list_tlb() {
  if (!out_.cpu) return;
  const std::vector<HeldPage> pages = machine_.control(*out_.cpu).held_pages();
  out_.tlb.reserve(pages.size());
  for (const HeldPage& page : pages)
    out_.tlb.push_back({page, frame_image(observer_, page.pa >> frame_shift)});
}

TranslationImage Look::take() {
  list_subjects();
  const SavedVcpu* vcpu = find_subject();
  if (!out_.known) return std::move(out_);
  explain(vcpu);
  compare();
  name_frames(out_.processor);
  name_frames(out_.own);
  list_tlb();
  return std::move(out_);
}

}  // namespace

FrameImage frame_image(const observe::Observer& observer, u64 mfn) {
  const auto frame = observer.frame(mfn);
  return frame ? FrameImage{true, frame->owner, frame->type} : FrameImage{};
}

std::shared_ptr<const TranslationImage> look_at_translation(platform::Machine& machine,
                                                            const observe::Observer& observer,
                                                            const scenario::VcpuControls& vcpus,
                                                            const TranslationWish& wish) {
  return std::make_shared<const TranslationImage>(Look(machine, observer, vcpus, wish).take());
}

}  // namespace xs::viz
