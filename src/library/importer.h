#pragma once
// Takes a text of any size into the store: split into objects by the thread that brings it, read and checked
// on a pool, put in large batches in the order of the text. Memory is bounded; whoever brings text waits
// while too much of it is under way.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "library/import_text.h"
#include "library/intake.h"
#include "library/outcome.h"
#include "wire/byte_reader.h"

namespace shieldwall::library {

struct ImportOptions {
  Executor* pool = nullptr;           // nothing: everything on the thread that brings the text
  std::size_t batch_objects = 5'000;  // of one durable step: 2,000 to 10,000 are the fastest
  std::size_t findings_max = 100;     // outcomes kept for people; all are counted
  ListAuthor author{};                // of indicators made from a list
};

struct ImportReport {
  std::uint64_t bytes = 0;
  std::uint64_t objects = 0;  // found in the text so far
  Tally tally{};              // of those that are done
  std::uint64_t warnings = 0;
  std::vector<Outcome> findings{};  // the first that were refused, in conflict or too broad to look for
  TextFormat format = TextFormat::undecided;
};

class Importer {
 public:
  /// `store` and the pool must outlive the importer. `scope` reads marking definitions that are held.
  Importer(store::Store& store, Terms terms, policy::Scope scope, ImportOptions options);
  /// Drops what was not put yet.
  ~Importer();

  /// Takes a piece of the text; waits while too much is under way.
  ///   errors  invalid: the text is no STIX; what came before is kept. As put: nothing of that batch is kept.
  ///           conflict: cancelled
  Done push(std::string_view piece);
  /// Says the text ended and waits until all of it is durable.
  ///   errors  as push; unavailable: `deadline` passed, and what was put before stays
  Result<ImportReport> finish(Deadline deadline = Deadline::none());

  /// From any thread.
  ImportReport progress() const;
  void cancel();

 private:
  class Work;
  std::shared_ptr<Work> work_;
};

/// Indicators that a list becomes are the organisation's own word. errors: not_found: no such organisation
Result<ListAuthor> author_of(store::Records& records, const OrganisationId& organisation, Timestamp now);

/// Puts all that `reader` gives. `tell` is called between pieces; false cancels.
///   errors  as Importer
Result<ImportReport> import_stream(Importer& importer,
                                   wire::ByteReader& reader,
                                   const std::function<bool(const ImportReport&)>& tell = {});

}  // namespace shieldwall::library
