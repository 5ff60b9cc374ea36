#pragma once
// The checker that walks one object along the tables of stix_schema.h. Internal to object*.cpp.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "model/object.h"
#include "model/pattern.h"
#include "model/stix_schema.h"

namespace shieldwall::model {

/// Strings other than base64 payloads; ATT&CK's longest is 60 kB.
inline constexpr std::size_t stix_string_bytes_max = 1u << 20;

/// Text of the object's in a message: cut and made printable only when the message is written.
struct Shown {
  std::string_view text;
  std::size_t bytes_max;
};
constexpr Shown shown(std::string_view text, std::size_t bytes_max = 64) {
  return {text, bytes_max};
}

}  // namespace shieldwall::model

template <>
struct fmt::formatter<shieldwall::model::Shown> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const shieldwall::model::Shown& shown, Context& context) const {
    return fmt::formatter<std::string_view>::format(shieldwall::excerpt(shown.text, shown.bytes_max),
                                                    context);
  }
};

namespace shieldwall::model {

/// What an object is taken for before its properties are looked at.
struct Profile {
  SpecVersion version = SpecVersion::v2_1;
  const StixType* type = nullptr;         // nullptr: custom
  TypeClass type_class = TypeClass::sdo;  // of a custom type too
  bool toplevel_extension = false;        // an extension adds properties at the top (7.3)
  bool new_object_extension = false;      // an extension defines this type
};

/// Decides from type, spec_version and extensions. An object without spec_version that STIX 2.0 knows is 2.0.
Profile profile_of(const Json& object);

class Checker {
 public:
  Checker(const Json& object, const ReadOptions& options);

  void run();
  std::vector<Finding> take() { return std::move(findings_); }
  /// The indicator's pattern where it is in the spelling of 2.1; its facts need not parse it again.
  const std::optional<Pattern>& pattern() const { return pattern_; }
  bool has_errors() const { return errors_ > 0; }
  const Profile& profile() const { return profile_; }

 private:
  // The object as a whole (object_check.cpp).
  void check_head();
  void check_type_name(const Json& type);
  void check_id(const Json& id, std::string_view type);
  void check_uuid(const Json& id, std::string_view type);
  void check_top_level();
  void check_members(const Json& object, const Structure& structure);
  void check_required(const Json& object, std::span<const Property> properties, std::string_view section);
  void check_rules(const Json& object, const Structure& structure);
  void check_rule(const Json& object, const Structure& structure, const Rule& rule);
  void compare_times(const Json& object, const Rule& rule);
  bool is_required(const Property& property) const;

  // Single values (object_values_check.cpp).
  void check_property(const Property& property, const Json& value);
  void check_value(const Property& property, const Json& value);
  void check_string(const Property& property, const Json& value);
  void check_timestamp(const Property& property, const Json& value);
  void check_number(const Property& property, const Json& value);
  void check_identifier(const Property& property, const Json& value);
  void check_vocabulary(const Property& property, const Json& value);
  void check_hashes(const Json& value);
  void check_dictionary(const Property& property, const Json& value);
  void check_dictionary_keys(const Json& dictionary, bool any_case);
  bool expect(const Json& value, JsonKind kind, std::string_view section, std::string_view name);

  // What the standard does not define (object_custom.cpp).
  void check_custom_property(const Json& value, std::string_view where);
  void check_custom_name(const Json& at,
                         std::string_view name,
                         std::string_view prefix,
                         char separator,
                         std::string_view section);
  void check_custom_object();
  void check_custom_value(const Json& value, std::size_t depth);
  void check_extensions(const Json& extensions);
  void check_extension(const Json& extension);

  // What single types ask beyond their rows (object_types.cpp).
  void check_particulars();
  void check_external_reference(const Json& reference);
  void check_kill_chain(const Json& phases);
  void check_relationship();
  void check_indicator();
  void check_location();
  void check_malware_analysis();
  void check_marking_definition();
  void check_extension_definition();
  void check_translations(const Json& contents);
  void check_bundle();
  void check_observables(const Json& container);

  // Cyber-observables (object_observables.cpp).
  void check_observable(const Json& object, const StixType& type);
  void check_container_member(const Json& container, const Json& member);
  void check_media_type(const Json& object, Severity severity, std::string_view section);
  void check_network_traffic(const Json& object);
  void check_address(const Json& object, std::string_view type);

  // Markings (object_markings.cpp).
  void check_markings();
  void check_selector(const Json& selector);

  template <typename... Args>
  void error(std::string_view rule,
             std::string_view section,
             const Json& at,
             fmt::format_string<Args...> format,
             Args&&... args) {
    report(Severity::error, rule, section, at, fmt::format(format, std::forward<Args>(args)...));
  }
  /// Free when nobody asked for warnings.
  template <typename... Args>
  void should(std::string_view rule,
              std::string_view section,
              const Json& at,
              fmt::format_string<Args...> format,
              Args&&... args) {
    if (warnings_) report(should_, rule, section, at, fmt::format(format, std::forward<Args>(args)...));
  }
  void report(Severity severity,
              std::string_view rule,
              std::string_view section,
              const Json& at,
              std::string message);
  void tell_how_many_more(Severity severity, std::size_t told);

  Json root_;
  Profile profile_;
  Severity should_;
  bool warnings_;
  std::string_view type_name_;
  const Json* container_ = nullptr;  // inside a 2.13 container: references are its keys
  std::size_t errors_ = 0;
  std::size_t advice_ = 0;  // findings that are no errors
  std::vector<Finding> findings_;
  std::optional<Pattern> pattern_;
};

/// The part of an object that a selector of section 7.2.3.1 names.
std::optional<Json> select(const Json& object, std::string_view selector);

/// Members of the deprecated container (2.13) and every object of a bundle are checked by this.
void append_findings(std::vector<Finding>& findings, const Json& object, const ReadOptions& options);

// Small questions about text, each answered by the section named.
bool is_type_name(std::string_view text);       // 3.1, 11.2.1
bool is_property_name(std::string_view text);   // 3.1, 11.1.1
bool is_dictionary_key(std::string_view text);  // 2.3
bool is_identifier(std::string_view text);      // 2.9
bool is_language_tag(std::string_view text);    // RFC 5646 section 2.1
bool is_absolute_uri(std::string_view text);    // RFC 3986 section 4.3
bool is_base64(std::string_view text);          // RFC 4648 section 4; stray bits at the end are let pass
bool is_hash(std::string_view algorithm,
             std::string_view value);                  // 10.7; true for algorithms it does not know
bool is_cpe_2_3(std::string_view text);                // NISTIR 7695 section 6.2
bool is_hyphenated_lower_case(std::string_view text);  // 2.11, 2.14
bool is_mac(std::string_view text);                    // 6.10.1
bool is_plain_address(std::string_view text);          // 6.8.1, 6.9.1
bool contains(Names names, std::string_view name);

// Registries that the standard points to.
bool is_country(std::string_view code);            // ISO 3166-1 alpha-2, either case
bool is_language(std::string_view subtag);         // ISO 639, either case
bool is_common_language(std::string_view subtag);  // one of three letters is in ISO 639-2
bool is_http_request_header(std::string_view name);
bool is_socket_option(std::string_view name);
bool is_media_type(std::string_view text);     // RFC 6838: registered top-level type and a name
bool is_character_set(std::string_view text);  // RFC 2978
bool is_protocol(std::string_view text);       // RFC 6335 section 5.1

/// Whether section 5.1.1 and Appendix B name this relationship.
struct SuggestedRelationship {
  std::string_view source, type;
  Names targets;
};
std::span<const SuggestedRelationship> suggested_relationships();

/// STIX 2.0: what was required then, by type; empty for a type that 2.0 does not have.
Names required_in_v2_0(std::string_view type);
bool is_v2_0_type(std::string_view type);
/// A property of that type that only 2.1 has.
bool is_new_in_v2_1(std::string_view type, std::string_view property);

}  // namespace shieldwall::model
