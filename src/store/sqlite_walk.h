#pragma once
// One reader's look at the store: which changes a query leads to, in order, and what each means to the scope.
// Only sqlite_*.cpp include this.

#include <map>
#include <optional>
#include <vector>

#include "store/family.h"
#include "store/judge.h"
#include "store/sqlite_core.h"
#include "store/steps.h"

namespace shieldwall::store {

/// What one scope sees at one instant: rows through the cache, visibility, redaction.
class Sight {
 public:
  static Result<Sight> open(Core& core, const policy::Scope& scope);

  /// errors: corrupt when there is no such change. `neighbours` says that the following rows are wanted next.
  Result<std::shared_ptr<const Row>> row(Sequence sequence, bool neighbours = false);
  bool tells(const Row& row) const;
  Redaction redaction(const Row& row) const { return redaction_of(row, core_->labels, *scope_, now_); }
  policy::Holding holding(const Row& row, Timestamp added) const {
    return holding_of(row, label_of(row, core_->labels), added);
  }
  /// The changes by which the scope meets holdings of that object, redacted observables only under their
  /// alias.
  Result<std::vector<std::shared_ptr<const Row>>> family(const model::ObjectId& id);
  /// The first change after that instant.
  Result<Sequence> first_after(Timestamp at);

  const State& state() const { return *state_; }
  const PageSource& pages() const { return *pages_; }
  Core& core() const { return *core_; }
  Timestamp now() const { return now_; }
  const policy::Scope& scope() const { return *scope_; }

 private:
  Sight(Core& core, const policy::Scope& scope, ReaderPool::Lease lease);

  Core* core_;
  const policy::Scope* scope_;
  std::shared_ptr<const State> state_;
  std::shared_ptr<const policy::Decider> decider_;
  Timestamp now_;
  ReaderPool::Lease lease_;
  std::unique_ptr<PageSource> pages_;
};

/// Since when a reader whose rights changed sees what they see: sqlite_met.cpp.
class Meeting {
 public:
  Meeting(const Sight& sight, const PastRights& pasts);  // both outlive it
  Timestamp of(const Row& row) const;

 private:
  bool saw(const Rights& past, const Row& row) const;

  const Sight* sight_;
  const PastRights* pasts_;
  std::vector<std::shared_ptr<const policy::Decider>> deciders_;  // of the scopes of pasts
};

/// Changes that follow each other in the order in which a reader met them.
struct Stretch {
  Sequence first;
  Sequence last;
  std::optional<Timestamp> opened{};  // only what the reader met then; else only what they met where it came
};

/// The changes under any of some keys: one part of a query.
class Filter {
 public:
  Filter(const IndexPart& part, const PageSource& pages, const std::vector<Key>& keys);
  /// The next change that is under one of them, at or after (before) `at`.
  Result<std::optional<Sequence>> next(Sequence at, bool backwards);

 private:
  std::vector<KeyCursor> cursors_;
};

/// Runs a query: gives each version once, in order.
class Walk {
 public:
  static Result<Walk> begin(Sight& sight, const Query& query, std::optional<Place> from);
  /// The part of a walk that lies in one stretch; without `meeting` the reader met all where it came.
  static Walk through(Sight& sight, const Query& query, const Stretch& stretch, const Meeting* meeting);

  struct Found {
    std::shared_ptr<const Row> best;   // its bytes
    std::shared_ptr<const Row> first;  // its place
    Timestamp met;                     // its added time
  };
  /// Nothing at the end. errors: unavailable when the deadline passed
  Result<std::optional<Found>> next(const Deadline& deadline);

  /// All holdings that go when the found version is deleted: those that the query itself selects.
  Result<std::vector<std::shared_ptr<const Row>>> all_of(const Found& found);

 private:
  Walk(Sight& sight, const Query& query) : sight_(&sight), query_(&query) {}

  using Rows = std::vector<std::shared_ptr<const Row>>;
  struct Family {
    Rows rows;
    std::vector<Given> given;
  };

  void add_filters();
  Result<std::optional<Sequence>> candidate();
  Result<bool> content_fits(const Row& row, const Redaction& redaction);
  Timestamp met(const Row& row) const { return meeting_ != nullptr ? meeting_->of(row) : row.at; }
  bool is_in_stretch(const Row& row) const;
  Result<Family> family_with(const Rows& rows);
  Result<std::optional<Found>> judged(const std::shared_ptr<const Row>& row);

  Sight* sight_;
  const Query* query_;
  std::vector<Filter> filters_;
  std::vector<Filter> words_;
  Stretch stretch_{};
  const Meeting* meeting_ = nullptr;
  Sequence at_ = 1;  // the next change to look at
  bool ended_ = false;
  std::map<model::ObjectId, Family> families_;  // of objects with several holdings, judged once
};

}  // namespace shieldwall::store
