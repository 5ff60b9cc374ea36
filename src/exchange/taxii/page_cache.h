#pragma once
// Pages rendered once and given again for as long as nothing has changed. A page belongs to one scope and one
// account: whoever sees other things, or was given other cursors, asks for another page.

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/call.h"
#include "base/guarded.h"
#include "policy/released.h"

namespace shieldwall::exchange::taxii {

/// Bytes of all pages kept. A page of 1,000 objects has 1.5 MB: ATT&CK three times over.
inline constexpr std::size_t cache_bytes_max = 128u << 20;

struct Dates {
  Timestamp first;
  Timestamp last;
};

/// A page as it left.
struct RenderedPage {
  policy::Released<std::shared_ptr<const Bytes>> body;
  std::string_view coding{};  // of the body; a constant, empty for none
  std::optional<Dates> dates{};
  std::optional<Digest> delivery{};      // ledger::root_of what is in it; nothing when it holds no objects
  Timestamp from{};                      // made then: a clock set back makes it stale
  Timestamp until = Timestamp::never();  // the first instant at which a label in it decides otherwise
};

class PageCache {
 public:
  /// Whether pages are kept apart by scope; `off` is a defect for the test of the test.
  enum class ByScope : std::uint8_t { on, off };

  /// `question` says everything that the page depends on beside scope, account and store; `rights` is the
  /// revision of what the account's rights were before; `newest` is the store's newest change. Ask for it
  /// before reading what the page is made of: a change that comes while it is made then makes it stale at
  /// once.
  std::optional<RenderedPage> find(const api::Call& call,
                                   std::uint64_t rights,
                                   const std::string& question,
                                   store::Sequence newest);
  void keep(const api::Call& call,
            std::uint64_t rights,
            const std::string& question,
            store::Sequence newest,
            RenderedPage page);

  void keep_apart(ByScope by_scope) { by_scope_ = by_scope; }

 private:
  struct Kept {
    RenderedPage page;
    store::Sequence newest;
    std::list<std::string>::iterator place;  // in `used`
  };
  struct State {
    std::map<std::string, Kept, std::less<>> pages;
    std::list<std::string> used;  // the longest unused first
    std::size_t bytes = 0;
  };
  static void forget(State& state, std::map<std::string, Kept, std::less<>>::iterator page);
  std::string key_of(const api::Call& call, std::uint64_t rights, const std::string& question) const;

  ByScope by_scope_ = ByScope::on;
  Guarded<State> state_;
};

}  // namespace shieldwall::exchange::taxii
