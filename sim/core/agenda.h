// What is going to happen in one machine by itself, each thing at its time: the ends of its cores' waits, its
// devices' alarms. Machines of one simulation have one each, so that none of them runs otherwise than alone.
#pragma once
#include <cstddef>

#include "sim/core/types.h"

namespace xs {

class Agenda {
 public:
  static constexpr u64 never = ~u64{0};

  /// Something that may happen, expected at most once at a time.
  class Item {
   public:
    Item() = default;
    virtual ~Item() {
      if (place.agenda) place.agenda->cancel(*this);
    }
    Item(const Item&) = delete;
    Item& operator=(const Item&) = delete;
    /// It happens. No longer expected then.
    virtual void due() = 0;
    bool expected() const { return place.agenda != nullptr; }

    struct {
      Agenda* agenda = nullptr;
      void* entry = nullptr;  ///< null: in the list of those that happen at once
      std::size_t index = 0;  ///< there
    } place;                  ///< the agenda's own
  };

  virtual ~Agenda() = default;
  /// Expects it at that time, not as before. A time that is not in the future is at once: when everything else
  /// that happens now has been done (the next delta cycle).
  virtual void set(Item& item, u64 at_ps) = 0;
  virtual void cancel(Item& item) = 0;
  /// When the next thing will happen.
  virtual u64 next_ps() = 0;
};

}  // namespace xs
