#pragma once
// The set of values that one scope may ask about, as the filter it fetches.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "base/hash.h"
#include "exchange/ask/epoch.h"
#include "exchange/ask/filter.h"

namespace shieldwall::exchange::ask {

/// A value as both sides hash it: its kind's name, a colon, its canonical text.
std::string spelled(const model::CanonicalValue& value);

/// Whether the scope may learn that the node holds the values of this: it sees it whole, its label lets
/// existence be asked, and it did not come from the asker itself.
bool may_be_asked(const policy::Scope& scope, const policy::Holding& holding, Timestamp now);
/// Whether the label lets a reference be handed out, by which the object can be asked for: not where the
/// originator wants to decide who has it, nor where persons are named.
bool may_be_requested(const policy::Label& label);

/// Tags that were computed, by value; of one epoch. On the shelf, so that many askers share them.
class Tags {
 public:
  voprf::Tag of(const Epoch& epoch, const std::string& value);
  /// The value whose reference that is. errors: not_found
  Result<std::string> value_of(const Epoch& epoch, std::string_view reference) const;

 private:
  static constexpr std::size_t kept_max = 10'000'000;  // a gigabyte and a half; then it begins anew
  struct State {
    std::uint32_t epoch = 0;
    std::unordered_map<std::string, voprf::Tag, TextHash, std::equal_to<>> tags{};
  };
  Guarded<State> state_;
};

/// A filter that is being made or was: one for each scope and epoch. Made in pieces, since tags take time.
struct Making {
  std::mutex busy;
  store::Sequence newest = 0;  // the store's newest change when it was begun
  Duration begun{};
  std::optional<store::Place> from{};
  std::vector<policy::Released<std::vector<Entry>>> parts{};
  Timestamp until = Timestamp::never();  // the first end of a label in it
  std::optional<policy::Released<std::shared_ptr<const Bytes>>> filter{};
};

/// On the shelf.
class Sets {
 public:
  std::shared_ptr<Making> of(const std::string& key);

 private:
  static constexpr std::size_t kept_max = 64;  // of 47 MB at most
  Guarded<std::unordered_map<std::string, std::shared_ptr<Making>>> makings_;
};

/// The filter of the caller's scope as the store stands. Works on it for some seconds at most.
///   errors  unavailable: not ready yet, ask again; exhausted: more values than a filter holds
Result<policy::Released<std::shared_ptr<const Bytes>>> filter_for(api::Call& call, const Epoch& epoch);

}  // namespace shieldwall::exchange::ask
