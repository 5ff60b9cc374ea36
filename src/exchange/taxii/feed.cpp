#include "exchange/taxii/feed.h"

#include "api/fields.h"
#include "ledger/rows.h"
#include "model/json_writer.h"
#include "net/url.h"
#include "policy/label_json.h"

namespace shieldwall::exchange::taxii {

namespace {

/// Version 5 UUIDs of feeds; drawn once.
constexpr Uuid feed_names{
    {0x5d, 0x0c, 0x8a, 0x2e, 0x91, 0x47, 0x4f, 0x6b, 0xa1, 0x33, 0x7e, 0x90, 0x24, 0xd8, 0x6c, 0x1f}};

std::string prefix_of(const OrganisationId& organisation) {
  return fmt::format("feed/{}/", organisation.text());
}

Done check(const Feed& feed) {
  TRY(net::Url::parse(feed.url));
  TRY(ledger::check_line(feed.pulled.added_after, "added_after", 0, 64));
  TRY(ledger::check_line(feed.pulled.next, "next", 0, token_bytes_max));
  return ledger::check_line(feed.sent_after, "sent_after", 0, 64);
}

}  // namespace

FeedId feed_id(const OrganisationId& organisation, const CircleId& circle, std::string_view url) {
  return {Uuid::named(feed_names, fmt::format("{} {} {}", organisation.text(), circle.text(), url))};
}

Result<ledger::Row<Feed>> read_feed(store::Records& records,
                                    const OrganisationId& organisation,
                                    const FeedId& id) {
  return ledger::read_row<Feed>(
      records, store::Table::cursor, prefix_of(organisation) + id.text(), decode_feed, "feed");
}

Result<std::vector<ledger::Row<Feed>>> list_feeds(store::Records& records,
                                                  const OrganisationId& organisation) {
  return ledger::scan_rows<Feed>(
      records, store::Table::cursor, prefix_of(organisation), decode_feed, feeds_max);
}

Done write_feed(store::Records& records, const Feed& feed, std::uint64_t revision) {
  TRY(check(feed));
  const store::Write write{.table = store::Table::cursor,
                           .key = prefix_of(feed.organisation) + feed.id.text(),
                           .value = encode(feed),
                           .expected = revision};
  return records.write({&write, 1});
}

Bytes encode(const Feed& feed) {
  model::JsonWriter out;
  out.begin_object();
  out.member("id", feed.id.text());
  out.member("organisation", feed.organisation.text());
  out.member("circle", feed.circle.text());
  out.member("url", feed.url);
  out.member("ceiling", policy::text_of(feed.ceiling));
  out.member("added_after", feed.pulled.added_after);
  out.member("next", feed.pulled.next);
  out.member("sent_after", feed.sent_after);
  out.end_object();
  return std::move(out).text();
}

Result<Feed> decode_feed(std::string_view row) {
  const auto document = TRY(model::JsonDocument::parse(std::string(row)));
  auto fields = TRY(api::Fields::of(document.root(), "the feed"));
  Feed feed;
  feed.id = TRY(fields.parsed<FeedId>("id"));
  feed.organisation = TRY(fields.parsed<OrganisationId>("organisation"));
  feed.circle = TRY(fields.parsed<CircleId>("circle"));
  feed.url = TRY(fields.text("url"));
  const auto ceiling = TRY(fields.text("ceiling"));
  feed.ceiling = TRY(policy::tlp_named(ceiling));
  feed.pulled.added_after = TRY(fields.text("added_after"));
  feed.pulled.next = TRY(fields.text("next"));
  feed.sent_after = TRY(fields.text("sent_after"));
  return feed;
}

}  // namespace shieldwall::exchange::taxii
