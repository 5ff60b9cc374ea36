#pragma once
// The threads that keep the members of this node's alliances told: one that turns changes into deliveries,
// and for each node that this one calls one that waits for deliveries, and one that brings them where it
// must.

#include <functional>
#include <memory>

#include "exchange/federation/federation.h"

namespace shieldwall::server {

class Federating {
 public:
  /// `wake` is called from any thread after deliveries were added.
  Federating(exchange::federation::Federation& federation, std::function<void()> wake);
  /// Ends them; takes no longer than a poll waits.
  ~Federating();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall::server
