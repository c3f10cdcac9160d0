#include "sim/platform/bus/sim_agenda.h"

#include <utility>

namespace xs::platform {
namespace {

constexpr int first_size = 128;

u64 now_ps() { return sc_core::sc_time_stamp().value(); }

}  // namespace

SimAgenda::SimAgenda(const sc_core::sc_module_name& name) : sc_module(name), queue_(first_size, later) {
  SC_HAS_PROCESS(SimAgenda);
  SC_METHOD(on_time);
  sensitive << alarm_;
  dont_initialize();
  SC_METHOD(on_delta);
  sensitive << soon_;
  dont_initialize();
}

SimAgenda::~SimAgenda() {
  for (Entry& entry : entries_)
    if (entry.item) entry.item->place = {};
  for (Item* item : at_once_) item->place = {};
}

/// As sc_ppq asks for it: positive when `a` comes first.
int SimAgenda::later(const void* a, const void* b) {
  const u64 left = static_cast<const Entry*>(a)->at_ps, right = static_cast<const Entry*>(b)->at_ps;
  return left < right ? 1 : left > right ? -1 : 0;
}

void SimAgenda::set(Item& item, u64 at_ps) {
  cancel(item);
  if (closed_) return;
  const u64 now = now_ps();
  if (at_ps <= now) {
    item.place = {this, nullptr, at_once_.size()};
    at_once_.push_back(&item);
    soon_.notify(sc_core::SC_ZERO_TIME);
    return;
  }
  if (unused_.empty()) unused_.push_back(&entries_.emplace_back());
  Entry* entry = unused_.back();
  unused_.pop_back();
  *entry = {at_ps, &item};
  item.place = {this, entry, 0};
  queue_.insert(entry);
  expect(at_ps);
}

void SimAgenda::cancel(Item& item) {
  settle();
  if (!item.expected()) return;
  if (item.place.entry) {
    static_cast<Entry*>(item.place.entry)->item = nullptr;
  } else {
    const std::size_t index = item.place.index;
    at_once_[index] = at_once_.back();
    at_once_[index]->place.index = index;
    at_once_.pop_back();
  }
  item.place = {};
}

u64 SimAgenda::next_ps() {
  if (!at_once_.empty()) return now_ps();
  forget_called_off();
  return top() ? top()->at_ps : never;
}

void SimAgenda::expect(u64 at_ps) {
  if (at_ps >= alarm_ps_) return;
  alarm_ps_ = at_ps;
  alarm_.notify(sc_core::sc_time::from_value(at_ps - now_ps()));
}

SimAgenda::Entry* SimAgenda::take_top() {
  Entry* entry = queue_.extract_top();
  unused_.push_back(entry);
  return entry;
}

void SimAgenda::forget_called_off() {
  while (top() && !top()->item) take_top();
}

/// What has been called off leaves the queue when time moves on, as in SystemC's own: when it does so decides
/// the order of what is due at the same time.
void SimAgenda::settle() {
  if (settled_ps_ == now_ps()) return;
  settled_ps_ = now_ps();
  forget_called_off();
}

void SimAgenda::collect() {
  settle();
  while (top() && top()->at_ps <= now_ps())
    if (Item* item = std::exchange(take_top()->item, nullptr)) {
      item->place = {};
      due_.push_back(item);
    }
}

void SimAgenda::on_time() {
  if (closed_) return;
  alarm_ps_ = never;
  collect();
  happening_.swap(due_);
  for (Item* item : happening_) item->due();
  happening_.clear();
  if (top()) expect(top()->at_ps);
}

/// The last one first, as SystemC does.
void SimAgenda::on_delta() {
  if (closed_) return;
  happening_.swap(at_once_);
  for (Item* item : happening_) item->place = {};
  for (auto item = happening_.rbegin(); item != happening_.rend(); ++item) (*item)->due();
  happening_.clear();
}

}  // namespace xs::platform
