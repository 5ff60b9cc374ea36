#pragma once
// Where the files of `shieldwall import` go: into the store itself, or to the node that holds it.

#include <memory>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "cli/command.h"
#include "library/importer.h"
#include "store/store.h"
#include "wire/byte_reader.h"

namespace shieldwall::cli {

inline constexpr std::size_t import_findings_max = 100;  // kept for people; all are counted

inline double seconds_since(Duration begun) {
  return static_cast<double>(system_clock().steady().us - begun.us) / 1e6;
}

/// True once somebody pressed Ctrl-C; a second time ends the process.
bool is_interrupted();

/// One line on a terminal, rewritten.
class ImportProgress {
 public:
  explicit ImportProgress(bool shown);
  ~ImportProgress();
  ImportProgress(const ImportProgress&) = delete;
  ImportProgress& operator=(const ImportProgress&) = delete;

  void tell(const library::ImportReport& report);

 private:
  const bool shown_;
  const Duration begun_;
  Duration next_{};
  bool told_ = false;
};

class ImportTarget {
 public:
  virtual ~ImportTarget() = default;
  /// Adds to `report`, also when it fails: what came before is kept.
  ///   errors  invalid: the text is neither STIX nor a list; conflict: interrupted; as reading and storing
  virtual Done take(wire::ByteReader& file, ImportProgress& progress, library::ImportReport& report) = 0;
  /// How many objects are not findable by their words yet, and how long it took to make them so; nothing
  /// where a running node sees to that.
  virtual Result<std::optional<std::pair<std::size_t, double>>> catch_up() = 0;
};

/// The label options as query parameters, with the question mark.
std::string label_query_of(const Arguments& arguments);

Result<std::unique_ptr<ImportTarget>> import_into_store(std::unique_ptr<store::Store> store,
                                                        const Arguments& arguments);
Result<std::unique_ptr<ImportTarget>> import_through_node(const Arguments& arguments);

}  // namespace shieldwall::cli
