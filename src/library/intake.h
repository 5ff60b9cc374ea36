#pragma once
// Judging one object that somebody wants kept: is it STIX, and which label does it get?

#include <atomic>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "library/label_request.h"
#include "model/object.h"
#include "store/store.h"

namespace shieldwall::library {

/// Marking definitions as far as one source knows them: held by the store, or come along with the objects.
/// Thread-safe.
class Definitions {
 public:
  /// Looks in the holdings of `source` that `scope` sees.
  Definitions(store::Objects& objects, policy::Scope scope, policy::Source source)
      : objects_(objects), scope_(std::move(scope)), source_(source) {}

  /// A definition that comes along. One that is held already wins: the first version of it was kept.
  void offer(const model::Object& definition);
  /// Nothing when there is none. An unreadable store counts as none: the label is then the strictest.
  std::shared_ptr<const std::string> find(const model::ObjectId& id);
  /// As ledger::ceiling_of, for the scope's organisation.
  Result<std::optional<policy::Label>> ceiling_of(const model::ObjectId& identity, const model::ObjectId& id);

 private:
  static constexpr std::size_t offered_max = 10'000;  // a feed of ours has some dozens

  using Known = std::map<model::ObjectId, std::shared_ptr<const std::string>>;

  std::shared_ptr<const std::string> held(const model::ObjectId& id);

  store::Objects& objects_;
  policy::Scope scope_;
  policy::Source source_;
  Guarded<Known> held_;
  Guarded<Known> offered_;
};

/// What became of one object.
enum class Status : std::uint8_t { stored, duplicate, conflict, refused };
std::string_view name_of(Status status);

struct Outcome {
  std::size_t index = 0;  // place among the objects that came, from 0
  std::string id{};       // as written; empty when there is none
  std::string version{};  // empty for a refused one
  Status status = Status::refused;
  std::vector<model::Finding> findings{};  // why it was refused, or warnings
};

/// An object that passed all checks but the label, which may need definitions that come later.
struct Judged {
  model::Object object;
  std::string text;
};

/// Reads and checks one object. One that would match everything is taken with a warning: it may be somebody's
/// word, and whoever looks for values leaves it out.
std::expected<Judged, model::Refused> judge(std::string text, bool strict);

/// Labels objects on the same terms. Thread-safe.
class Labeller {
 public:
  Labeller(const Terms& terms, Definitions& definitions);

  /// True when every marking the object names is known, so that its label will not change by waiting.
  bool is_ready(const model::Object& object);
  /// What another source released to the organisation stays under that label: it is kept as an import, which
  /// claims no authorship.
  ///   errors  invalid: the markings cannot be joined with the terms, says why
  Result<store::NewHolding> label(Judged judged);

 private:
  static constexpr std::size_t cache_max = 4'096;

  Result<policy::Label> label_of(const model::Object& object);

  const Terms& terms_;
  Definitions& definitions_;
  wire::MarkingLookup lookup_;
  std::atomic<std::uint64_t> unknown_ = 0;
  Guarded<std::map<std::vector<model::ObjectId>, policy::Label>> cache_;  // by object_marking_refs, all known
};

/// Whether it says that a value would match too much to be looked for.
bool tells_of_breadth(const model::Finding& finding);
/// Of a version that is held with other content.
model::Finding conflict_finding();

/// Whether the organisation claims no authorship of it, because it knows it from others.
bool is_import(const store::NewHolding& holding);

/// A finding that is not about STIX.
model::Finding finding_of(const Error& error, std::string_view section);

std::string text_of(const model::Version& version);

}  // namespace shieldwall::library
