#pragma once
// A STIX object as it arrived: the original bytes, and the facts that policy, store and search need from
// them.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "model/canonical.h"
#include "model/json.h"

namespace shieldwall::model {

/// `type--UUID`, STIX 2.1 section 2.9.
struct ObjectId {
  std::string type;
  Uuid uuid;
  auto operator<=>(const ObjectId&) const = default;

  std::string text() const;
  /// errors: invalid
  static Result<ObjectId> parse(std::string_view text);
};

/// Which state of an object this is: `modified`, else `created`, else the digest of its content
/// (cyber-observables).
using Version = std::variant<Timestamp, Digest>;

enum class SpecVersion : std::uint8_t { v2_0, v2_1 };

/// One `*_ref` or element of `*_refs`, wherever it stands in the object.
struct Reference {
  std::string property;  // "source_ref", "object_refs", "extensions.http-request-ext.message_body_data_ref"
  ObjectId target;
};

struct ExternalReference {
  std::string source_name;
  std::string external_id;  // empty when absent
  std::string url;          // empty when absent
};

/// STIX 2.1 section 7.2.3. Exactly one of marking_ref and lang is set.
struct GranularMarking {
  std::optional<ObjectId> marking_ref;
  std::string lang;
  std::vector<std::string> selectors;
};

enum class Severity : std::uint8_t { error, warning };

/// A rule the object breaks: MUST gives an error, SHOULD a warning.
/// Findings of each severity told of one object. A place is found by walking past all that stands before it:
/// 10^6 of them would take hours, and nobody reads them.
inline constexpr std::size_t findings_max = 200;

struct Finding {
  Severity severity;
  std::string section;  // "STIX 2.1 §3.2"
  std::string pointer;  // RFC 6901, into the object
  std::string message;  // what is wrong and what would be right
  std::string_view rule =
      {};  // the rule's short name, "open-vocabulary"; the same for all findings of one rule
};

struct Object {
  std::shared_ptr<const std::string> bytes;  // the object's own JSON text, exactly as received
  ObjectId id;
  SpecVersion spec_version = SpecVersion::v2_1;
  Version version;
  std::optional<Timestamp> created;
  std::optional<Timestamp> modified;
  std::optional<ObjectId> created_by_ref;
  bool revoked = false;
  std::optional<int> confidence;
  std::vector<std::string> labels;
  std::vector<ExternalReference> external_references;
  std::vector<ObjectId> object_marking_refs;
  std::vector<GranularMarking> granular_markings;
  std::vector<Reference> references;  // all but object_marking_refs, granular markings and created_by_ref
  std::vector<CanonicalValue>
      values;  // of a cyber-observable, or named by equality in an indicator's STIX pattern
  std::vector<Finding> warnings;
};

struct ReadOptions {
  bool strict = false;   // SHOULD violations are errors
  bool warnings = true;  // false: SHOULD violations go untold, which is quicker
};

/// What reading one object gave: the object, or the rules it breaks.
struct Refused {
  std::string id;  // as written; empty when there is none
  std::vector<Finding> findings;
};

/// Reads and checks one object. A MUST violation, or a limit passed, refuses it; warnings travel with it.
std::expected<Object, Refused> read_object(const Json& json, const ReadOptions& options = {});

/// Every finding, for people who ask; empty when all is well.
std::vector<Finding> check_object(const Json& json, const ReadOptions& options = {});

/// The id STIX 2.1 section 2.9 derives from a cyber-observable's contributing properties; nothing for a type
/// that has none or when none is present (those take random ids).
std::optional<ObjectId> deterministic_id(const Json& json);

/// Digest of the RFC 8785 form: sameness of content.
Digest content_digest(const Json& json);

/// Text worth finding the object by: name, description, values, aliases, and what else is prose; separated by
/// newlines.
std::string searchable_text(const Json& json);

/// What its property `revoked` says; false where it has none (STIX 2.1 section 3.2).
bool is_revoked(const Json& json);

/// Reads a stream of objects out of a bundle, an envelope, an array or a single object, one at a time and in
/// constant memory: push the text in pieces, take each object's bytes as it completes.
class ObjectSplitter {
 public:
  explicit ObjectSplitter(std::size_t object_bytes_max = 32u << 20);
  ~ObjectSplitter();
  ObjectSplitter(ObjectSplitter&&) noexcept;

  /// Adds text; appends each object that is now whole to `objects`.
  ///   errors  invalid: not JSON of one of those shapes, with the byte offset; exhausted: one object is too
  ///   large
  Done push(std::string_view text, std::vector<std::string>& objects);
  /// Says the text ended. errors: invalid when it ended early, or held nothing
  Done finish();

  /// The JSON text of the bundle or envelope that closed last, its list of objects emptied; empty when there
  /// was none.
  const std::string& envelope() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall::model
