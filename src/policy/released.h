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
  /// A step on the way to bytes, or bytes that several answers share.
  template <typename U>
  Released<U> render(U (*writer)(const T&)) const {
    return Released<U>(writer(value_));
  }

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

/// A part of an object under a granular marking that narrows it, STIX 2.1 section 7.2.3.
struct GranularLabel {
  std::vector<std::string> selectors;  // as written in the object; never empty
  Label label;                         // the holding's own label joined with what the marking says
  auto operator<=>(const GranularLabel&) const = default;
};

/// One arrival of a version, as the store gives it to somebody who may see it.
///
/// What readers other than the owner may not have of it is decided once, when it is put (decision 0002):
///
///   parts    given by whoever puts (wire::parts_of); the store keeps them as encode_parts bytes.
///   removed  judged by the store: a reference stays when at_least_as_wide(label_when_named(target), label)
///            for some holding of the target, or when the store holds no such object.
///   alias    drawn by the store (Uuid::random) where `parts` or `removed` is not empty; kept with the
///   holding.
///
/// Being found must not tell what redaction hides. A holding with parts answers a question about content
/// (values, words, references, the id of an observable) only to a scope that sees_all_parts() of it; a
/// removed reference answers no question but the owner's.
struct Holding {
  model::ObjectId id;
  model::Version version;
  model::SpecVersion spec_version = model::SpecVersion::v2_1;
  std::shared_ptr<const std::string> bytes;  // the object as received
  Source source;
  std::optional<CircleId> collection;
  Label label;
  Timestamp added;                   // when it became visible to the scope that asked: TAXII's date_added
  std::vector<std::string> removed;  // JSON pointers (RFC 6901) of references that only the owner may follow
  std::vector<GranularLabel> parts;
  Uuid alias;  // stands for the id of a redacted cyber-observable, whose own would tell its value
};

/// The stored form of Holding::parts, docs/formats/label.md; empty bytes for none.
Bytes encode_parts(const std::vector<GranularLabel>& parts);
/// Only canonical bytes are taken. errors: invalid
Result<std::vector<GranularLabel>> decode_parts(std::string_view bytes);

/// True when no part of the holding is hidden from the scope. Asks neither the label nor `removed`.
bool sees_all_parts(const Scope& scope, const Holding& holding, Timestamp now);

/// The label under which a reference may name the holding: its own, joined with those of its parts when it is
/// a cyber-observable: a reference to an observable that the reader gets redacted is removed.
Label label_when_named(const Holding& holding);

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
