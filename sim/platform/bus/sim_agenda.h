// A machine's agenda under SystemC. All that the machine waits for goes by way of this one module, because
// SystemC's own queue says nothing of the order of what is due at the same time: that depends on everything
// else in it, another machine's affairs too. Here it depends on the machine alone.
//
//     cores, devices ──set──> what is due later (sc_ppq) ──alarm_──> on_time ──> Item::due
//                        └──> what is due at once ────────soon_───> on_delta ──> Item::due
#pragma once
#include <sysc/utils/sc_pq.h>

#include <deque>
#include <systemc>
#include <vector>

#include "sim/core/agenda.h"

namespace xs::platform {

class SimAgenda final : public sc_core::sc_module, public Agenda {
 public:
  explicit SimAgenda(const sc_core::sc_module_name& name);
  ~SimAgenda() override;

  void set(Item& item, u64 at_ps) override;
  void cancel(Item& item) override;
  u64 next_ps() override;

  /// After a run has come to its end: what is due now will happen first when the next one begins, whatever is
  /// set or called off in between.
  void collect();
  /// Nothing happens any more.
  void close() { closed_ = true; }

 private:
  struct Entry {
    u64 at_ps;
    Item* item;  ///< null: called off
  };
  static int later(const void* a, const void* b);
  void on_time();
  void on_delta();
  void expect(u64 at_ps);
  void forget_called_off();
  void settle();
  Entry* top() const { return queue_.empty() ? nullptr : queue_.top(); }
  Entry* take_top();

  sc_core::sc_event alarm_, soon_;
  u64 alarm_ps_ = never;  ///< when alarm_ will come
  u64 settled_ps_ = never;
  bool closed_ = false;
  sc_core::sc_ppq<Entry*> queue_;
  std::deque<Entry> entries_;  ///< all that there are, also those of no use now
  std::vector<Entry*> unused_;
  std::vector<Item*> due_, at_once_, happening_;
};

}  // namespace xs::platform
