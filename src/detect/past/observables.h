#pragma once
// Every observable of an event, found or not: what the past remembers. The values are those that a Scanner
// compares, so that an indicator of tomorrow meets the events of today; observables_test holds the two
// together.

#include <string_view>

#include "detect/literal.h"
#include "detect/matcher.h"

namespace shieldwall::detect::past {

class ObservableSink {
 public:
  virtual ~ObservableSink() = default;
  virtual void observable(LiteralKind kind, std::string_view key) = 0;
};

/// An address stands for the networks of these prefix lengths too (in the space of model::Address); any other
/// length is asked for by the next longer or shorter of them.
inline constexpr int v4_prefixes[] = {128, 120, 112};
inline constexpr int v6_prefixes[] = {128, 64, 48, 32};

/// Tells `sink` the observables of `record`, some perhaps twice.
///   addresses  themselves and their networks of the lengths above
///   domains    and all names above them but the top
///   URLs       whole; of an event that tells host and path alone, without the scheme ("://host/path")
///   files      names where the field or a path says that it is one; paths and the folder they lie in
///   hashes     of any algorithm, JA3 among them; e-mail, MAC, JA4, and what a field's name tells
void read_observables(const Record& record, FreeText free_text, ObservableSink& sink);

}  // namespace shieldwall::detect::past
