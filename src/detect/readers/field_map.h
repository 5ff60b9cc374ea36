#pragma once
// What the fields of one kind of log mean: data, one file a kind in share/logs/, compiled in.
//
//   name: nginx
//   title: nginx and Apache access logs
//   format: lines                       # json, csv, zeek, w3c, cef, leef, evtx, syslog, or lines
//   lines: ['(?P<client>\S+) ...']      # format lines: RE2 over whole lines; named groups are the fields
//   apps: [named]                       # format lines: also of syslog messages of these programs
//   present: [event_type, src_ip]       # json, csv, evtx: an event of this kind has these fields
//   otherwise: text                     # format lines: what fits no line is running text, and not broken
//   time: [time]                        # fields that tell when, the first that does; `date+time` joins two
//   urls: [{host: vhost, path: path, query: query}]
//   kinds: {agent: user_agent}          # user_agent, mutex, registry_key, asn, cert_serial, none
//   inside: [message]                   # running text
//   parts: {Hashes: pairs}              # pairs: KEY=VALUE,...; commas: a list; colons: digits in pairs;
//                                       # plus: + stands for a space
//
// Values that show by themselves what they are (addresses, names, URLs, hashes, paths) need no row.

#include <bitset>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "detect/field_kind.h"
#include "detect/readers/arena.h"
#include "detect/record.h"

namespace shieldwall::detect {

enum class MapFormat : std::uint8_t { json, csv, zeek, w3c, cef, leef, evtx, syslog, lines };

/// How the value of a field is taken apart.
enum class Parts : std::uint8_t { whole, pairs, commas, colons, plus };

/// Sorts most names out without hashing them.
inline std::size_t name_slot(std::string_view name) {
  return name.empty() ? 0 : (name.size() & 31) << 5 | (static_cast<unsigned char>(name.back()) & 31);
}

struct UrlFields {
  std::string field, host, path, query;  // `field` names them together
};

struct FieldMap {
  template <typename T>
  using ByName = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

  std::string name, title;
  MapFormat format = MapFormat::json;
  std::vector<std::string> lines, apps, present;
  bool otherwise_text = false;
  std::vector<std::string> times;
  std::vector<UrlFields> urls;
  ByName<NamedKind> kinds;
  struct Rewrite {
    bool inside = false;
    Parts parts = Parts::whole;
  };
  ByName<Rewrite> rewrites;
  std::bitset<1024> rewritten;  // which names may be in `rewrites`, by name_slot
};

/// errors  invalid: says line and why
Result<FieldMap> read_field_map(std::string_view yaml);

/// Are its expressions for lines ones? errors: invalid: says why not
Done check_lines(const FieldMap& map);

/// Those compiled in, sorted by name.
std::span<const FieldMap> field_maps();
/// The one of that name; null when there is none.
const FieldMap* field_map(std::string_view name);
/// The map of that format whose fields `record` has, the most of them; null when none has all of its own.
const FieldMap* map_of(MapFormat format, const Record& record);

/// What a field's name says of its value: by the map, else as kind_by_field.
NamedKind kind_of(const FieldMap& map, std::string_view name);

/// Marks and takes apart the fields that record.map names, in `arena`.
void apply_map(Record& record, Arena& arena);

}  // namespace shieldwall::detect
