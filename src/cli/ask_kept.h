#pragma once
// What an asker keeps of a node it asked: the set of tags, and the keys it was shown, so that another key for
// the same epoch is noticed.

#include <optional>
#include <string>

#include "base/fs.h"
#include "exchange/ask/epoch.h"
#include "exchange/ask/filter.h"

namespace shieldwall::cli {

class AskKept {
 public:
  /// `folder` empty: nothing is kept. `peer`: the node's origin and the account, which see one set.
  AskKept(Fs& fs, std::string folder, std::string_view peer);

  /// The set of tags, where one is kept for the epoch of `now` and fetched less than a day ago.
  std::optional<exchange::ask::Filter> filter(Timestamp now) const;

  /// errors: denied: the node showed another key for that epoch before; as Fs
  Done keep(const exchange::ask::Filter& filter, Timestamp now);

 private:
  std::string path(std::string_view kind) const;
  Result<std::vector<exchange::ask::OpenKey>> pins() const;

  Fs& fs_;
  std::string folder_;
  std::string name_;
};

}  // namespace shieldwall::cli
