#pragma once
// Where a capability keeps what it derives and wants to find again in the next call: one thing of each kind,
// made when first asked for, gone with the node. Nothing here is the only copy of anything.

#include <map>
#include <memory>
#include <typeindex>

#include "base/guarded.h"

namespace shieldwall::api {

class Shelf {
 public:
  /// The node's T, which guards itself: many calls use it at once. T lives as long as the shelf.
  template <typename T>
  T& of() {
    return *things_.with([](auto& things) {
      auto& thing = things[typeid(T)];
      if (!thing) thing = std::make_shared<T>();
      return static_cast<T*>(thing.get());
    });
  }

 private:
  Guarded<std::map<std::type_index, std::shared_ptr<void>>> things_;
};

}  // namespace shieldwall::api
