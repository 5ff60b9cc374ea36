#pragma once
// Search: query parameters to a store query, and the sealed places from which the next page goes on.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/route.h"
#include "library/view.h"
#include "store/store.h"

namespace shieldwall::library {

inline constexpr int page_default = 100;
inline constexpr int page_max = 1'000;                       // objects of one page
inline constexpr std::size_t page_bytes_max = 16u << 20;     // or about this much of them
inline constexpr std::size_t values_of_parameter_max = 200;  // the URL's length ends it at about there anyway

struct Search {
  store::Query query;
  std::optional<store::Place> from;
  int limit = page_default;
  std::string purpose;  // of the cursors of this search: they serve this account and these filters alone
};

inline constexpr api::Parameter search_parameters[] = {
    {"id", "string", "STIX ids, separated by commas or repeated"},
    {"type", "string", "STIX types, separated by commas or repeated"},
    {"version", "string", "last (default), first, all, or exact times"},
    {"circle", "string", "UUID or alias of a circle"},
    {"source", "string", "own, or the UUID of a member or feed"},
    {"added_after", "timestamp", "only what became visible after this instant"},
    {"created_by", "string", "STIX ids of identities"},
    {"label", "string", "values of the STIX property `labels`"},
    {"external_reference", "string", "SOURCE:ID, or an id of any source: mitre-attack:T1059"},
    {"value", "string", "an address, domain, URL, hash ... in any spelling, or KIND:TEXT"},
    {"refers_to", "string", "STIX ids that the object refers to"},
    {"words", "string", "all of these words"},
    {"order", "string", "newest (default) or oldest"},
    {"limit", "integer", "objects of one page, 1 to 1000; 100 without it"},
    {"cursor", "string", "`next` of the page before"},
};

/// errors: invalid, naming the parameter; not_found: no circle of that name that the caller is inside of
Result<Search> read_search(const api::Call& call);

/// The parameter's values: repeated, or separated by commas.
std::vector<std::string_view> values_of(const net::Target& target, std::string_view name);

/// errors: invalid, naming it and those that are known
Done only_known(const net::Target& target, std::span<const api::Parameter> known);

/// "ipv4:192.0.2.1", or the kind guessed. errors: invalid
Result<model::CanonicalValue> value_named(std::string_view text);

std::string seal_place(const api::Call& call, std::string_view purpose, const store::Place& place);
Result<store::Place> open_place(const api::Call& call, std::string_view purpose, std::string_view token);

/// A page of what the caller may be shown, and where the next begins if there is one. The store counts what
/// the label lets through; an object of which too much is hidden to be shown must not be missed from a page,
/// nor make another page of nothing.
struct SeenPage {
  ReleasedHoldings holdings;
  std::optional<store::Place> next;
};
Result<SeenPage> find_seen(const api::Call& call,
                           const store::Query& query,
                           std::optional<store::Place> from,
                           int limit);

/// GET /api/v1/objects
Result<api::Response> search_objects(api::Call& call);
extern const api::Type search_answer;

}  // namespace shieldwall::library
