// Circles as rows of Records:
//   circle/<circle>                          the circle, JSON
//   in/<organisation>/<circle>               its owner and everybody who is or was inside; empty
//   alias/<organisation>/<alias>/<api root>  its owner and who is inside now; the circle's id. Names are
//                                            percent-encoded, so that a slash in one separates nothing

#include <algorithm>
#include <charconv>
#include <set>

#include "api/fields.h"
#include "base/text.h"
#include "ledger/circle.h"
#include "ledger/decoded.h"
#include "model/json_writer.h"
#include "net/url.h"

namespace shieldwall::ledger {

namespace {

using api::Fields;
using model::Json;
using model::JsonWriter;
using store::Table;
using store::Write;

std::string circle_key(const CircleId& id) {
  return "circle/" + id.text();
}

std::string in_key(const OrganisationId& organisation, std::string_view circle) {
  return fmt::format("in/{}/{}", organisation.text(), circle);
}

std::string alias_prefix(const OrganisationId& organisation, std::string_view alias) {
  return fmt::format("alias/{}/{}/", organisation.text(), net::percent_encode(alias));
}

std::string alias_key(const OrganisationId& organisation, const Circle& circle) {
  return alias_prefix(organisation, circle.alias) + net::percent_encode(circle.api_root);
}

/// Whose list of circles shows this one.
std::set<OrganisationId> concerned(const Circle& circle) {
  std::set<OrganisationId> all = {circle.owner};
  for (const auto& member : circle.members) all.insert(member.organisation);
  return all;
}

/// Who may call it by its alias.
std::set<OrganisationId> callers(const Circle& circle) {
  std::set<OrganisationId> all = {circle.owner};
  for (const auto& member : circle.members)
    if (is_inside(circle, member.organisation)) all.insert(member.organisation);
  return all;
}

Done check(const Circle& circle) {
  if (circle.id.is_nil() || circle.owner.is_nil())
    return fail(ErrorCode::invalid, "a circle needs an id and an owner");
  TRY(check_line(circle.title, "the title", 1, name_bytes_max));
  TRY(check_line(circle.alias, "the alias", 0, alias_bytes_max));
  TRY(check_text(circle.description, "the description", description_bytes_max));
  TRY(check_line(circle.api_root, "the API root", 0, name_bytes_max));
  if (Uuid::parse(circle.alias)) return fail(ErrorCode::invalid, "an alias may not look like an id");
  for (const auto& type : circle.media_types) TRY(check_line(type, "the media type", 1, name_bytes_max));
  if (circle.members.size() > circle_members_max)
    return fail(ErrorCode::exhausted, "a circle has at most {} members", circle_members_max);
  if (circle.grants.size() > circle_grants_max)
    return fail(ErrorCode::exhausted, "a circle has at most {} grants", circle_grants_max);
  if (!std::ranges::is_sorted(circle.grants, {}, &Grant::account))
    return fail(ErrorCode::internal, "grants are not sorted");
  return {};
}

/// The row by which `organisation` calls the circle; nothing when the name is another circle's there already.
///   errors  conflict: it is the owner's
Result<std::optional<Write>> alias_write(store::Records& records,
                                         const Circle& circle,
                                         const OrganisationId& organisation) {
  const auto key = alias_key(organisation, circle);
  const auto taken = records.read(Table::circle, key);
  if (taken) {
    if (taken->value != circle.id.text() && organisation == circle.owner)
      return fail(ErrorCode::conflict, "another circle has the alias '{}'", circle.alias);
    return std::optional<Write>();
  }
  if (taken.error().code != ErrorCode::not_found) return fail(taken.error());
  return std::optional(Write{.table = Table::circle, .key = key, .value = circle.id.text(), .expected = 0});
}

Done drop_aliases(store::Records& records,
                  const Circle& before,
                  const std::set<OrganisationId>& stale,
                  std::vector<Write>& writes) {
  for (const auto& organisation : stale) {
    const auto key = alias_key(organisation, before);
    const auto row = records.read(Table::circle, key);
    if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
    if (row && row->value == before.id.text())
      writes.push_back(
          {.table = Table::circle, .key = key, .value = std::nullopt, .expected = row->revision});
  }
  return {};
}

std::set<OrganisationId> without(const std::set<OrganisationId>& all, const std::set<OrganisationId>& some) {
  std::set<OrganisationId> rest;
  std::ranges::set_difference(all, some, std::inserter(rest, rest.end()));
  return rest;
}

void write_label(JsonWriter& out, const LabelTemplate& label) {
  out.begin_object();
  out.member("unmarked", static_cast<int>(label.unmarked));
  out.member("at_least", static_cast<int>(label.at_least));
  out.member("pap", static_cast<int>(label.pap));
  const policy::Use uses[] = {
      label.use.notify_affected, label.use.attribute, label.use.resell, label.use.regulate};
  out.key("must_not");
  out.begin_array();
  for (const auto use : uses) out.value(use == policy::Use::must_not);
  out.end_array();
  out.member("scheme", label.classification.scheme);
  out.member("ordinal", label.classification.ordinal);
  out.key("compartments");
  out.begin_array();
  for (const auto& compartment : label.compartments) out.value(compartment.text());
  out.end_array();
  out.member("originator_control", label.originator_control);
  out.member("discoverable", label.discoverable);
  out.member("realm", label.realm.text());
  out.end_object();
}

template <typename T>
Result<T> number_in(Fields& fields, std::string_view name, std::int64_t greatest) {
  const auto number = TRY(fields.number(name));
  if (number < 0 || number > greatest)
    return fail(ErrorCode::invalid, "'{}' is outside 0..{}", name, greatest);
  return static_cast<T>(number);
}

Result<LabelTemplate> read_label(const Json& json) {
  auto fields = TRY(Fields::of(json, "label"));
  LabelTemplate label;
  label.unmarked = TRY(number_in<policy::Tlp>(fields, "unmarked", static_cast<int>(policy::Tlp::red)));
  label.at_least = TRY(number_in<policy::Tlp>(fields, "at_least", static_cast<int>(policy::Tlp::red)));
  label.pap = TRY(number_in<policy::Pap>(fields, "pap", static_cast<int>(policy::Pap::red)));
  policy::Use* const uses[] = {
      &label.use.notify_affected, &label.use.attribute, &label.use.resell, &label.use.regulate};
  const auto must_not = TRY(fields.elements("must_not"));
  if (must_not.size() != std::size(uses)) return fail(ErrorCode::invalid, "'must_not' has not four flags");
  for (std::size_t i = 0; i < std::size(uses); ++i)
    if (!must_not[i].is(model::JsonKind::boolean) || must_not[i].boolean()) *uses[i] = policy::Use::must_not;
  label.classification.scheme = TRY(number_in<std::uint16_t>(fields, "scheme", UINT16_MAX));
  label.classification.ordinal = TRY(number_in<std::uint8_t>(fields, "ordinal", UINT8_MAX));
  for (const auto& compartment : TRY(fields.texts("compartments")))
    label.compartments.push_back(TRY(CompartmentId::parse(compartment)));
  label.originator_control = TRY(fields.flag("originator_control", true));
  label.discoverable = TRY(fields.flag("discoverable", false));
  label.realm = TRY(fields.parsed<policy::Realm>("realm"));
  return label;
}

void write_member(JsonWriter& out, const Member& member) {
  out.begin_object();
  out.member("organisation", member.organisation.text());
  out.key("stays");
  out.begin_array();
  for (const auto& stay : member.stays) {
    out.value(stay.from);
    out.value(stay.to);
  }
  out.end_array();
  out.member("sightings", name_of(member.sightings));
  out.end_object();
}

Result<Member> read_member(const Json& json) {
  auto fields = TRY(Fields::of(json, "member"));
  Member member;
  member.organisation = TRY(fields.parsed<OrganisationId>("organisation"));
  std::vector<std::uint32_t> ends;
  for (const auto& end : TRY(fields.elements("stays"))) {
    const auto digits = end.is(model::JsonKind::number) ? end.number() : std::string_view();
    const auto [rest, status] =
        std::from_chars(digits.data(), digits.data() + digits.size(), ends.emplace_back());
    if (status != std::errc() || rest != digits.data() + digits.size())
      return fail(ErrorCode::invalid, "'stays' holds no versions");
  }
  if (ends.size() % 2 != 0) return fail(ErrorCode::invalid, "'stays' has an odd number of ends");
  for (std::size_t i = 0; i < ends.size(); i += 2) member.stays.push_back({ends[i], ends[i + 1]});
  const auto choice = TRY(fields.text("sightings"));
  member.sightings = TRY(sighting_choice_named(choice));
  return member;
}

Result<Grant> read_grant(const Json& json) {
  auto fields = TRY(Fields::of(json, "grant"));
  return Grant{.account = TRY(fields.parsed<AccountId>("account")),
               .can_read = TRY(fields.flag("can_read", false)),
               .can_write = TRY(fields.flag("can_write", false))};
}

}  // namespace

Result<Row<Circle>> read_circle(store::Records& records, const CircleId& id) {
  static Decoded<Circle> decoded;
  return decoded.read(records, Table::circle, circle_key(id), decode_circle, "circle");
}

Result<std::vector<CircleId>> circle_ids_of(store::Records& records, const OrganisationId& organisation) {
  std::vector<CircleId> ids;
  const auto prefix = in_key(organisation, "");
  for (std::string after;;) {
    const auto page = TRY(records.scan(Table::circle, prefix, after, scan_page));
    for (const auto& record : page) {
      const auto id = TRY(CircleId::parse(std::string_view(record.key).substr(prefix.size())));
      ids.push_back(id);
    }
    if (ids.size() > circles_max) return fail(ErrorCode::exhausted, "more than {} circles", circles_max);
    if (page.size() < static_cast<std::size_t>(scan_page)) return ids;
    after = page.back().key;
  }
}

Result<std::vector<Row<Circle>>> circles_of(store::Records& records, const OrganisationId& organisation) {
  std::vector<Row<Circle>> circles;
  for (const auto& id : TRY(circle_ids_of(records, organisation))) {
    auto row = TRY(read_circle(records, id));
    circles.push_back(std::move(row));
  }
  std::ranges::stable_sort(circles, {}, [](const auto& row) { return row.value.created; });
  return circles;
}

Result<Row<Circle>> circle_by_name(store::Records& records,
                                   const OrganisationId& organisation,
                                   std::string_view id_or_alias,
                                   std::string_view api_root) {
  auto id = CircleId::parse(id_or_alias);
  if (!id) {
    if (id_or_alias.empty() || id_or_alias.size() > alias_bytes_max)
      return fail(ErrorCode::not_found, "no such circle");
    auto prefix = alias_prefix(organisation, id_or_alias);
    if (!api_root.empty()) prefix += net::percent_encode(api_root);
    auto rows = TRY(records.scan(Table::circle, prefix, "", 2));
    if (!api_root.empty()) std::erase_if(rows, [&](const auto& row) { return row.key != prefix; });
    if (rows.empty()) return fail(ErrorCode::not_found, "no such circle");
    if (rows.size() > 1)
      return fail(
          ErrorCode::conflict, "several circles have the alias '{}'; give the id", excerpt(id_or_alias));
    id = CircleId::parse(rows.front().value);
    if (!id) return fail(ErrorCode::corrupt, "an alias of circles leads nowhere");
  }
  auto row = TRY(read_circle(records, *id));
  const bool known = row.value.owner == organisation || is_inside(row.value, organisation);
  if (!known || (!api_root.empty() && row.value.api_root != api_root))
    return fail(ErrorCode::not_found, "no such circle");
  return row;
}

Result<std::vector<Row<Circle>>> circles_shown(store::Records& records,
                                               const api::Caller& caller,
                                               std::string_view api_root) {
  auto circles = TRY(circles_of(records, caller.organisation));
  std::erase_if(circles, [&](const auto& row) {
    return row.value.api_root != api_root || !is_inside(row.value, caller.organisation);
  });
  return circles;
}

Result<std::vector<Write>> writes_of(store::Records& records,
                                     const Circle& circle,
                                     const Row<Circle>* before) {
  TRY(check(circle));
  std::vector<Write> writes = {{.table = Table::circle,
                                .key = circle_key(circle.id),
                                .value = encode(circle),
                                .expected = before == nullptr ? 0 : before->revision}};
  const auto known = before == nullptr ? std::set<OrganisationId>{} : concerned(before->value);
  for (const auto& organisation : without(concerned(circle), known))
    writes.push_back({.table = Table::circle,
                      .key = in_key(organisation, circle.id.text()),
                      .value = Bytes(),
                      .expected = {}});

  const bool renamed =
      before != nullptr && (before->value.alias != circle.alias || before->value.api_root != circle.api_root);
  const auto named_before =
      before == nullptr || before->value.alias.empty() ? std::set<OrganisationId>{} : callers(before->value);
  const auto named_now = circle.alias.empty() ? std::set<OrganisationId>{} : callers(circle);
  if (before != nullptr)
    TRY(drop_aliases(
        records, before->value, renamed ? named_before : without(named_before, named_now), writes));
  for (const auto& organisation : renamed ? named_now : without(named_now, named_before))
    if (auto write = TRY(alias_write(records, circle, organisation))) writes.push_back(std::move(*write));
  return writes;
}

Bytes encode(const Circle& circle) {
  JsonWriter out;
  out.begin_object();
  out.member("id", circle.id.text());
  out.member("owner", circle.owner.text());
  out.member("title", circle.title);
  out.member("alias", circle.alias);
  out.member("description", circle.description);
  out.member("api_root", circle.api_root);
  out.key("media_types");
  out.begin_array();
  for (const auto& type : circle.media_types) out.value(type);
  out.end_array();
  out.member("membership_version", circle.membership_version);
  out.key("members");
  out.begin_array();
  for (const auto& member : circle.members) write_member(out, member);
  out.end_array();
  out.member("members_read", circle.members_read);
  out.member("members_write", circle.members_write);
  out.key("grants");
  out.begin_array();
  for (const auto& grant : circle.grants) {
    out.begin_object();
    out.member("account", grant.account.text());
    out.member("can_read", grant.can_read);
    out.member("can_write", grant.can_write);
    out.end_object();
  }
  out.end_array();
  out.key("label");
  write_label(out, circle.label);
  out.member("second_person", circle.second_person);
  out.member("created", to_text(circle.created));
  out.end_object();
  return std::move(out).text();
}

Result<Circle> decode_circle(std::string_view row) {
  const auto document = TRY(model::JsonDocument::parse(std::string(row)));
  auto fields = TRY(Fields::of(document.root(), "circle"));
  Circle circle;
  circle.id = TRY(fields.parsed<CircleId>("id"));
  circle.owner = TRY(fields.parsed<OrganisationId>("owner"));
  circle.title = TRY(fields.text("title"));
  circle.alias = TRY(fields.text("alias"));
  circle.description = TRY(fields.text("description"));
  circle.api_root = TRY(fields.text("api_root"));
  circle.media_types = TRY(fields.texts("media_types"));
  circle.membership_version = TRY(number_in<std::uint32_t>(fields, "membership_version", UINT32_MAX));
  for (const auto& member : TRY(fields.elements("members")))
    circle.members.push_back(TRY(read_member(member)));
  circle.members_read = TRY(fields.flag("members_read", false));
  circle.members_write = TRY(fields.flag("members_write", false));
  for (const auto& grant : TRY(fields.elements("grants"))) circle.grants.push_back(TRY(read_grant(grant)));
  const auto label = fields.any("label");
  if (!label) return fail(ErrorCode::invalid, "circle: 'label' is missing");
  circle.label = TRY(read_label(*label));
  circle.second_person = TRY(fields.flag("second_person", true));
  circle.created = TRY(fields.optional_time("created")).value_or(Timestamp{});
  return circle;
}

}  // namespace shieldwall::ledger
