// /api/v1/feeds: what the command line needs to read a foreign collection into a circle, and to send it a
// circle's objects. The node itself asks nobody here.

#include <algorithm>

#include "api/fields.h"
#include "base/text.h"
#include "exchange/taxii/cursor.h"
#include "exchange/taxii/feed.h"
#include "exchange/taxii/handlers.h"
#include "exchange/taxii/intake.h"
#include "exchange/taxii/page.h"
#include "exchange/taxii/resource.h"
#include "ledger/audit.h"
#include "ledger/authority.h"
#include "ledger/delivery.h"
#include "model/json_writer.h"
#include "policy/label_json.h"

namespace shieldwall::exchange::taxii {

namespace {

using api::Call;
using api::Fields;
using policy::Owned;
using policy::Release;
using policy::Released;

constexpr std::size_t feed_body_bytes_max = 32u << 20;  // the node's own limit of a request

Result<model::JsonDocument> json_of(const Call& call) {
  auto text = TRY(api::body_of(call, feed_body_bytes_max));
  return model::JsonDocument::parse(std::move(text));
}

Bytes as_it_is(const Bytes& text) {
  return text;
}

template <typename T>
Result<api::Response> told(const Call& call, int status, T value, Bytes (*writer)(const T&)) {
  const auto row = TRY(Release::of(call.scope(), Owned<T>{call.caller->organisation, std::move(value)}));
  return api::Response(status, row.render(writer));
}

Bytes list_text(const std::vector<Feed>& feeds) {
  model::JsonWriter out;
  out.begin_object();
  out.key("feeds");
  out.begin_array();
  for (const auto& feed : feeds) out.raw(encode(feed));
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Result<ledger::Row<Feed>> feed_of(const Call& call) {
  const auto id = FeedId::parse(call.part("feed"));
  if (!id) return fail(ErrorCode::not_found, "no such feed");
  return read_feed(records_of(call), call.caller->organisation, *id);
}

Result<ledger::Authorised<ledger::Act::add, ledger::Circle>> circle_of(const Call& call, const Feed& feed) {
  return ledger::Authority::add(*call.caller, TRY(ledger::read_circle(records_of(call), feed.circle)));
}

/// At least as narrow as `ceiling`, for readers and in the TLP that tools see.
policy::Label under(policy::Label label, policy::Tlp ceiling) {
  label.tlp = std::max(label.tlp, ceiling);
  return label;
}

Way way_of(const ledger::Circle& circle, const Feed& feed) {
  return {.source = {.kind = policy::Source::Kind::feed, .id = feed.id.uuid},
          .collection = circle.id,
          .labels = {.ceiling = under(ledger::label_for(circle, feed.organisation), feed.ceiling),
                     .unmarked = under(ledger::unmarked_label_for(circle, feed.organisation), feed.ceiling),
                     .receiver = feed.organisation,
                     .knows = {}}};
}

Result<api::Response> put_feed(Call& call) {
  const auto document = TRY(json_of(call));
  auto fields = TRY(Fields::of(document.root()));
  const auto name = TRY(fields.text("circle"));
  const auto written = TRY(fields.text("url"));
  const auto ceiling = TRY(fields.optional_text("ceiling"));
  TRY(fields.finish());
  auto row = TRY(ledger::circle_by_name(records_of(call), call.caller->organisation, name));
  const auto circle = TRY(ledger::Authority::add(*call.caller, std::move(row)));
  const auto as_written = TRY(net::Url::parse(written));
  const auto url = TRY(below(as_written, ""));
  const auto id = feed_id(call.caller->organisation, circle.look().id, url.text());

  auto known = read_feed(records_of(call), call.caller->organisation, id);
  if (!known && known.error().code != ErrorCode::not_found) return fail(std::move(known).error());
  Feed feed = known ? known->value
                    : Feed{.id = id,
                           .organisation = call.caller->organisation,
                           .circle = circle.look().id,
                           .url = url.text()};
  if (ceiling) feed.ceiling = TRY(policy::tlp_named(*ceiling));
  if (known && known->value.ceiling == feed.ceiling) return told(call, 200, std::move(feed), encode);
  TRY(ledger::audit(call.services.store,
                    *call.caller,
                    known ? "feed.change" : "feed.create",
                    {{"feed", id.text()}, {"circle", feed.circle.text()}, {"host", url.host}}));
  TRY(write_feed(records_of(call), feed, known ? known->revision : 0));
  return told(call, known ? 200 : 201, std::move(feed), encode);
}

Result<api::Response> get_feeds(Call& call) {
  std::vector<Feed> feeds;
  for (auto& row : TRY(list_feeds(records_of(call), call.caller->organisation)))
    feeds.push_back(std::move(row.value));
  return told(call, 200, std::move(feeds), list_text);
}

Result<api::Response> get_feed(Call& call) {
  return told(call, 200, TRY(feed_of(call)).value, encode);
}

/// Objects first, then the place: after a crash between the two they come again, and are duplicates.
Result<api::Response> add_feed_objects(Call& call) {
  auto row = TRY(feed_of(call));
  const auto circle = TRY(circle_of(call, row.value));
  const auto document = TRY(json_of(call));
  auto fields = TRY(Fields::of(document.root()));
  row.value.pulled.added_after = TRY(fields.text("added_after"));
  row.value.pulled.next = TRY(fields.text("next"));
  const auto objects = fields.any("objects");
  TRY(fields.finish());
  if (!objects || !objects->is(model::JsonKind::array))
    return fail(ErrorCode::invalid, "the body: 'objects' must be an array");
  const auto status = TRY(take_in(call, way_of(circle.look(), row.value), *objects));
  TRY(write_feed(records_of(call), row.value, row.revision));
  return told(call, 200, status_text(status), as_it_is);
}

Result<api::Response> note_sent(Call& call) {
  auto row = TRY(feed_of(call));
  TRY(circle_of(call, row.value));
  const auto document = TRY(json_of(call));
  auto fields = TRY(Fields::of(document.root()));
  row.value.sent_after = to_text(TRY(fields.optional_time("sent_after")).value_or(Timestamp{}));
  TRY(fields.finish());
  TRY(write_feed(records_of(call), row.value, row.revision));
  return told(call, 200, std::move(row.value), encode);
}

/// What one page of outgoing objects tells beside them.
struct OutgoingEnd {
  bool more = false;
  std::string next{};
  std::string date_added_last{};
  std::size_t held_back = 0;
};

Bytes outgoing_text(const std::pair<Texts, OutgoingEnd>& page) {
  const auto& [objects, end] = page;
  model::JsonWriter out;
  out.begin_object();
  out.member("more", end.more);
  if (end.more) out.member("next", end.next);
  if (!end.date_added_last.empty()) out.member("date_added_last", end.date_added_last);
  out.member("held_back", end.held_back);
  out.key("objects");
  out.begin_array();
  for (const auto& object : objects)
    if (object) out.raw(*object);
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

/// Letters alone: "use limits", "Use-Limits" and "use_limits" are one name.
std::string spelled(std::string_view name) {
  auto text = to_lower_ascii(trimmed(name));
  std::ranges::replace_if(text, [](char c) { return c == '-' || c == '_'; }, ' ');
  return text;
}

/// The parts of a label that a tool which knows only TLP does not honour.
std::vector<wire::LabelPart> losable_parts() {
  std::vector<wire::LabelPart> parts;
  for (auto part = static_cast<unsigned>(wire::LabelPart::tlp);
       part <= static_cast<unsigned>(wire::LabelPart::end);
       ++part)
    if (!wire::DoorAbility::tlp_only().honours(static_cast<wire::LabelPart>(part)))
      parts.push_back(static_cast<wire::LabelPart>(part));
  return parts;
}

/// errors: invalid, naming those that there are
Result<wire::LabelPart> label_part_named(std::string_view name) {
  std::string known;
  for (const auto part : losable_parts()) {
    if (spelled(wire::name_of(part)) == spelled(name)) return part;
    known += (known.empty() ? "" : ", ") + std::string(wire::name_of(part));
  }
  return fail(ErrorCode::invalid,
              "allow: '{}' is no part of a label whose loss can be allowed; there are: {}",
              excerpt(name),
              known);
}

/// What the door to the foreign server honours: TLP, and the losses that its owner allows by name
/// ("PAP,use limits").
Result<wire::DoorAbility> ability_of(const Call& call) {
  auto ability = wire::DoorAbility::tlp_only();
  const auto names = call.target.parameter("allow").value_or("");
  if (names.empty()) return ability;
  for (const auto name : split(names, ',')) {
    const auto part = TRY(label_part_named(name));
    ability = ability.with(part);
  }
  return ability;
}

/// The circle's objects that our organisation itself put there: nobody else's are ours to send on.
Collection own_of(const Call& call, const Feed& feed) {
  const auto id = call.caller->organisation.uuid;
  return {.id = feed.circle,
          .searched = {feed.circle},
          .sources = {{policy::Source::Kind::own, id}, {policy::Source::Kind::member, id}}};
}

/// For every reader but its own organisation: nobody is nil.
constexpr OrganisationId nobody{};

/// What leaves to the foreign server is a delivery to the account that carries it there.
Done note_outgoing(const Call& call, const Feed& feed, const std::vector<policy::Holding>& holdings) {
  if (holdings.empty()) return {};
  std::vector<ledger::DeliveredVersion> versions;
  for (const auto& holding : holdings) {
    auto version = TRY(ledger::delivered(call, holding));
    versions.push_back(std::move(version));
  }
  return ledger::note_delivery(
      call, fmt::format("taxii push to {}", feed.url), ledger::root_of(versions), versions);
}

Result<api::Response> get_outgoing(Call& call) {
  const auto row = TRY(feed_of(call));
  TRY(circle_of(call, row.value));
  const auto ability = TRY(ability_of(call));
  const auto filters = TRY(read_filters(call.target.query, collection_fields));
  const auto purpose =
      cursor_purpose(*call.caller, fmt::format("outgoing {}", row.value.id.text()), filters.text());
  std::optional<store::Place> from;
  if (filters.next) from = TRY(open_place(call.services.sealer, purpose, *filters.next));
  auto page = TRY(read_page(call, own_of(call, row.value), std::nullopt, filters, {}, from, filters.limit));

  OutgoingEnd end{.more = page.next.has_value()};
  if (page.next) end.next = seal_place(call.services.sealer, purpose, *page.next);
  if (!page.holdings.empty()) end.date_added_last = to_text(page.holdings.back().look().added);
  std::vector<Released<policy::Holding>> leaving;
  for (auto& holding : page.holdings) {
    if (wire::not_honoured(holding.look().label, ability).empty())
      leaving.push_back(std::move(holding));
    else
      ++end.held_back;
  }
  auto holdings =
      Release::both(Release::gather(std::move(leaving)), Release::fact(Leaving{.reader = nobody}));
  TRY(note_outgoing(call, row.value, holdings.look().first));
  return api::Response(
      200, Release::both(holdings.render(texts_of), Release::fact(std::move(end))).render(outgoing_text));
}

constexpr api::Field feed_fields[] = {
    {"id", "string", "UUID"},
    {"organisation", "string", "whose it is"},
    {"circle", "string", "UUID of the circle that it reads into, and sends from"},
    {"url", "string", "of the foreign collection"},
    {"ceiling", "string", "TLP: what comes in is never more open"},
    {"added_after", "string", "how far it was read, in the server's words; empty: nothing yet"},
    {"next", "string", "the same, inside a round"},
    {"sent_after", "string", "our objects added until then were sent there; empty: none"},
};
constexpr api::Type feed_type{"Feed", feed_fields};
constexpr api::Field feeds_fields[] = {{"feeds", "[]Feed", "by id"}};
constexpr api::Type feeds_type{"Feeds", feeds_fields};
constexpr api::Field new_fields[] = {
    {"url", "string", "of the foreign collection"},
    {"circle", "string", "id or alias"},
    {"ceiling", "string", "TLP: clear, green, amber, amber+strict, red", false},
};
constexpr api::Type new_type{"NewFeed", new_fields};
constexpr api::Field objects_fields[] = {
    {"objects", "[]object", "STIX objects as they came"},
    {"added_after", "string", "the place after them, kept with them"},
    {"next", "string", "the same, inside a round"},
};
constexpr api::Type objects_type{"FeedObjects", objects_fields};
constexpr api::Field status_fields[] = {
    {"id", "string", "UUID"},
    {"status", "string", "complete"},
    {"request_timestamp", "timestamp", "when"},
    {"total_count", "integer", "objects"},
    {"success_count", "integer", "stored, or held before"},
    {"successes", "[]object", "{id, version}", false},
    {"failure_count", "integer", "refused"},
    {"failures", "[]object", "{id, version, message}", false},
    {"pending_count", "integer", "0"},
};
constexpr api::Type status_type{"FeedStatus", status_fields};
constexpr api::Field sent_fields[] = {{"sent_after", "timestamp", "the last object's date"}};
constexpr api::Type sent_type{"FeedSent", sent_fields};
constexpr api::Field outgoing_fields[] = {
    {"objects", "[]object", "as they may leave, markings rewritten"},
    {"more", "boolean", "whether there is more"},
    {"next", "string", "for the next page", false},
    {"date_added_last", "timestamp", "of the last object, for sent_after", false},
    {"held_back", "integer", "objects whose labels say more than a foreign server honours"},
};
constexpr api::Type outgoing_type{"Outgoing", outgoing_fields};
constexpr api::Parameter outgoing_parameters[] = {
    {"limit", "integer", "objects a page"},
    {"next", "string", "where the page before ended"},
    {"added_after", "timestamp", "only what was added later"},
    {"allow", "string", "parts of labels whose loss the owner allows, with commas: PAP, use limits, ..."},
};

const api::Route rows[] = {
    {.method = net::Method::get,
     .path = "/api/v1/feeds",
     .right = api::Right::publish,
     .handler = get_feeds,
     .summary = "foreign collections that the organisation reads or sends to",
     .answer = &feeds_type},
    {.method = net::Method::post,
     .path = "/api/v1/feeds",
     .right = api::Right::publish,
     .handler = put_feed,
     .summary = "names a foreign collection; the same one again gives the same feed",
     .body = &new_type,
     .answer = &feed_type},
    {.method = net::Method::get,
     .path = "/api/v1/feeds/{feed}",
     .right = api::Right::publish,
     .handler = get_feed,
     .summary = "a feed, and how far it got",
     .answer = &feed_type},
    {.method = net::Method::post,
     .path = "/api/v1/feeds/{feed}/objects",
     .right = api::Right::publish,
     .handler = add_feed_objects,
     .summary = "takes objects that came from the feed, and keeps the place after them",
     .body = &objects_type,
     .answer = &status_type},
    {.method = net::Method::get,
     .path = "/api/v1/feeds/{feed}/outgoing",
     .right = api::Right::publish,
     .handler = get_outgoing,
     .summary = "the organisation's own objects in the circle, as they may leave to a foreign server",
     .parameters = outgoing_parameters,
     .answer = &outgoing_type},
    {.method = net::Method::post,
     .path = "/api/v1/feeds/{feed}/sent",
     .right = api::Right::publish,
     .handler = note_sent,
     .summary = "keeps how far the objects were sent",
     .body = &sent_type,
     .answer = &feed_type},
};

}  // namespace

std::span<const api::Route> feed_routes() {
  return rows;
}

}  // namespace shieldwall::exchange::taxii
