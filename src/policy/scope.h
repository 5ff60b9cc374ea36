#pragma once
// The permission to read, carried by every read. Made from a subject and nothing else.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/subject.h"

namespace shieldwall::policy {

/// Number of an interned shared label part; dense from 0 in one store.
using LabelId = std::uint32_t;

class Scope {
 public:
  static Scope of(Subject subject);
  /// For backup and check alone. The reason is written to the audit log by the caller's store.
  static Scope everything(std::string_view reason);

  bool sees(const Label& label, Timestamp now) const;
  bool is_everything() const { return subject_ == nullptr; }
  const Subject& subject() const { return *subject_; }  // not of everything()
  std::string_view reason() const { return reason_; }
  /// Digest of all that decides; equal scopes see the same. Keys caches of VisibleLabels.
  const Digest& fingerprint() const { return fingerprint_; }

 private:
  Scope() = default;

  std::shared_ptr<const Subject> subject_;
  std::string reason_;
  Digest fingerprint_;
};

/// What a holding keeps of its label beside the interned part.
struct LabelColumns {
  const std::vector<PersonKey>* persons = nullptr;  // null: Label::persons holds nothing
  Timestamp embargo = Timestamp::always();
  Timestamp end = Timestamp::never();

  static LabelColumns of(const Label& label) {
    return {.persons = label.persons ? &*label.persons : nullptr, .embargo = label.embargo, .end = label.end};
  }
};

/// The interned shared parts of one store's labels. Append-only; readers take no lock; thread-safe.
class LabelTable {
 public:
  LabelTable();
  ~LabelTable();
  LabelTable(LabelTable&&) noexcept;
  LabelTable& operator=(LabelTable&&) noexcept;

  /// The id of that shared part, new if need be (the store persists it before it uses it).
  LabelId intern(const Label& shared);
  const Label& at(LabelId id) const;  // valid as long as the table
  std::size_t size() const;

 private:
  friend class Decider;
  friend struct Internals;
  struct State;
  std::unique_ptr<State> state_;
};

/// may_see for one scope over interned labels, in tens of nanoseconds: organisations, nations and groups have
/// small numbers there, and audiences are sets of bits. Also decides labels interned after it was made.
/// Thread-safe.
class Decider {
 public:
  Decider(const Scope& scope, const LabelTable& table);  // `table` outlives it
  ~Decider();
  Decider(Decider&&) noexcept;

  bool may_see(LabelId id, const LabelColumns& columns, Timestamp now) const;

  /// What the shared part alone decides.
  enum class Sight : std::uint8_t {
    hidden,
    by_columns,      // seen when persons, embargo and end allow it
    by_columns_red,  // the same, and persons must be listed
    whole,           // seen: the columns are not asked
  };
  Sight sight(LabelId id) const;

 private:
  friend class VisibleLabels;
  friend struct Internals;
  struct State;
  std::unique_ptr<State> state_;
};

/// Which interned labels a scope sees, decided beforehand. Depends on no instant: the columns of a holding
/// are asked beside it. Copies of nothing; keep one per fingerprint.
class VisibleLabels {
 public:
  VisibleLabels(const Scope& scope, const LabelTable& table, Timestamp now);

  /// Whether holdings under that label may be seen at all; their columns still decide.
  bool test(LabelId id) const { return sight(id) != Decider::Sight::hidden; }
  /// may_see for a holding.
  bool sees(LabelId id, const LabelColumns& columns, Timestamp now) const;

  /// Decides the labels interned since.
  void extend();
  std::size_t size() const { return size_; }

 private:
  Decider::Sight sight(LabelId id) const {
    if (id >= size_) return Decider::Sight::hidden;
    return static_cast<Decider::Sight>(sights_[id / 32] >> (id % 32 * 2) & 3);
  }

  Decider decider_;
  std::vector<std::uint64_t> sights_;  // two bits each
  std::size_t size_ = 0;
};

}  // namespace shieldwall::policy
