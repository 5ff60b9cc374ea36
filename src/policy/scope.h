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

/// The interned shared parts of one store's labels. Append-only; readers take snapshots; thread-safe.
class LabelTable {
 public:
  LabelTable();
  ~LabelTable();
  LabelTable(LabelTable&&) noexcept;

  /// The id of that shared part, new if need be (the store persists it before it uses it).
  LabelId intern(const Label& shared);
  const Label& at(LabelId id) const;  // valid as long as the table
  std::size_t size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Which interned labels a scope sees, as far as the shared part decides; a holding's own columns (persons,
/// embargo, end) are tested beside it. Holds while the scope's fingerprint and the table's size stay.
class VisibleLabels {
 public:
  VisibleLabels(const Scope& scope, const LabelTable& table, Timestamp now);
  bool test(LabelId id) const { return id < bits_.size() && bits_[id]; }
  std::size_t size() const { return bits_.size(); }

 private:
  std::vector<bool> bits_;
};

}  // namespace shieldwall::policy
