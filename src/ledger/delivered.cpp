#include "ledger/delivered.h"

#include <algorithm>

#include "api/shelf.h"
#include "base/text.h"
#include "ledger/circle.h"
#include "ledger/organisation.h"

namespace shieldwall::ledger {

namespace {

constexpr std::size_t word_bytes_max = 300;

/// One line that no name can break out of.
std::string line(std::string_view text) {
  return excerpt(text, word_bytes_max);
}

std::string named(const Uuid& id, const std::map<Uuid, std::string>& names) {
  const auto found = names.find(id);
  return found == names.end() || found->second.empty()
             ? id.text()
             : fmt::format("{} ({})", line(found->second), id.text());
}

Done learn_organisation(store::Records& records, const Uuid& id, std::map<Uuid, std::string>& names) {
  if (names.contains(id)) return {};
  const auto row = read_organisation(records, {id});
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  names.emplace(id, row ? row->value.name : std::string());
  return {};
}

Done learn_circle(store::Records& records, const Uuid& id, std::map<Uuid, std::string>& names) {
  if (names.contains(id)) return {};
  const auto row = read_circle(records, {id});
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  names.emplace(id, row ? row->value.title : std::string());
  return {};
}

Done learn_names(store::Records& records, DeliveredAnswer& answer) {
  for (const auto& delivery : answer.deliveries)
    TRY(learn_organisation(records, delivery.organisation.uuid, answer.names));
  for (const auto& [digest, label] : answer.labels)
    for (const auto& clause : label.audience) {
      TRY(learn_organisation(records, clause.owner.uuid, answer.names));
      if (const auto* circle = std::get_if<policy::CircleAudience>(&clause.inside))
        TRY(learn_circle(records, circle->circle.uuid, answer.names));
      if (const auto* alliance = std::get_if<policy::AllianceAudience>(&clause.inside))
        for (const auto& member : alliance->organisations)
          TRY(learn_organisation(records, member.uuid, answer.names));
    }
  return {};
}

bool owns(const policy::Label& label, const OrganisationId& organisation) {
  return !label.audience.empty() && std::ranges::all_of(label.audience, [&](const auto& clause) {
    return clause.owner == organisation;
  });
}

Result<std::map<Digest, policy::Label>> labels_in(store::Blobs& blobs,
                                                  const std::vector<Delivery>& deliveries) {
  std::map<Digest, policy::Label> labels;
  for (const auto& delivery : deliveries)
    for (const auto& version : delivery.versions) {
      if (labels.contains(version.label)) continue;
      const auto form = blobs.get(version.label);
      if (!form && form.error().code != ErrorCode::not_found) return fail(form.error());
      if (!form) continue;
      auto label = TRY(policy::decode_label(*form));
      labels.emplace(version.label, std::move(label));
    }
  return labels;
}

std::string_view version_text(const model::Version& version, std::string& kept) {
  const auto* at = std::get_if<Timestamp>(&version);
  kept = at != nullptr ? to_text_ms(*at) : "with content " + std::get<Digest>(version).hex();
  return kept;
}

std::string inside_words(const policy::Clause& clause, const std::map<Uuid, std::string>& names) {
  if (const auto* circle = std::get_if<policy::CircleAudience>(&clause.inside))
    return fmt::format(" for the members of circle {} at its version {}",
                       named(circle->circle.uuid, names),
                       circle->membership_version);
  const auto* alliance = std::get_if<policy::AllianceAudience>(&clause.inside);
  if (alliance == nullptr) return " for its owner alone";
  std::string words = " for";
  for (const auto& nation : alliance->nations) words += fmt::format(" {},", nation.text());
  for (const auto& member : alliance->organisations) words += fmt::format(" {},", named(member.uuid, names));
  return words + fmt::format(" as the roster stood at version {}", alliance->roster_version);
}

std::string entry_text(std::size_t number, const Delivery& delivery, const DeliveredAnswer& answer) {
  auto text = fmt::format("{}. To \"{}\" (account {}) of {}\n   by the door \"{}\", first at {}",
                          number,
                          line(delivery.name),
                          delivery.account.text(),
                          named(delivery.organisation.uuid, answer.names),
                          line(delivery.door),
                          to_text(delivery.first));
  if (delivery.times > 1)
    text += fmt::format(", {} times in all, last at {}", delivery.times, to_text(delivery.last));
  text += ".\n";
  std::string kept;
  for (const auto& version : delivery.versions) {
    if (version.id != answer.object) continue;
    const auto label = answer.labels.find(version.label);
    text += fmt::format("   Version {}, under {}.\n",
                        version_text(version.version, kept),
                        label == answer.labels.end()
                            ? fmt::format("a label that is not kept any more ({})", version.label.hex())
                            : words_of(label->second, answer.names));
  }
  if (delivery.logged) return text + fmt::format("   It is entry {} of the log.\n", delivery.logged->index);
  return text + "   It left before this node kept a log: nothing but this answer proves it.\n";
}

constexpr std::string_view limits =
    "\nWhat cannot be known here: what became of the object after it left by these doors, who read it or "
    "passed it "
    "on\n"
    "there, and what somebody learned of it in another way. That an account received it does not say that a "
    "person\n"
    "read it. The number of times may lack repeats of the last second before a crash. Reads in the console "
    "are\n"
    "noted for AMBER+STRICT and RED alone.\n";

}  // namespace

std::string words_of(const policy::Label& label, const std::map<Uuid, std::string>& names) {
  std::string words(policy::name_of(label.tlp));
  for (const auto& clause : label.audience)
    words += fmt::format(", of {}{}", named(clause.owner.uuid, names), inside_words(clause, names));
  if (label.persons) words += fmt::format(", for {} named persons alone", label.persons->size());
  if (!label.compartments.empty())
    words += fmt::format(", for who is in {} compartments", label.compartments.size());
  if (label.embargo != Timestamp::always()) words += ", not before " + to_text(label.embargo);
  if (label.end != Timestamp::never()) words += ", until " + to_text(label.end);
  if (label.originator_control) words += ", not to be passed on without the owner";
  if (!label.realm.is_nil()) words += ", in exercise " + label.realm.text();
  return words;
}

Result<DeliveredAnswer> delivered_answer(const api::Call& call,
                                         const model::ObjectId& object,
                                         const OrganisationId& home,
                                         const OrganisationId& organisation) {
  DeliveredAnswer answer{.object = object, .asked = call.now};
  if (auto* const log = call.services.shelf ? call.services.shelf->of<LogOnShelf>().log : nullptr) {
    TRY(log->publish());  // what was noted a moment ago counts as well
    answer.origin = log->origin();
    answer.log = log->published().value_or(Checkpoint{});
  }
  answer.deliveries = TRY(deliveries_of(records_of(call), object, deliveries_told_max));
  answer.labels = TRY(labels_in(call.services.store.blobs(), answer.deliveries));
  if (!organisation.is_nil())
    std::erase_if(answer.deliveries, [&](const Delivery& delivery) {
      return std::ranges::none_of(delivery.versions, [&](const auto& version) {
        const auto label = answer.labels.find(version.label);
        return version.id == object && label != answer.labels.end() && owns(label->second, organisation);
      });
    });
  TRY(learn_organisation(records_of(call), home.uuid, answer.names));
  TRY(learn_names(records_of(call), answer));
  answer.node = named(home.uuid, answer.names);
  return answer;
}

std::string text_of(const DeliveredAnswer& answer) {
  auto text = fmt::format("shieldwall delivered, v1\nObject {}\nAnswered at {} by the node of {}\n",
                          answer.object.text(),
                          to_text(answer.asked),
                          answer.node);
  if (!answer.origin.empty())
    text += fmt::format("Its log {} then had {} entries, with root {}\n",
                        answer.origin,
                        answer.log.size,
                        to_base64(answer.log.root.view()));
  text += answer.deliveries.empty()
              ? "\nNo door of this node is known to have given it to anybody.\n"
              : fmt::format("\nIt left this node {} times that are listed:\n", answer.deliveries.size());
  for (std::size_t i = 0; i < answer.deliveries.size(); ++i)
    text += entry_text(i + 1, answer.deliveries[i], answer);
  return text + std::string(limits);
}

}  // namespace shieldwall::ledger
