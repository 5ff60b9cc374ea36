// How feeds are kept: rows of JSON under "control/", and blobs of their values.
#include <algorithm>

#include "api/fields.h"
#include "base/text.h"
#include "ledger/rows.h"
#include "library/feed/feed.h"
#include "model/json_writer.h"

namespace shieldwall::library::feed {

namespace {

using model::JsonWriter;

constexpr auto table = store::Table::cursor;  // as the feeds of TAXII: what is fetched, and how far
constexpr std::size_t name_bytes_max = 32;

std::string feed_key(std::string_view id) {
  return fmt::format("control/feed/{}", id);
}
std::string owned_prefix(const OrganisationId& organisation) {
  return fmt::format("control/of/{}/", organisation.text());
}
std::string state_key(const Feed& feed) {
  return fmt::format("control/state/{}", feed.id.text());
}
std::string never_prefix(const OrganisationId& organisation) {
  return fmt::format("control/never/{}/", organisation.text());
}
std::string never_key(const OrganisationId& organisation, const model::CanonicalValue& value) {
  return fmt::format("{}{}",
                     never_prefix(organisation),
                     sha256(fmt::format("{} {}", name_of(value.kind), value.text)).hex());
}
std::string warning_prefix(const OrganisationId& organisation) {
  return fmt::format("control/warning/{}/", organisation.text());
}
std::string fetch_prefix(const Feed& feed) {
  return fmt::format("control/fetch/{}/", feed.id.text());
}

template <typename Texts>
void write_texts(JsonWriter& out, std::string_view name, const Texts& texts) {
  out.key(name);
  out.begin_array();
  for (const auto& text : texts) out.value(std::string_view(text));
  out.end_array();
}

Result<model::CanonicalValue> value_of(std::string_view kind, std::string_view text) {
  const auto known = model::value_kind_named(kind);
  if (!known) return fail(ErrorCode::corrupt, "no kind of value is called '{}'", excerpt(kind));
  return model::CanonicalValue{*known, std::string(text)};
}

}  // namespace

std::string encode(const Feed& feed) {
  JsonWriter out;
  out.begin_object();
  out.member("id", feed.id.text());
  out.member("organisation", feed.organisation.text());
  out.member("name", feed.name);
  out.member("format", name_of(feed.format));
  out.member("tlp_max", static_cast<int>(feed.demand.tlp_max));
  out.member("confidence_min", feed.demand.confidence_min);
  std::vector<std::string> kinds, trusted;
  for (const auto kind : feed.demand.kinds) kinds.emplace_back(name_of(kind));
  for (const auto& one : feed.trusted) trusted.push_back(one.text());
  write_texts(out, "kinds", kinds);
  if (feed.circle) out.member("circle", feed.circle->text());
  write_texts(out, "labels", feed.labels);
  write_texts(out, "trusted", trusted);
  out.member("trusts_all", feed.trusts_all);
  out.member("hold_above", feed.hold_above);
  out.member("token", feed.token.hex());
  out.member("created", to_text(feed.created));
  out.end_object();
  return std::move(out).text();
}

Result<Feed> decode_feed(std::string_view row) {
  const auto document = TRY(model::JsonDocument::parse(std::string(row)));
  auto fields = TRY(api::Fields::of(document.root(), "a feed"));
  Feed feed;
  feed.id = TRY(fields.parsed<FeedId>("id"));
  feed.organisation = TRY(fields.parsed<OrganisationId>("organisation"));
  feed.name = TRY(fields.text("name"));
  const auto format = format_named(TRY(fields.text("format")));
  if (!format) return fail(ErrorCode::corrupt, "a feed in a format that is not known");
  feed.format = *format;
  const auto tlp = TRY(fields.number("tlp_max"));
  feed.demand.tlp_max = static_cast<policy::Tlp>(std::clamp<std::int64_t>(tlp, 0, 4));
  feed.demand.confidence_min = static_cast<int>(TRY(fields.number("confidence_min")));
  for (const auto& name : TRY(fields.texts("kinds")))
    if (const auto kind = model::value_kind_named(name)) feed.demand.kinds.push_back(*kind);
  std::ranges::sort(feed.demand.kinds);
  feed.circle = TRY(fields.optional_parsed<CircleId>("circle"));
  feed.labels = TRY(fields.texts("labels"));
  for (const auto& id : TRY(fields.texts("trusted"))) {
    const auto organisation = TRY(OrganisationId::parse(id));
    feed.trusted.push_back(organisation);
  }
  feed.trusts_all = TRY(fields.flag("trusts_all", false));
  feed.hold_above = static_cast<std::uint64_t>(TRY(fields.number("hold_above")));
  feed.token = TRY(fields.parsed<Digest>("token"));
  const auto created = TRY(fields.optional_time("created"));
  feed.created = created.value_or(Timestamp{});
  return feed;
}

std::string encode(const State& state) {
  JsonWriter out;
  out.begin_object();
  out.member("serial", state.serial);
  out.member("changed", to_text(state.changed));
  out.member("values", state.values.hex());
  out.key("earlier");
  out.begin_array();
  for (const auto& one : state.earlier) {
    out.begin_object();
    out.member("serial", one.serial);
    out.member("values", one.values.hex());
    out.end_object();
  }
  out.end_array();
  if (state.held) {
    out.key("held");
    out.begin_object();
    out.member("at", to_text(state.held->at));
    out.member("come", state.held->come);
    out.member("gone", state.held->gone);
    out.end_object();
  }
  out.end_object();
  return std::move(out).text();
}

Result<State> decode_state(std::string_view row) {
  const auto document = TRY(model::JsonDocument::parse(std::string(row)));
  auto fields = TRY(api::Fields::of(document.root(), "a feed's state"));
  State state;
  state.serial = static_cast<std::uint64_t>(TRY(fields.number("serial")));
  const auto changed = TRY(fields.optional_time("changed"));
  state.changed = changed.value_or(Timestamp{});
  state.values = TRY(fields.parsed<Digest>("values"));
  for (const auto& element : TRY(fields.elements("earlier"))) {
    auto one = TRY(api::Fields::of(element));
    State::Earlier earlier;
    earlier.serial = static_cast<std::uint64_t>(TRY(one.number("serial")));
    earlier.values = TRY(one.parsed<Digest>("values"));
    state.earlier.push_back(earlier);
  }
  if (const auto held = fields.any("held")) {
    auto one = TRY(api::Fields::of(*held));
    State::Held waits;
    const auto at = TRY(one.optional_time("at"));
    waits.at = at.value_or(Timestamp{});
    waits.come = static_cast<std::uint64_t>(TRY(one.number("come")));
    waits.gone = static_cast<std::uint64_t>(TRY(one.number("gone")));
    state.held = waits;
  }
  return state;
}

/// One a line, its fields separated by tabs; the value itself stands last and holds neither.
std::string encode_values(const std::vector<Value>& values) {
  std::string out;
  for (const auto& one : values)
    out += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
                       name_of(one.line.value.kind),
                       one.line.action == Action::block ? "block" : "alert",
                       one.indicator.text(),
                       one.from.text(),
                       one.until.us,
                       one.serial,
                       one.since.us,
                       one.line.value.text);
  return out;
}

Result<std::vector<Value>> decode_values(std::string_view text) {
  std::vector<Value> values;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto parts = split(line, '\t');
    constexpr std::size_t parts_of_line = 8;
    if (parts.size() != parts_of_line) return fail(ErrorCode::corrupt, "a feed's value cannot be read");
    auto value = TRY(value_of(parts[0], parts[7]));
    auto indicator = TRY(model::ObjectId::parse(parts[2]));
    const auto from = TRY(OrganisationId::parse(parts[3]));
    Value one{.line = {std::move(value), parts[1] == "block" ? Action::block : Action::alert},
              .indicator = std::move(indicator),
              .from = from};
    one.until.us = std::strtoll(std::string(parts[4]).c_str(), nullptr, 10);
    one.serial = std::strtoull(std::string(parts[5]).c_str(), nullptr, 10);
    one.since.us = std::strtoll(std::string(parts[6]).c_str(), nullptr, 10);
    values.push_back(std::move(one));
  }
  return values;
}

Done create(store::Store& store, const Feed& feed) {
  const bool plain = std::ranges::all_of(
      feed.name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  if (feed.name.empty() || feed.name.size() > name_bytes_max || !plain || feed.name[0] < 'a')
    return fail(ErrorCode::invalid,
                "a feed's name has 1 to {} letters a-z, digits and '_', a letter first",
                name_bytes_max);
  for (const auto kind : feed.demand.kinds)
    if (!can_say(feed.format, kind))
      return fail(ErrorCode::invalid,
                  "the format {} cannot say values of kind {}",
                  name_of(feed.format),
                  name_of(kind));
  if (feed.format == Format::suricata_dataset && feed.demand.kinds.size() != 1)
    return fail(ErrorCode::invalid, "a dataset of Suricata holds values of one kind; name it");
  const std::vector<store::Write> writes = {
      {.table = table, .key = feed_key(feed.id.text()), .value = encode(feed), .expected = 0},
      {.table = table,
       .key = owned_prefix(feed.organisation) + feed.name,
       .value = feed.id.text(),
       .expected = 0}};
  auto written = store.records().write(writes);
  if (!written && written.error().code == ErrorCode::conflict)
    return fail(ErrorCode::conflict, "there is a feed '{}' already", feed.name);
  return written;
}

Result<Feed> by_id(store::Records& records, std::string_view id) {
  const auto row = TRY(ledger::read_row<Feed>(records, table, feed_key(id), decode_feed, "feed"));
  return row.value;
}

Result<std::vector<ledger::Row<Feed>>> list(store::Records& records, const OrganisationId& organisation) {
  std::vector<ledger::Row<Feed>> feeds;
  for (const auto& one : TRY(records.scan(table, owned_prefix(organisation), "", feeds_max))) {
    auto row = TRY(ledger::read_row<Feed>(records, table, feed_key(one.value), decode_feed, "feed"));
    feeds.push_back(std::move(row));
  }
  return feeds;
}

Result<Feed> named(store::Records& records, const OrganisationId& organisation, std::string_view id_or_name) {
  for (auto& row : TRY(list(records, organisation)))
    if (row.value.name == id_or_name || row.value.id.text() == id_or_name) return std::move(row.value);
  return fail(ErrorCode::not_found, "no such feed");
}

Result<State> state_of(store::Records& records, const Feed& feed) {
  const auto row = records.read(table, state_key(feed));
  if (!row && row.error().code == ErrorCode::not_found) return State{};
  if (!row) return fail(Error(row.error()));
  return decode_state(row->value);
}

Done keep_state(store::Records& records, const Feed& feed, const State& state) {
  const store::Write write{.table = table, .key = state_key(feed), .value = encode(state), .expected = {}};
  return records.write({&write, 1});
}

// ---------------------------------------------------------------- what is never blocked

Done never_block(store::Store& store, const OrganisationId& organisation, const Never& never) {
  JsonWriter out;
  out.begin_object();
  out.member("kind", name_of(never.value.kind));
  out.member("value", never.value.text);
  out.member("why", never.why);
  out.member("at", to_text(never.at));
  out.end_object();
  const store::Write write{.table = table,
                           .key = never_key(organisation, never.value),
                           .value = std::move(out).text(),
                           .expected = {}};
  return store.records().write({&write, 1});
}

Done allow_again(store::Store& store,
                 const OrganisationId& organisation,
                 const model::CanonicalValue& value) {
  const auto key = never_key(organisation, value);
  const auto row = store.records().read(table, key);
  if (!row) return fail(row.error().code, "'{}' is not on the list", excerpt(value.text));
  const store::Write write{.table = table, .key = key, .value = {}, .expected = row->revision};
  return store.records().write({&write, 1});
}

Result<std::vector<Never>> never_list(store::Records& records, const OrganisationId& organisation) {
  constexpr int never_max = 100'000;
  std::vector<Never> all;
  for (const auto& row : TRY(records.scan(table, never_prefix(organisation), "", never_max))) {
    const auto document = TRY(model::JsonDocument::parse(std::string(row.value)));
    auto fields = TRY(api::Fields::of(document.root()));
    const auto kind = TRY(fields.text("kind"));
    const auto text = TRY(fields.text("value"));
    auto value = TRY(value_of(kind, text));
    auto why = TRY(fields.text("why"));
    const auto at = TRY(fields.optional_time("at"));
    all.push_back({std::move(value), std::move(why), at.value_or(Timestamp{})});
  }
  return all;
}

Done keep_warning_list(store::Store& store, const OrganisationId& organisation, const WarningList& list) {
  std::string text;
  for (const auto& value : list.values) text += fmt::format("{}\t{}\n", name_of(value.kind), value.text);
  const auto digest = TRY(store.blobs().put(text));
  JsonWriter out;
  out.begin_object();
  out.member("name", list.name);
  out.member("values", digest.hex());
  out.end_object();
  const store::Write write{.table = table,
                           .key = warning_prefix(organisation) + sha256(list.name).hex(),
                           .value = std::move(out).text(),
                           .expected = {}};
  return store.records().write({&write, 1});
}

Result<Guard> guard_of(store::Store& store, const OrganisationId& organisation) {
  constexpr int lists_max = 1'000;
  Guard guard;
  for (auto& never : TRY(never_list(store.records(), organisation)))
    guard.protect(never.value, std::move(never.why));
  for (const auto& row : TRY(store.records().scan(table, warning_prefix(organisation), "", lists_max))) {
    const auto document = TRY(model::JsonDocument::parse(std::string(row.value)));
    auto fields = TRY(api::Fields::of(document.root()));
    const auto name = TRY(fields.text("name"));
    const auto digest = TRY(fields.parsed<Digest>("values"));
    const auto text = TRY(store.blobs().get(digest));
    for (const auto line : split(text, '\n')) {
      const auto tab = line.find('\t');
      if (tab == line.npos) continue;
      const auto value = TRY(value_of(line.substr(0, tab), line.substr(tab + 1)));
      guard.protect(value, fmt::format("it is on the warning list '{}'", name));
    }
  }
  return guard;
}

// ---------------------------------------------------------------- who fetched

Done note_fetch(store::Records& records, const Feed& feed, std::uint64_t serial, Timestamp now) {
  const auto key = fmt::format("{}{:020}", fetch_prefix(feed), serial);
  if (records.read(table, key)) return {};
  const store::Write write{
      .table = table, .key = key, .value = to_text(now), .expected = {}, .expires = now + days(400)};
  return records.write({&write, 1});
}

Result<std::optional<Timestamp>> fetched_first(store::Records& records,
                                               const Feed& feed,
                                               std::uint64_t serial) {
  const auto after = fmt::format("{}{:020}", fetch_prefix(feed), serial == 0 ? 0 : serial - 1);
  const auto rows = TRY(records.scan(table, fetch_prefix(feed), after, 1));
  if (rows.empty()) return std::optional<Timestamp>();
  const auto at = TRY(parse_time(rows.front().value));
  return std::optional(at.at);
}

}  // namespace shieldwall::library::feed
