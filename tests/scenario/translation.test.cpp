// A live run whose translations are looked at all the time, and stopped at many moments: what is told agrees
// with the CPUs themselves, shows no domain what is not its own, and leaves the run what it would have been.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string_view>

#include "sim/observe/event.h"
#include "sim/scenario/machine_target.h"
#include "sim/scenario/relay_target.h"
#include "sim/scenario/runner.h"
#include "sim/scenario/scenario.h"
#include "tests/scenario/plain_run.h"
#include "tests/support/temp_directory.h"
#include "viz/live/look.h"

using namespace xs;
using namespace xs::viz;

namespace {

struct Seen {
  u64 moments = 0, pcs = 0, guest_pcs = 0, physical = 0, differing_modes = 0, tlb_entries = 0,
      user_entries = 0, pairs = 0, saved = 0, tables = 0, vhpt_entries = 0, guest_tables = 0;
};

/// Judges the machine at one moment.
class Judge {
 public:
  Judge(platform::Machine& machine, const observe::Observer& observer, const scenario::VcpuControls& vcpus)
      : machine_(machine), observer_(observer), vcpus_(vcpus) {}

  /// `whole`: also what an instruction does not change.
  void look(Seen& seen, bool whole) {
    ++seen.moments;
    for (unsigned cpu = 0; cpu < machine_.cpus(); ++cpu) {
      look_at_pc(cpu, seen);
      look_at_tlb(cpu, seen);
    }
    if (!whole) return;
    look_at_saved(seen);
    look_at_table(seen);
    look_at_vhpts(seen);
    look_at_guest_tables(seen);
  }

 private:
  const u8* memory(u64 pa) { return machine_.memory().readable(pa); }

  /// The frame that the program counter leads to holds what the CPU itself sees there.
  void look_at_pc(unsigned cpu, Seen& seen) {
    const auto image = look_at_translation(machine_, observer_, vcpus_, {.subject = {cpu, 0}});
    REQUIRE(image->known);
    REQUIRE(image->processor);
    const Explanation& way = *image->processor;
    CHECK(way.steps.size() >= 1);
    CHECK(way.now.why.empty() == way.now.ok);
    seen.physical += way.physical;
    const bool data_physical = machine_.control(cpu).explain(image->va, AddressUse::read).physical;
    seen.differing_modes += way.physical != data_physical;
    if (!way.now.ok) return;
    ++seen.pcs, seen.guest_pcs += image->guest_code;
    u8 bytes[16] = {};
    const u64 pc = image->va & ~u64{15};
    const u8* there = memory(way.now.pa & ~u64{15});
    REQUIRE(machine_.cpu(cpu).peek_code(pc, bytes, sizeof bytes) == (there != nullptr));
    if (!there) return;  // a CPU that waits at its reset vector
    CHECK(std::equal(std::begin(bytes), std::end(bytes), there));
    CHECK((way.now.rights & page_execute) != 0);
    if (!image->own || !image->guest_code || image->own->partial) return;
    // A guest that runs there has not unmapped its own code without a flush.
    ++seen.pairs;
    INFO(fmt::format("{:#x}: {} {}", image->va, image->own->now.why, image->differ));
    CHECK(image->own->now.ok);
    CHECK(image->own->now.pa == way.now.pa);
  }

  /// Whatever a TLB lets guest code reach, the domain that runs may see: its own frame, one that the
  /// hypervisor shares, the M2P that it publishes, or for dom0 another domain's. What has been freed is
  /// flushed before it is given out again.
  void look_at_tlb(unsigned cpu, Seen& seen) {
    const auto running = observer_.running(cpu);
    const std::vector<HeldPage> pages = machine_.control(cpu).held_pages();
    CHECK(std::is_sorted(pages.begin(), pages.end(), [](const HeldPage& a, const HeldPage& b) {
      return std::pair(!a.reachable, a.va) < std::pair(!b.reachable, b.va);
    }));
    seen.tlb_entries += pages.size();
    for (const HeldPage& page : pages) {
      u8 above_0 = 0;
      for (unsigned level = 1; level < 4; ++level) above_0 |= page.rights[level];
      const bool user = by_tags() ? above_0 != 0 : page.rights[3] != 0;
      // Between two domains the TLB is the one's, and the marks tell the other.
      if (!user || !page.present || !page.reachable || !running || !machine_.cpu(cpu).in_guest()) continue;
      ++seen.user_entries;
      for (u64 at = 0; at < u64{1} << page.shift; at += frame_size)
        judge_frame(cpu, running->domid, page, at);
    }
  }
  bool by_tags() {
    return !machine_.control(0).explain(0, AddressUse::read).steps.front().what.starts_with("CR");
  }

  void judge_frame(unsigned cpu, u32 domid, const HeldPage& page, u64 at) {
    const auto frame = observer_.frame((page.pa + at) >> frame_shift);
    if (!frame || frame->owner == XS_OWNER_FREE) return;  // a device; what nobody has
    const bool published = frame->owner == XS_OWNER_XEN && (page.rights[3] & page_write) == 0 &&
                           page.va >> 39 == 0xffff800000000000 >> 39;
    const bool foreign = domid == 0 && frame->owner < XS_OWNER_XEN;
    INFO(fmt::format("CPU {}, dom{}, {:#x}: frame {:#x} of {:#x}", cpu, domid, page.va + at, frame->mfn,
                     frame->owner));
    CHECK((frame->owner == domid || foreign || published));
  }

  /// VCPUs that do not run: where their tables lead is a frame of their domain's, or the hypervisor's.
  void look_at_saved(Seen& seen) {
    for (const observe::SavedVcpu& v : vcpus_.list()) {
      if (vcpus_.core_of(v.domid, v.vcpu)) continue;
      const Subject subject{std::nullopt, v.domid << 16 | v.vcpu};
      const auto image = look_at_translation(machine_, observer_, vcpus_, {.subject = subject});
      REQUIRE(image->known);
      CHECK_FALSE(image->processor);
      CHECK(image->tlb.empty());
      REQUIRE(image->own);
      if (!image->own->now.ok || std::string_view(v.state) == "down") continue;
      const auto frame = observer_.frame(image->own->now.pa >> frame_shift);
      REQUIRE(frame);
      ++seen.saved;
      CHECK((frame->owner == v.domid || frame->owner == XS_OWNER_XEN));
    }
  }

  /// A frame of a table's type is decoded; the entries are those that memory has.
  void look_at_table(Seen& seen) {
    for (u32 owner : {u32{1}, u32{0}, u32{XS_OWNER_XEN}})
      for (const u64 mfn : observer_.frames_of(owner)) {
        const auto frame = observer_.frame(mfn);
        const bool table = (frame->type >= XS_FRAME_L1 && frame->type <= XS_FRAME_L4) ||
                           frame->type == XS_FRAME_P2M || frame->type == XS_FRAME_SHADOW;
        if (!table) continue;
        ImageWish wish;
        wish.frame = mfn;
        const MachineImage image = look_at(machine_, observer_, vcpus_, wish);
        REQUIRE(image.frame);
        CHECK(image.frame->table);
        for (const TableEntryImage& e : image.frame->entries) {
          ++seen.tables;
          const u8* at = std::search(image.frame->bytes.data(), image.frame->bytes.data() + frame_size,
                                     reinterpret_cast<const u8*>(&e.value),
                                     reinterpret_cast<const u8*>(&e.value) + sizeof e.value);
          CHECK(at != image.frame->bytes.data() + frame_size);
        }
        break;
      }
  }

  /// Tables of a guest that hold GFNs: no type tells of them, its VCPUs' roots do. What they name is the
  /// domain's by its P2M, or nothing.
  void look_at_guest_tables(Seen& seen) {
    for (const observe::SavedVcpu& v : vcpus_.list()) {
      const auto domain = observer_.domain(v.domid);
      if (v.ia64 || !domain || domain->model != XS_MODEL_TRANSLATED || v.table == invalid_frame) continue;
      const u64 root = observer_.frame_named(v.domid, v.table);
      if (root == invalid_frame) continue;
      ImageWish wish;
      wish.frame = root;
      const MachineImage image = look_at(machine_, observer_, vcpus_, wish);
      REQUIRE(image.frame);
      CHECK(image.frame->table);
      CHECK(vcpus_.guest_table(root)->level == 4);
      for (const TableEntryImage& e : image.frame->entries) {
        if (!e.table || !e.frame) continue;
        ++seen.guest_tables;
        CHECK(e.frame_image.owner == v.domid);
        const auto below = vcpus_.guest_table(*e.frame);
        REQUIRE(below);
        CHECK(below->level == 3);
      }
    }
  }

  /// What the CPU walks for a VCPU on IA-64 is decoded, too, and shows its domain nothing else either.
  void look_at_vhpts(Seen& seen) {
    for (const observe::SavedVcpu& v : vcpus_.list()) {
      u64 pa = 0;
      if (!v.ia64 || !observer_.translate_hypervisor(machine_.cpu(0), v.ia64->vhpt, pa)) continue;
      ImageWish wish;
      wish.frame = pa >> frame_shift;
      const MachineImage image = look_at(machine_, observer_, vcpus_, wish);
      REQUIRE(image.frame);
      CHECK(image.frame->table);
      const auto domain = observer_.domain(v.domid);
      if (!domain || domain->state >= XS_DOM_SHUTDOWN) continue;  // it runs no more, and loses its frames
      for (const TableEntryImage& e : image.frame->entries) {
        if (!e.frame || !e.frame_image.ram) continue;
        ++seen.vhpt_entries;
        INFO(fmt::format("dom{}: frame {:#x} of {:#x}", v.domid, *e.frame, e.frame_image.owner));
        CHECK((e.frame_image.owner == v.domid || (v.domid == 0 && e.frame_image.owner < XS_OWNER_XEN)));
      }
    }
  }

  platform::Machine& machine_;
  const observe::Observer& observer_;
  const scenario::VcpuControls& vcpus_;
};

/// The machine of the scenario, stopped every some quanta, and then for some instructions at each.
class WatchedTarget : public scenario::RelayTarget, private CpuDebugger {
 public:
  WatchedTarget(scenario::MachineTarget& target, unsigned every, unsigned steps)
      : RelayTarget(target), target_(target), every_(every), steps_(steps) {}

  void start(scenario::TargetListener& listener) override {
    target_.start(listener);
    target_.machine().set_debugger(this);
  }

  Seen seen;

 private:
  bool wants_stop(unsigned) override { return ++quanta_ % every_ == 0; }
  void on_stop(unsigned cpu, const DebugStop& stop) override {
    const bool whole = stop.why == DebugStop::Why::request;
    if (whole) left_ = steps_;
    Judge(target_.machine(), target_.observer(), target_.vcpus()).look(seen, whole);
    target_.machine().control(cpu).request_step(left_ != 0);
    left_ -= left_ != 0;
  }

  scenario::MachineTarget& target_;
  const unsigned every_, steps_;
  unsigned quanta_ = 0, left_ = 0;
};

}  // namespace

TEST_CASE("translations as they are told, all along a run") {
  const std::string file = test::argument("XS_SCENARIO"), arch = test::argument("XS_ARCH");
  const test::TempDirectory work;
  const std::string out = work.path.string();
  const scenario::Scenario loaded = scenario::load_scenario(file, {}, arch);
  const auto machine = scenario::make_machine_target(loaded, {arch, out + "/run.trace", out, {}});
  const auto number = [](const char* name) {
    return static_cast<unsigned>(std::stoul(test::argument(name)));
  };
  WatchedTarget target(*machine, number("XS_EVERY"), number("XS_STEPS"));
  const scenario::RunResult result = scenario::Runner(loaded, target).run();
  CHECK(result.message.empty());

  const Seen& seen = target.seen;
  WARN(
      fmt::format("{} moments: {} PCs ({} of guests, {} physical, {} where code and data differ), {} TLB "
                  "entries ({} of guests), {} pairs, {} VCPUs that do not run, {} table entries",
                  seen.moments, seen.pcs, seen.guest_pcs, seen.physical, seen.differing_modes,
                  seen.tlb_entries, seen.user_entries, seen.pairs, seen.saved, seen.tables));
  CHECK(seen.moments > 200);
  CHECK(seen.pcs > 200);
  CHECK(seen.guest_pcs > 20);
  CHECK(seen.user_entries > 200);
  CHECK(seen.saved > 10);
  CHECK(seen.pairs >= number("XS_PAIRS"));
  // Handlers of misses fetch by PSR.it where data are physical.
  CHECK((seen.differing_modes > 0) == (arch == "ia64"));
  CHECK(seen.tables > 20);
  CHECK((seen.vhpt_entries > 20) == (arch == "ia64"));
  CHECK((seen.guest_tables > 20) == (arch == "x86_64" && number("XS_PAIRS") > 0));

  const nlohmann::json plain = test::plain_run(file, arch, out + "/plain.json");
  CHECK(fmt::format("{:016x}", result.trace_hash) == plain["trace_hash"]);
  CHECK(fmt::format("{:016x}", result.execution_hash) == plain["execution_hash"]);
}
