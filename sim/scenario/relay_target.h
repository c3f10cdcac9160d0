// A target in front of another one: hands everything on but what a derived class takes for itself.
#pragma once
#include "sim/scenario/target.h"

namespace xs::scenario {

class RelayTarget : public Target {
 public:
  /// `to` outlives this.
  explicit RelayTarget(Target& to) : to_(to) {}

  void start(TargetListener& listener) override { to_.start(listener); }
  void type_operator(std::string_view bytes) override { to_.type_operator(bytes); }
  std::string take_user_line() override { return to_.take_user_line(); }
  platform::StopReason run_until(u64 deadline_ps) override { return to_.run_until(deadline_ps); }
  void pause() override { to_.pause(); }
  u64 now_ps() const override { return to_.now_ps(); }
  u32 exit_value() const override { return to_.exit_value(); }
  void fail_disk_reads(u64 count) override { to_.fail_disk_reads(count); }
  void send_from_station(const StationStream& stream) override { to_.send_from_station(stream); }
  std::map<std::string, u64> counters() const override { return to_.counters(); }
  u64 execution_hash() const override { return to_.execution_hash(); }
  std::vector<std::string> where() const override { return to_.where(); }
  std::string annotate(const std::string& line, const std::string& kernel) const override {
    return to_.annotate(line, kernel);
  }
  void ended(int exit_code) override { to_.ended(exit_code); }
  Observation* observation() override { return to_.observation(); }

 private:
  Target& to_;
};

}  // namespace xs::scenario
