#pragma once
// STIX 2.1 as tables: one StixType per object type, one Property row per property. The checker
// (object_check.cpp) knows the kinds of rows; what is particular to a type stands in its row and nowhere
// else.

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace shieldwall::model {

using Names = std::span<const std::string_view>;

/// An open vocabulary (other values are a warning) or an enumeration (other values are an error). Section 10.
struct Vocabulary {
  std::string_view name;
  std::string_view section;
  Names values;
};

enum class Kind : std::uint8_t {
  string,
  language,  // RFC 5646 tag
  uri,       // RFC 3986, absolute
  boolean,
  integer,
  number,             // integer or fraction
  timestamp,          // 2.16
  precise_timestamp,  // with milliseconds at least: created, modified
  hex,                // 2.8
  binary,             // 2.1; base64, and a longer text is allowed
  identifier,         // 2.9; `targets` limits its types
  enumeration,        // 2.4
  open_vocabulary,    // 2.14
  hashes,             // 2.7
  dictionary,         // 2.3; keys from `vocabulary` where it is set (other keys are a warning)
  structure,          // an object with the rows of `structure`
  extensions,         // 3.2, 3.10, 7.3
  observables,        // 2.13: the deprecated container of observed-data
  translations,       // 7.1: contents of language-content
  marking,            // 7.2.1: definition of marking-definition
  cpe,                // CPE 2.3 name
  objects,            // 8.1: what a bundle holds
};

enum class Need : std::uint8_t {
  optional,
  required,
  deprecated,  // allowed, with a warning
  reserved,    // 3.8: must not be used
};

struct Structure;

struct Property {
  std::string_view name;
  Kind kind = Kind::string;
  bool list = false;
  Need need = Need::optional;
  const Vocabulary* vocabulary = nullptr;
  const Structure* structure = nullptr;
  Names targets = {};  // type names, or one of the marks below; empty: any type
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};

// Marks among `targets`, for whole classes of types. Custom types count as domain objects and as observables.
inline constexpr std::string_view any_sdo = "<sdo>";
inline constexpr std::string_view any_sco = "<sco>";
inline constexpr std::string_view any_sro = "<sro>";

/// What properties of one object demand of each other.
enum class RuleKind : std::uint8_t {
  at_least_one,    // one of `names` is there
  exactly_one,     // one of `names` and no other is there
  not_before,      // time names[0] >= time names[1]
  after,           // time names[0] > time names[1]
  needs,           // where names[0] is, all the others are
  true_needs,      // where names[0] is true, names[1] is there
  true_excludes,   // where names[0] is true, names[1] is not there
  false_excludes,  // where names[0] is false, names[1] is not there
  any_property,    // at least one of the structure's own properties, or an extension, is there
};

struct Rule {
  RuleKind kind;
  Names names;
  std::string_view section;
};

struct Structure {
  std::string_view name;     // "kill-chain-phase", "ntfs-ext"
  std::string_view section;  // where its properties are defined
  std::span<const Property> properties;
  std::span<const Rule> rules = {};
};

enum class TypeClass : std::uint8_t { sdo, sro, sco, meta, bundle };

struct StixType {
  TypeClass type_class;
  Structure own;                               // name, section and what this type adds
  std::span<const Property> common;            // section 3.2, the columns of this class
  std::span<const Structure> extensions = {};  // predefined, section 3.10
  Names contributing = {};                     // to the deterministic id of an SCO
};

/// The row of that type; nullptr for a custom one.
const StixType* find_stix_type(std::string_view name);

/// The property in the type's own rows or in the common ones.
const Property* find_property(const StixType& type, std::string_view name);
const Property* find_property(const Structure& structure, std::string_view name);

std::span<const StixType> domain_types();
std::span<const StixType> observable_types();
std::span<const StixType> other_types();  // relationships, meta objects, bundle

}  // namespace shieldwall::model
