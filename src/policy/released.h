#pragma once
// The type says that policy was asked. Only `release` makes a Released<T>; rendering it gives
// Released<Bytes>, and only that, or a Public, leaves the process: by a response, the outgoing client or a
// file.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/object.h"
#include "policy/scope.h"

namespace shieldwall::policy {

class Release;  // the functions below; the one friend

template <typename T>
class Released {
 public:
  const T& look() const { return value_; }

  /// `writer` is a plain function without captures, so that nothing unreleased slips into the bytes.
  Released<Bytes> render(Bytes (*writer)(const T&)) const { return Released<Bytes>(writer(value_)); }

 private:
  friend class Release;
  template <typename>
  friend class Released;
  explicit Released(T value) : value_(std::move(value)) {}

  T value_;
};

/// Bytes that tell nothing about anybody's data: errors, static files, the API's own description. One
/// reviewed list makes them: grep for `Public::of`.
class Public {
 public:
  static Public of(Bytes bytes) { return Public(std::move(bytes)); }
  const Bytes& bytes() const { return bytes_; }

 private:
  explicit Public(Bytes bytes) : bytes_(std::move(bytes)) {}

  Bytes bytes_;
};

/// Where a holding came from.
struct Source {
  enum class Kind : std::uint8_t { own = 1, member = 2, feed = 3 };
  Kind kind = Kind::own;
  Uuid id;  // organisation for own and member, feed otherwise
  auto operator<=>(const Source&) const = default;
};

/// One arrival of a version, as the store gives it to somebody who may see it.
struct Holding {
  model::ObjectId id;
  model::Version version;
  model::SpecVersion spec_version = model::SpecVersion::v2_1;
  std::shared_ptr<const std::string> bytes;  // the object as received
  Source source;
  std::optional<CircleId> collection;
  Label label;
  Timestamp added;                   // when it became visible to the scope that asked (FORMATS: date_added)
  std::vector<std::string> removed;  // JSON pointers of references that the label's readers may not follow
};

/// Rows that belong to an organisation and have no label: accounts, circles, jobs, audit entries.
template <typename T>
struct Owned {
  OrganisationId organisation;
  T value;
};

class Release {
 public:
  static Result<Released<Holding>> of(const Scope& scope, Holding holding, Timestamp now);

  template <typename T>
  static Result<Released<T>> of(const Scope& scope, Owned<T> row) {
    if (!scope.is_everything() && scope.subject().own.organisation != row.organisation)
      return fail(ErrorCode::not_found, "no such entry");
    return Released<T>(std::move(row.value));
  }

  /// What carries no data of anybody: a page's end, a count of own rows, a name the caller sent.
  template <typename T>
  static Released<std::vector<T>> gather(std::vector<Released<T>> parts) {
    std::vector<T> values;
    values.reserve(parts.size());
    for (auto& part : parts) values.push_back(std::move(part.value_));
    return Released<std::vector<T>>(std::move(values));
  }

  /// Two released values as one.
  template <typename A, typename B>
  static Released<std::pair<A, B>> both(Released<A> a, Released<B> b) {
    return Released<std::pair<A, B>>({std::move(a.value_), std::move(b.value_)});
  }

  /// Server facts that policy lets everybody know who may ask at all: a sealed cursor, an instant, a flag.
  template <typename T>
  static Released<T> fact(T value) {
    return Released<T>(std::move(value));
  }
};

/// The holding for this reader: checked once more against its label; parts under a granular marking that the
/// reader may not see and references in `removed` are gone, unless the reader's organisation owns the label.
///   errors  not_found: the scope may not see it
inline Result<Released<Holding>> release(const Scope& scope, Holding holding, Timestamp now) {
  return Release::of(scope, std::move(holding), now);
}

}  // namespace shieldwall::policy
